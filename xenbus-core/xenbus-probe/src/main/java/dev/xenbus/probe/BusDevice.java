package dev.xenbus.probe;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.KernelSymbol;
import java.util.List;
import java.util.function.Consumer;

/// One device of a bus. Mirrors `struct xenbus_device` and `drivers/xen/xenbus/xenbus_client.c`.
///
/// Fields that change are volatile: written by the thread that probes, removes or runs the device's
/// events, read by anyone.
public final class BusDevice implements XenbusDevice {
  private final XenbusBus bus;
  private final String deviceType;
  private final String nodePath;
  private final String busId;
  private final Domid guest;
  private final EventStatistics statistics = new EventStatistics();
  private final Completion down;
  private final DeviceFiles files;
  private final DeviceRings rings;
  private final DeviceBinding binding;
  private final StateSwitch stateSwitch;

  private volatile String otherEndPath = "";
  private volatile Domid otherEndDomid = Domid.DOM0;
  private volatile XenbusState state = XenbusState.INITIALISING;
  private volatile boolean vanished;

  /// Whether it is in its bus's list; guarded by the bus's list lock.
  private boolean listed = true;

  BusDevice(XenbusBus bus, String deviceType, String nodePath, XenbusType.Name name) {
    this.bus = bus;
    this.deviceType = deviceType;
    this.nodePath = nodePath;
    busId = name.name();
    guest = name.otherEnd();
    down = bus.kernel().cpu().completion("xenbus_frontend_dev_shutdown");
    files = new DeviceFiles(this);
    rings = new DeviceRings(this);
    binding = new DeviceBinding(this);
    stateSwitch = new StateSwitch(this);
  }

  XenbusBus bus() {
    return bus;
  }

  Kernel kernel() {
    return bus.kernel();
  }

  DeviceFiles files() {
    return files;
  }

  /// Returns its probe and remove.
  public DeviceBinding binding() {
    return binding;
  }

  /// Returns the guest whose thread stays for as long as the device is there; domain 0 for none.
  Domid guest() {
    return guest;
  }

  /// Returns whether it is in its bus's list; under the list's lock.
  boolean isListed() {
    return listed;
  }

  boolean leaveList() {
    boolean was = listed;
    listed = false;
    return was;
  }

  /// Returns whether its folder in the store is not its own any more; then it publishes nothing.
  boolean hasVanished() {
    return vanished;
  }

  void markVanished() {
    vanished = true;
  }

  void cacheState(XenbusState published) {
    state = published;
  }

  /// Returns what log lines about it begin with: the driver's name or the bus's, then its own.
  String logPrefix() {
    String who = binding.isBound() ? deviceType : bus.type().busName();
    return who + " " + busId + ": ";
  }

  @Override
  public String deviceType() {
    return deviceType;
  }

  @Override
  public String busId() {
    return busId;
  }

  @Override
  public String nodePath() {
    return nodePath;
  }

  @Override
  public String otherEndPath() {
    return otherEndPath;
  }

  @Override
  public Domid otherEndDomid() {
    return otherEndDomid;
  }

  @Override
  public XenbusState state() {
    return state;
  }

  @Override
  public Xenbus xenbus() {
    return bus.xs();
  }

  @Override
  public EventStatistics eventStatistics() {
    return statistics;
  }

  // --- the other end --------------------------------------------------------------------------

  /// Reads who the other end is (`read_otherend_details`). A failure also fails the device.
  ///
  /// @throws KernelException the store's errno; `EINVAL` if the domid is no number; `ENOENT` if the
  ///     other end's folder is missing
  void readOtherEndDetails() throws KernelException {
    try {
      long id = bus.xs().gatherNumber(nodePath, bus.type().idNode());
      String path = bus.xs().read(XenbusTransaction.NONE, nodePath, bus.type().pathNode());
      otherEndDomid = Domid.of((int) id & 0xFFFF);
      otherEndPath = path;
    } catch (XenstoreException e) {
      failDevice(e.errno(), "reading other end details from " + nodePath);
      throw new KernelException(e.errno(), nodePath, e);
    }
    if (otherEndPath.isEmpty() || !bus.xs().exists(XenbusTransaction.NONE, otherEndPath, "")) {
      failDevice(
          Errno.ENOENT,
          "unable to read other end from " + nodePath + ".  missing or inaccessible.");
      forgetOtherEnd();
      throw new KernelException(Errno.ENOENT, nodePath);
    }
  }

  /// Forgets where the other end is (`free_otherend_details`).
  void forgetOtherEnd() {
    otherEndPath = "";
  }

  @Override
  public XenbusState readOtherEndState() {
    return XenbusState.ofCode(readOtherEndCode());
  }

  /// Returns the number that the other end published, which need not be a state's; 0 if it cannot
  /// be read or this device has vanished.
  @KernelSymbol("xenbus_read_driver_state")
  public int readOtherEndCode() {
    return vanished ? XenbusState.UNKNOWN.code() : bus.xs().readDriverStateCode(otherEndPath);
  }

  /// Returns what the store says of its own state, UNKNOWN if it has vanished.
  XenbusState readOwnState() {
    return vanished ? XenbusState.UNKNOWN : bus.xs().readDriverState(nodePath);
  }

  @Override
  public boolean isOnline() {
    return bus.xs().readUnsigned(nodePath, "online", 0) != 0;
  }

  // --- states and errors ----------------------------------------------------------------------

  @Override
  @KernelSymbol("xenbus_switch_state")
  public void switchState(XenbusState newState) {
    stateSwitch.to(newState);
  }

  @Override
  @KernelSymbol("xenbus_dev_error")
  public void reportError(Errno errno, String message) {
    report(errno.number(), message);
  }

  private void report(int number, String message) {
    String text = number + " " + message;
    kernel().printk().error(logPrefix() + text);
    try {
      bus.xs().write(XenbusTransaction.NONE, "error/" + nodePath, "error", text);
    } catch (XenstoreException _) {
      // As the kernel: it is in the log, and there is nobody else to tell.
    }
  }

  @Override
  @KernelSymbol("xenbus_dev_fatal")
  public void failDevice(Errno errno, String message) {
    reportError(errno, message);
    switchState(XenbusState.CLOSING);
  }

  /// Fails the device with a status that is no errno, such as that of a grant.
  ///
  /// @param status negative
  @KernelSymbol("xenbus_dev_fatal")
  void failDeviceWithStatus(int status, String message) {
    report(-status, message);
    switchState(XenbusState.CLOSING);
  }

  @Override
  @KernelSymbol("xenbus_frontend_closed")
  public void frontendClosed() {
    switchState(XenbusState.CLOSED);
    down.complete();
  }

  /// Returns what [#frontendClosed] completes. Never set back, as in the kernel: a device that has
  /// closed once is not waited for again.
  public Completion down() {
    return down;
  }

  // --- watches, rings, channels ---------------------------------------------------------------

  @Override
  public XenbusWatch watch(String path, Xenbus.WatchCallback callback) throws KernelException {
    return watch(path, WatchOptions.DEFAULT.willHandle(), callback);
  }

  @Override
  public XenbusWatch watch(
      String path, WatchOptions.WillHandle filter, Xenbus.WatchCallback callback)
      throws KernelException {
    return binding.remember(watchAsDevice(path, filter, callback));
  }

  /// Watches a path; its callback runs where the driver's mtwatch flag says.
  XenbusWatch watchAsDevice(
      String path, WatchOptions.WillHandle filter, Xenbus.WatchCallback callback)
      throws KernelException {
    Domid owner = binding.routesEvents() ? otherEndDomid : Domid.DOM0;
    WatchOptions options = new WatchOptions(filter, new WatchOptions.OwnedBy(owner));
    try {
      return bus.xs().watch(path, options, callback);
    } catch (XenstoreException e) {
      failDevice(e.errno(), "adding watch on " + path);
      throw new KernelException(e.errno(), "watch " + path, e);
    }
  }

  @Override
  public GrantedRing setupRing(int pages) throws KernelException {
    return rings.setup(pages);
  }

  @Override
  public MappedRing mapRing(List<Integer> refs) throws KernelException {
    return rings.map(refs);
  }

  @Override
  public EventChannel allocateEventChannel(String name, Consumer<EventChannel> handler)
      throws KernelException {
    try {
      return kernel().events().allocateUnboundLateEoi(otherEndDomid, name, handler);
    } catch (KernelException e) {
      failDevice(e.errno(), "allocating event channel");
      throw e;
    }
  }

  // --- removal --------------------------------------------------------------------------------

  @Override
  @KernelSymbol("device_unregister")
  public void unregister() {
    if (bus.unlist(this)) {
      binding.unregister();
    }
  }

  @Override
  public void addAttribute(String name, KernelFiles.KernelFile file) {
    files.addDriverFile(name, file);
  }

  @Override
  public String toString() {
    return busId;
  }
}

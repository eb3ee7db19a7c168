package dev.xenbus.probe;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DeviceFact;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.Trace;
import dev.xenbus.xs.XenbusXs;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A device's driver: how it comes and how it goes. Mirrors `xenbus_dev_probe`,
/// `xenbus_dev_remove`, and of the driver core `device_attach` and `device_del`.
///
/// Locks: `device_lock` around probe and remove; inside of it `reclaim_sem` around the driver's own
/// methods.
///
/// A thread that runs watch callbacks never waits for `device_lock`, since its holder may wait for
/// a callback to end. It leaves its wish behind, and whoever holds the lock carries it out once he
/// has done his own work: the device is unregistered, and its folder looked at again.
public final class DeviceBinding {
  private final BusDevice device;
  private final Kernel kernel;
  private final DriverWatches driverWatches;
  private final BinarySemaphore reclaimSem;
  private final Mutex deviceLock;

  /// Whether the device is counted for its guest's thread; also after a failed probe.
  @GuardedBy("deviceLock")
  private boolean counted;

  @GuardedBy("deviceLock")
  private @Nullable XenbusWatch otherEndWatch;

  private volatile boolean unregisterWanted;
  private volatile boolean lookAgainWanted;
  private volatile boolean gone;
  private volatile @Nullable BusDriver driver;
  private volatile BusDriver.@Nullable Instance instance;

  DeviceBinding(BusDevice device) {
    this.device = device;
    kernel = device.kernel();
    driverWatches = new DriverWatches(kernel);
    reclaimSem = new BinarySemaphore(kernel, "reclaim_sem");
    deviceLock = kernel.cpu().mutex(LockClass.of("device_lock"));
  }

  /// Returns whether its driver is being probed, as far as the caller can know: the prober can.
  boolean isProbing() {
    return instance == null;
  }

  /// Returns whether it has a driver, or is being probed by one.
  public boolean isBound() {
    return driver != null;
  }

  /// Returns its driver, if it is bound.
  public Optional<BusDriver> driver() {
    return Optional.ofNullable(driver);
  }

  /// Returns what its driver made of it, if it is bound.
  public Optional<BusDriver.Instance> instance() {
    return Optional.ofNullable(instance);
  }

  List<String> ueventVariables() {
    return instance instanceof BusDriver.BackendInstance backend ? backend.uevent() : List.of();
  }

  /// Returns whether events of the device run in its guest's thread.
  boolean routesEvents() {
    BusDriver bound = driver;
    return bound != null && routesEvents(bound);
  }

  private boolean routesEvents(BusDriver bound) {
    return device.bus().type().isBackend()
        && device.bus().xs().routesEventsOf(bound.supportsMtwatch());
  }

  /// Keeps a watch of the driver, to close it if the driver forgets to.
  XenbusWatch remember(XenbusWatch watch) {
    return driverWatches.add(watch);
  }

  // --- coming ---------------------------------------------------------------------------------

  /// Offers the device to the driver of its type, if there is one and the device has none
  /// (`device_attach`).
  void attach() {
    if (!enter()) {
      return; // somebody else is about it
    }
    try {
      Optional<BusDriver> candidate = device.bus().driverOf(device.deviceType());
      if (candidate.isPresent() && !gone && !unregisterWanted && instance == null) {
        count(candidate.get());
        probe(candidate.get());
      }
    } finally {
      deviceLock.unlock();
    }
    endIfWanted();
  }

  @GuardedBy("deviceLock")
  private void count(BusDriver candidate) {
    if (!counted && routesEvents(candidate)) {
      counted = true;
      device.bus().xs().deviceAdded(device.guest());
      tell("device_counted", true);
    }
  }

  @GuardedBy("deviceLock")
  private void uncount() {
    if (counted) {
      counted = false;
      tell("device_uncounted", true);
      device.bus().xs().deviceRemoved(device.guest());
    }
  }

  private void tell(String point, boolean routed) {
    Trace trace = kernel.cpu().machine().trace();
    if (trace.isHeard()) {
      DeviceFact fact =
          new DeviceFact(
              kernel.domid(),
              device.bus().type().isBackend(),
              routed,
              device.deviceType(),
              device.guest(),
              device.nodePath());
      trace.emit(point, device.guest().value(), 0, fact);
    }
  }

  /// Probes the device with a driver that an administrator names (`device_driver_attach`).
  ///
  /// @throws KernelException `EBUSY` if it has a driver, `ENODEV` if it is going, else what the
  ///     probe says
  void bind(BusDriver candidate) throws KernelException {
    Optional<Errno> failure;
    deviceLock.lock();
    try {
      if (gone || unregisterWanted) {
        throw new KernelException(Errno.ENODEV, device.busId() + " is going");
      }
      if (instance != null) {
        throw new KernelException(Errno.EBUSY, device.busId() + " has a driver");
      }
      count(candidate);
      failure = probe(candidate);
    } finally {
      deviceLock.unlock();
    }
    endIfWanted();
    if (failure.isPresent()) {
      throw new KernelException(failure.get(), "probe of " + device.busId() + " failed");
    }
  }

  /// @return what went wrong, if anything
  @KernelSymbol("xenbus_dev_probe")
  @GuardedBy("deviceLock")
  private Optional<Errno> probe(BusDriver candidate) {
    driver = candidate;
    try {
      device.readOtherEndDetails();
    } catch (KernelException e) {
      kernel.printk().warn("xenbus_probe: talk_to_otherend on " + device.nodePath() + " failed.");
      driver = null;
      return Optional.of(e.errno());
    }
    if (!kernel.modules().tryGet(candidate.driver().name())) {
      return Optional.of(moduleIsGoing(candidate));
    }
    tell("device_probe", routesEvents(candidate));
    kernel.stallPoint("probe", device.deviceType());
    try {
      instance = probeDriver(candidate);
      watchOtherEnd();
    } catch (KernelException e) {
      abandon(e.errno());
      return Optional.of(e.errno());
    }
    device.files().addGroup();
    return Optional.empty();
  }

  /// The driver's module is being unloaded.
  @GuardedBy("deviceLock")
  private Errno moduleIsGoing(BusDriver candidate) {
    kernel
        .printk()
        .warn(
            "%sfailed to acquire module reference on '%s'"
                .formatted(device.logPrefix(), candidate.driver().deviceType()));
    device.reportError(Errno.ESRCH, "xenbus_dev_probe on " + device.nodePath());
    driver = null;
    return Errno.ESRCH;
  }

  @GuardedBy("deviceLock")
  private BusDriver.Instance probeDriver(BusDriver candidate) throws KernelException {
    DriverContext context =
        new DriverContext(kernel, device.bus().xs(), device.bus().parametersOf(candidate.driver()));
    reclaimSem.down();
    try {
      return candidate.probe(device, context);
    } catch (RuntimeException e) {
      kernel.printk().error(device.logPrefix() + "probe threw " + e);
      throw new KernelException(Errno.EINVAL, "probe threw " + e, e);
    } finally {
      reclaimSem.up();
    }
  }

  @GuardedBy("deviceLock")
  private void watchOtherEnd() throws KernelException {
    otherEndWatch =
        device.watchAsDevice(
            device.otherEndPath() + "/state",
            device.bus().type().otherEndFilter(),
            this::otherEndChanged);
  }

  @GuardedBy("deviceLock")
  private void putModule() {
    BusDriver bound = driver;
    if (bound != null) {
      kernel.modules().put(bound.driver().name());
    }
  }

  /// A failed probe leaves the device registered, without a driver, in whatever state it is.
  @GuardedBy("deviceLock")
  private void abandon(Errno errno) {
    removeDriver();
    putModule();
    device.reportError(errno, "xenbus_dev_probe on " + device.nodePath());
    driver = null;
  }

  // --- events ---------------------------------------------------------------------------------

  /// The other end's state node changed. Carries no kernel symbol: the published stack of a stall
  /// shows the driver's `frontend_changed` right above `xenwatch_thread`. Mirrors
  /// `xenbus_otherend_changed`.
  private void otherEndChanged(String path) {
    String otherEnd = device.otherEndPath();
    if (otherEnd.isEmpty() || !path.startsWith(otherEnd)) {
      return;
    }
    int code = device.readOtherEndCode();
    XenbusState state = XenbusState.ofCode(code);
    if (kernel.systemState() == Kernel.SystemState.HALTING) {
      if (!device.bus().type().isBackend() && state == XenbusState.CLOSING) {
        device.frontendClosed();
      }
      return;
    }
    BusDriver.Instance bound = instance;
    if (bound != null) {
      bound.otherEndChanged(state, code);
    }
  }

  /// Lets the driver give memory back, unless it is being probed or removed.
  public void reclaimMemory() {
    if (!reclaimSem.tryDown()) {
      return;
    }
    try {
      if (instance instanceof BusDriver.BackendInstance backend) {
        backend.instance().reclaimMemory();
      }
    } finally {
      reclaimSem.up();
    }
  }

  // --- going ----------------------------------------------------------------------------------

  /// Takes a driver away that an administrator names; the device stays (`device_driver_detach`).
  ///
  /// @throws KernelException `ENODEV` if that is not its driver
  void unbind(BusDriver named) throws KernelException {
    if (!named.equals(driver)) {
      throw new KernelException(Errno.ENODEV, device.busId() + " is not bound to it");
    }
    detach();
  }

  /// Takes the driver away; the device stays (`device_release_driver`).
  void detach() {
    deviceLock.lock();
    try {
      remove();
      uncount();
    } finally {
      deviceLock.unlock();
    }
    endIfWanted();
  }

  /// Takes the driver away and ends the device; called once.
  void unregister() {
    unregisterWanted = true;
    if (isHeldByCaller() || !enter()) {
      lookAgainWanted = true;
      endIfWanted();
      return;
    }
    try {
      if (!gone) {
        end();
      }
    } finally {
      deviceLock.unlock();
    }
  }

  private boolean isHeldByCaller() {
    Optional<Task> caller = Task.currentIfAny();
    return caller.isPresent() && deviceLock.owner().equals(caller);
  }

  /// Takes the lock, unless the caller runs callbacks and somebody else has it.
  private boolean enter() {
    if (XenbusXs.isWatchThread() && !kernel.hasBug(KnownBug.UNREGISTER_DEADLOCK)) {
      return deviceLock.tryLock();
    }
    deviceLock.lock();
    return true;
  }

  /// Carries out an unregistration that was left behind; called by everybody who has just dropped
  /// the lock.
  private void endIfWanted() {
    while (unregisterWanted && !gone) {
      if (!deviceLock.tryLock()) {
        return;
      }
      try {
        if (!gone) {
          end();
        }
      } finally {
        deviceLock.unlock();
      }
      if (lookAgainWanted) {
        // Who left the wish may have had a new device to make in the place of this one.
        device.bus().changed(device.nodePath());
      }
    }
  }

  @KernelSymbol("device_del")
  @GuardedBy("deviceLock")
  private void end() {
    remove();
    uncount();
    device.files().remove();
    gone = true;
    device.bus().forget(device);
  }

  @KernelSymbol("xenbus_dev_remove")
  @GuardedBy("deviceLock")
  private void remove() {
    BusDriver bound = driver;
    if (bound == null || instance == null) {
      return;
    }
    device.files().removeGroup();
    removeDriver();
    putModule();
    device.forgetOtherEnd();
    if (!bound.allowsRebind() || device.readOwnState() == XenbusState.CLOSING) {
      device.switchState(XenbusState.CLOSED);
    }
    driver = null;
  }

  /// Stops the events, then lets the driver clean up.
  @GuardedBy("deviceLock")
  private void removeDriver() {
    tell("device_remove", counted);
    XenbusWatch watch = otherEndWatch;
    otherEndWatch = null;
    if (watch != null) {
      watch.close();
    }
    BusDriver.Instance bound = instance;
    if (bound != null) {
      reclaimSem.down();
      try {
        bound.remove();
      } catch (RuntimeException e) {
        kernel.printk().error(device.logPrefix() + "remove threw " + e);
      } finally {
        reclaimSem.up();
      }
    }
    instance = null;
    driverWatches.closeAll();
    device.files().removeDriverFiles();
    tell("device_unbound", counted);
  }

  /// Runs the bus's part of a system shutdown, unless the device is gone by then
  /// (`device_shutdown`): nobody probes or removes it meanwhile. Not in a thread that runs
  /// callbacks.
  public void shutdown(Runnable body) {
    deviceLock.lock();
    try {
      if (!gone) {
        body.run();
      }
    } finally {
      deviceLock.unlock();
    }
    endIfWanted();
  }

  // --- suspend of frontends -------------------------------------------------------------------

  /// The guest is about to be suspended (`xenbus_dev_freeze`).
  public void freeze() {
    if (!enter()) {
      return; // it is being probed or removed
    }
    try {
      if (instance instanceof BusDriver.FrontendInstance frontend) {
        frontend.instance().suspend();
      }
    } catch (RuntimeException e) {
      kernel.printk().warn(device.logPrefix() + "freeze failed: " + e);
    } finally {
      deviceLock.unlock();
    }
    endIfWanted();
  }

  /// The guest runs again, perhaps on another host: reads the other end anew and lets the driver
  /// connect (`xenbus_dev_restore`).
  ///
  /// @throws KernelException if it cannot; the log says so
  public void restore() throws KernelException {
    try {
      restoreDriver();
    } catch (KernelException e) {
      kernel.printk().warn(device.logPrefix() + "restore failed: " + e.getMessage());
      throw e;
    } finally {
      endIfWanted();
    }
  }

  private void restoreDriver() throws KernelException {
    if (!enter()) {
      return; // it is being probed or removed
    }
    try {
      if (!(instance instanceof BusDriver.FrontendInstance frontend)) {
        return;
      }
      XenbusWatch watch = otherEndWatch;
      otherEndWatch = null;
      if (watch != null) {
        watch.close();
      }
      device.readOtherEndDetails();
      device.cacheState(XenbusState.INITIALISING);
      frontend.instance().resume();
      watchOtherEnd();
    } finally {
      deviceLock.unlock();
    }
  }
}

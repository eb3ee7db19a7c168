package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.GrantException;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/// One end of a device, with the bus that drives its driver. Its watch on the other end coalesces
/// nothing: each change is an event, and the state is read when it is handled.
public final class FakeDevice implements XenbusDevice {
  /// What a bus tells a driver, whichever kind it is.
  public interface Driver {
    /// Called when the other end may have changed.
    ///
    /// @param code the number that was read
    void otherEndChanged(XenbusState state, int code);

    /// Called when the device goes.
    void remove();
  }

  private final FakeKernel kernel;
  private final FakeXenbus xenbus;
  private final String node;
  private final String otherEnd;
  private final int otherDomid;
  private final EventStatistics statistics = new EventStatistics();
  private final ConcurrentSkipListMap<String, KernelFile> attributes =
      new ConcurrentSkipListMap<>();
  private final List<String> errors = new ArrayList<>();
  private volatile XenbusState state = XenbusState.INITIALISING;
  private volatile boolean isSuspended;
  private volatile List<Driver> driver = List.of();
  private List<XenbusWatch> watch = List.of();

  /// Makes a device whose folders are in the store.
  ///
  /// @param node relative, such as `backend/vbd/1/51712`
  /// @param otherEnd absolute
  public FakeDevice(FakeKernel kernel, String node, String otherEnd, int otherDomid) {
    this.kernel = kernel;
    this.xenbus = new FakeXenbus(kernel);
    this.node = node;
    this.otherEnd = otherEnd;
    this.otherDomid = otherDomid;
  }

  /// Gives the device to a driver that has probed it.
  public void bind(Driver instance) {
    driver = List.of(instance);
    watch =
        List.of(
            xenbus.watch(
                otherEnd + "/state",
                _ -> {
                  for (Driver bound : isSuspended ? List.<Driver>of() : driver) {
                    tell(bound);
                  }
                }));
  }

  private void tell(Driver bound) {
    int code = xenbus.readDriverStateCode(otherEnd);
    bound.otherEndChanged(XenbusState.ofCode(code), code);
  }

  /// Returns the errors reported so far.
  public List<String> errors() {
    synchronized (errors) {
      return List.copyOf(errors);
    }
  }

  /// Returns an attribute's content.
  public String attribute(String name) throws KernelException {
    KernelFile file = attributes.get(name);
    if (file == null) {
      throw new KernelException(Errno.ENOENT, name);
    }
    return file.read();
  }

  /// Returns whether a driver has it.
  public boolean isBound() {
    return !driver.isEmpty();
  }

  /// Keeps events from the driver, as while a guest is suspended.
  public void suspend() {
    isSuspended = true;
  }

  /// Resumes the driver as the bus does: it forgets what it published, the driver connects anew,
  /// and then events come again, beginning with one.
  public void resume(Runnable driverResume) {
    state = XenbusState.INITIALISING;
    driverResume.run();
    isSuspended = false;
    driver.forEach(this::tell);
  }

  @Override
  public String deviceType() {
    return "vbd";
  }

  @Override
  public String busId() {
    return node.replace("backend/", "").replace("device/", "").replace('/', '-');
  }

  @Override
  public String nodePath() {
    return node;
  }

  @Override
  public String otherEndPath() {
    return otherEnd;
  }

  @Override
  public Domid otherEndDomid() {
    return new Domid(otherDomid);
  }

  @Override
  public XenbusState state() {
    return state;
  }

  @Override
  public Xenbus xenbus() {
    return xenbus;
  }

  @Override
  public void switchState(XenbusState next) {
    if (next == state) {
      return;
    }
    state = next;
    if (xenbus.exists(XenbusTransaction.NONE, node, "state")) {
      xenbus.write(XenbusTransaction.NONE, node, "state", Integer.toString(next.code()));
    }
  }

  @Override
  public void reportError(Errno errno, String message) {
    report(errno.number(), message);
  }

  private void report(int number, String message) {
    synchronized (errors) {
      errors.add(number + " " + message);
    }
  }

  private void fail(int number, String message) {
    report(number, message);
    switchState(XenbusState.CLOSING);
  }

  @Override
  public void failDevice(Errno errno, String message) {
    fail(errno.number(), message);
  }

  @Override
  public XenbusState readOtherEndState() {
    return xenbus.readDriverState(otherEnd);
  }

  @Override
  public boolean isOnline() {
    return xenbus.readUnsigned(node, "online", 0) != 0;
  }

  @Override
  public void frontendClosed() {
    switchState(XenbusState.CLOSED);
  }

  @Override
  public XenbusWatch watch(String path, Xenbus.WatchCallback callback) {
    return xenbus.watch(path, callback);
  }

  @Override
  public XenbusWatch watch(
      String path, WatchOptions.WillHandle filter, Xenbus.WatchCallback callback) {
    return xenbus.watch(path, callback);
  }

  @Override
  public GrantedRing setupRing(int pages) throws KernelException {
    List<Page> made = new ArrayList<>();
    List<Integer> refs = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      Page page = kernel.pages().allocate();
      made.add(page);
      refs.add(kernel.grants().grantAccess(otherEndDomid(), page, false));
    }
    return new Granted(made, refs);
  }

  @Override
  public MappedRing mapRing(List<Integer> refs) throws KernelException {
    List<MappedGrant> mapped = new ArrayList<>();
    for (int ref : refs) {
      try {
        mapped.add(kernel.grants().map(otherEndDomid(), ref, false));
      } catch (GrantException e) {
        mapped.forEach(MappedGrant::close);
        fail(-e.status(), "mapping in shared page " + ref);
        throw e;
      }
    }
    return new Mapped(mapped);
  }

  @Override
  public EventChannel allocateEventChannel(String name, Consumer<EventChannel> handler)
      throws KernelException {
    return kernel.events().allocateUnboundLateEoi(otherEndDomid(), name, handler);
  }

  @Override
  public EventStatistics eventStatistics() {
    return statistics;
  }

  @Override
  public void unregister() {
    if (driver.isEmpty()) {
      return;
    }
    watch.forEach(XenbusWatch::close);
    List<Driver> bound = driver;
    driver = List.of();
    bound.forEach(Driver::remove);
    attributes.clear();
  }

  @Override
  public void addAttribute(String name, KernelFile file) {
    attributes.put(name, file);
  }

  private final class Granted implements GrantedRing {
    private final List<Page> pages;
    private final List<Integer> refs;
    private boolean closed;

    Granted(List<Page> pages, List<Integer> refs) {
      this.pages = pages;
      this.refs = refs;
    }

    @Override
    public List<Page> pages() {
      return pages;
    }

    @Override
    public List<Integer> refs() {
      return refs;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        for (int i = 0; i < refs.size(); i++) {
          kernel.grants().endAccess(refs.get(i), pages.get(i));
        }
      }
    }
  }

  /// A mapped ring.
  private static final class Mapped implements MappedRing {
    private final List<MappedGrant> pages;

    Mapped(List<MappedGrant> pages) {
      this.pages = pages;
    }

    @Override
    public List<MappedGrant> pages() {
      return pages;
    }

    @Override
    public void close() {
      pages.forEach(MappedGrant::close);
    }
  }
}

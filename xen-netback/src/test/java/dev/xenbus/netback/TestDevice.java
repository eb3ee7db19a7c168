package dev.xenbus.netback;

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
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One end of a split device, without its bus.
final class TestDevice implements XenbusDevice {
  /// What a bus does with a driver's instance.
  interface Instance {
    void otherEndChanged(XenbusState state, int code);

    void remove();

    default void resume() throws KernelException {}
  }

  private final Kernel kernel;
  private final TestXenbus xenbus;
  private final String busId;
  private final String nodePath;
  private final String otherEndPath;
  private final Domid otherEnd;
  private final EventStatistics statistics = new EventStatistics();
  private final List<String> errors = new ArrayList<>();
  private XenbusState state = XenbusState.INITIALISING;
  private @Nullable Instance instance;
  private @Nullable XenbusWatch otherEndWatch;
  private boolean leavesState;
  private volatile boolean isVanished;

  TestDevice(TestHost host, String busId, String nodePath, String otherEndPath, Domid otherEnd) {
    this.kernel = host.kernel();
    this.xenbus = host.xenbus();
    this.busId = busId;
    this.nodePath = nodePath;
    this.otherEndPath = otherEndPath;
    this.otherEnd = otherEnd;
  }

  /// Binds an instance and watches the other end.
  void bind(Instance bound, boolean isBackend) {
    instance = bound;
    leavesState = isBackend;
    WatchOptions options =
        isBackend ? WatchOptions.DEFAULT.with(WatchOptions.ONE_PENDING) : WatchOptions.DEFAULT;
    otherEndWatch =
        xenbus.watch(
            otherEndPath + "/state",
            options,
            _ -> {
              int code = xenbus.readDriverStateCode(otherEndPath);
              bound.otherEndChanged(XenbusState.ofCode(code), code);
            });
  }

  /// What the bus does after the guest was moved: the state starts afresh.
  void resume() {
    Instance bound = instance;
    state = XenbusState.INITIALISING;
    try {
      if (bound != null) {
        bound.resume();
      }
    } catch (KernelException e) {
      throw new AssertionError(e);
    }
  }

  /// Another device has taken its folder: it sees nothing of the other end any more.
  void vanish() {
    isVanished = true;
  }

  List<String> errors() {
    return errors;
  }

  boolean isBound() {
    return instance != null;
  }

  @Override
  public String deviceType() {
    return "vif";
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
    return otherEnd;
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
    if (next != state) {
      state = next;
      if (xenbus.exists(XenbusTransaction.NONE, nodePath, "state")) {
        xenbus.write(XenbusTransaction.NONE, nodePath, "state", Integer.toString(next.code()));
      }
    }
  }

  @Override
  public void reportError(Errno errno, String message) {
    errors.add(errno.number() + " " + message);
  }

  @Override
  public void failDevice(Errno errno, String message) {
    fail(errno.number(), message);
  }

  private void fail(int number, String message) {
    errors.add(number + " " + message);
    switchState(XenbusState.CLOSING);
  }

  @Override
  public XenbusState readOtherEndState() {
    return isVanished ? XenbusState.UNKNOWN : xenbus.readDriverState(otherEndPath);
  }

  @Override
  public boolean isOnline() {
    return xenbus.readUnsigned(nodePath, "online", 0) != 0;
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
    return xenbus.watch(path, WatchOptions.DEFAULT.with(filter), callback);
  }

  @Override
  public GrantedRing setupRing(int pages) throws KernelException {
    List<Page> made = new ArrayList<>();
    List<Integer> refs = new ArrayList<>();
    for (int index = 0; index < pages; index++) {
      Page page = kernel.pages().allocate();
      made.add(page);
      refs.add(kernel.grants().grantAccess(otherEnd, page, false));
    }
    return new GrantedRing() {
      private boolean isClosed;

      @Override
      public List<Page> pages() {
        return made;
      }

      @Override
      public List<Integer> refs() {
        return refs;
      }

      @Override
      public void close() {
        for (int index = 0; index < pages && !isClosed; index++) {
          kernel.grants().endAccess(refs.get(index), made.get(index));
        }
        isClosed = true;
      }
    };
  }

  @Override
  public MappedRing mapRing(List<Integer> refs) throws KernelException {
    List<MappedGrant> mapped = new ArrayList<>();
    for (int ref : refs) {
      try {
        mapped.add(kernel.grants().map(otherEnd, ref, false));
      } catch (GrantException e) {
        mapped.forEach(MappedGrant::close);
        fail(-e.status(), "mapping in shared page " + ref);
        throw e;
      }
    }
    return new MappedRing() {
      @Override
      public List<MappedGrant> pages() {
        return mapped;
      }

      @Override
      public void close() {
        mapped.forEach(MappedGrant::close);
      }
    };
  }

  @Override
  public EventChannel allocateEventChannel(String name, Consumer<EventChannel> handler)
      throws KernelException {
    return kernel.events().allocateUnboundLateEoi(otherEnd, name, handler);
  }

  @Override
  public EventStatistics eventStatistics() {
    return statistics;
  }

  @Override
  public void unregister() {
    Instance bound = instance;
    XenbusWatch watch = otherEndWatch;
    instance = null;
    if (watch != null) {
      watch.close();
    }
    if (bound != null) {
      bound.remove();
      boolean isClosing = xenbus.readDriverState(nodePath) == XenbusState.CLOSING;
      if (!leavesState || isClosing) {
        switchState(XenbusState.CLOSED);
      }
    }
  }

  @Override
  public void addAttribute(String name, KernelFiles.KernelFile file) {
    throw new UnsupportedOperationException(name);
  }
}

package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayDeque;
import java.util.List;

/// One kernel's way to the store, with one thread for all watches.
final class TestXenbus implements Xenbus {
  private final TestStore store;
  private final String home;
  private final WaitQueue wait;
  private final ArrayDeque<Runnable> events = new ArrayDeque<>();
  private final Task xenwatch;

  TestXenbus(Cpu cpu, TestStore store, int domid) throws NoThread {
    this.store = store;
    this.home = "/local/domain/" + domid;
    this.wait = cpu.waitQueue("xenwatch_thread");
    this.xenwatch = cpu.kthread("xenwatch", this::watchThread);
    xenwatch.wake();
  }

  @KernelSymbol("xenwatch_thread")
  private int watchThread(Task self) {
    while (true) {
      wait.await(Task.State.S, WaitQueue.FOREVER, () -> self.shouldStop() || !events.isEmpty());
      Runnable event = events.poll();
      if (event == null) {
        return 0;
      }
      event.run();
    }
  }

  Task xenwatch() {
    return xenwatch;
  }

  /// Runs something in the watch thread, behind what waits there.
  void post(Runnable event) {
    events.add(event);
    wait.wakeAll();
  }

  String absolute(String path) {
    return path.startsWith("/") || path.startsWith("@") ? path : home + "/" + path;
  }

  private String absolute(String dir, String node) {
    return absolute(node.isEmpty() ? dir : dir + "/" + node);
  }

  @Override
  public List<String> directory(XenbusTransaction tx, String dir, String node)
      throws XenstoreException {
    Task.point("store");
    return store.list(absolute(dir, node));
  }

  @Override
  public boolean exists(XenbusTransaction tx, String dir, String node) {
    Task.point("store");
    return store.exists(absolute(dir, node));
  }

  @Override
  public String read(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    Task.point("store");
    return store.read(absolute(dir, node));
  }

  @Override
  public void write(XenbusTransaction tx, String dir, String node, String value) {
    Task.point("store");
    store.write(absolute(dir, node), value);
  }

  @Override
  public void remove(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    Task.point("store");
    store.remove(absolute(dir, node));
  }

  @Override
  public long readUnsigned(String dir, String node, long fallback) {
    try {
      long value = readNumber(XenbusTransaction.NONE, dir, node);
      return value < 0 ? fallback : value;
    } catch (XenstoreException _) {
      return fallback;
    }
  }

  @Override
  public long readNumber(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    String text = read(tx, dir, node);
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException _) {
      throw new XenstoreException(Errno.ERANGE, "READ " + node);
    }
  }

  @Override
  public XenbusState readDriverState(String path) {
    return XenbusState.ofCode(readDriverStateCode(path));
  }

  int readDriverStateCode(String path) {
    return (int) readUnsigned(path, "state", 0);
  }

  @Override
  public <T> T transaction(TransactionBody<T> body) throws XenstoreException {
    return body.run(new XenbusTransaction(1));
  }

  @Override
  public XenbusWatch watch(String path, WatchCallback callback) {
    return watch(path, WatchOptions.DEFAULT, callback);
  }

  @Override
  public XenbusWatch watch(String path, WatchOptions options, WatchCallback callback) {
    TestWatch watch = new TestWatch(path, options, callback);
    store.watch(watch.registered);
    return watch;
  }

  private final class TestWatch implements XenbusWatch {
    private final String path;
    private final WatchOptions options;
    private final WatchCallback callback;
    private final TestStore.Watch registered;
    private int pending;
    private boolean isClosed;

    TestWatch(String path, WatchOptions options, WatchCallback callback) {
      this.path = path;
      this.options = options;
      this.callback = callback;
      this.registered = new TestStore.Watch(absolute(path), this::fired);
    }

    private void fired(String changed) {
      if (!isClosed && options.willHandle().test(changed, pending)) {
        pending++;
        post(
            () -> {
              pending--;
              if (!isClosed) {
                callback.changed(changed);
              }
            });
      }
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public void close() {
      isClosed = true;
      store.unwatch(registered);
    }
  }
}

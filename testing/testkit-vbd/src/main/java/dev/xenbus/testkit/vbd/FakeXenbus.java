package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import java.util.List;

/// One kernel's way to the store. Transactions write through.
public final class FakeXenbus implements Xenbus {
  private final FakeKernel kernel;
  private final FakeStore store;

  FakeXenbus(FakeKernel kernel) {
    this.kernel = kernel;
    this.store = kernel.xen().store();
  }

  private String absolute(String path) {
    return path.startsWith("/") ? path : "/local/domain/" + kernel.domid() + "/" + path;
  }

  private String absolute(String dir, String node) {
    return absolute(dir) + (node.isEmpty() ? "" : "/" + node);
  }

  @Override
  public List<String> directory(XenbusTransaction tx, String dir, String node) {
    return store.names(absolute(dir, node));
  }

  @Override
  public boolean exists(XenbusTransaction tx, String dir, String node) {
    return store.read(absolute(dir, node)).isPresent()
        || !store.names(absolute(dir, node)).isEmpty();
  }

  @Override
  public String read(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    String path = absolute(dir, node);
    return store.read(path).orElseThrow(() -> new XenstoreException(Errno.ENOENT, "READ " + path));
  }

  @Override
  public void write(XenbusTransaction tx, String dir, String node, String value) {
    store.write(absolute(dir, node), value);
  }

  @Override
  public void remove(XenbusTransaction tx, String dir, String node) {
    store.remove(absolute(dir, node));
  }

  @Override
  public long readUnsigned(String dir, String node, long fallback) {
    return tryReadNumber(XenbusTransaction.NONE, dir, node).orElse(fallback);
  }

  @Override
  public long readNumber(XenbusTransaction tx, String dir, String node) throws XenstoreException {
    String value = read(tx, dir, node);
    try {
      return Long.decode(value);
    } catch (NumberFormatException _) {
      throw new XenstoreException(Errno.ERANGE, "no number: " + value);
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
    return new KernelWatch(path, callback);
  }

  private final class KernelWatch implements XenbusWatch {
    private final String path;
    private final WatchCallback callback;
    private final FakeStore.Watch watch;
    private volatile boolean closed;

    KernelWatch(String path, WatchCallback callback) {
      this.path = path;
      this.callback = callback;
      this.watch = store.watch(absolute(path), changed -> kernel.post(() -> run(changed)));
    }

    private void run(String changed) {
      if (!closed) {
        callback.changed(changed);
      }
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public void close() {
      closed = true;
      store.unwatch(watch);
    }
  }
}

package dev.xenbus.xs.watch;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchFact;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Trace;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;

/// A watch of the kernel. Mirrors `struct xenbus_watch`.
///
/// How many events of it wait, and on which thread its callback runs now, is known to the
/// [EventQueue] concerned, under that queue's lock: a watch may be routed to many.
public final class RegisteredWatch implements XenbusWatch {
  private final String path;
  private final String token;
  private final WatchOptions options;
  private final Xenbus.WatchCallback callback;
  private final BiConsumer<RegisteredWatch, Boolean> unregister;
  private final AtomicBoolean closed = new AtomicBoolean();

  /// Changed while the machine wakes from its sleep, under `xs_watch_rwsem`.
  private volatile String storeToken;

  /// Makes a watch, not yet registered.
  ///
  /// @param token unique in its kernel
  /// @param unregister called by each close, with whether it is the first
  public RegisteredWatch(
      String path,
      String token,
      WatchOptions options,
      Xenbus.WatchCallback callback,
      BiConsumer<RegisteredWatch, Boolean> unregister) {
    this.path = path;
    this.token = token;
    this.storeToken = token;
    this.options = options;
    this.callback = callback;
    this.unregister = unregister;
  }

  @Override
  public String path() {
    return path;
  }

  /// Returns what tells it from the others, for as long as it lives.
  public String token() {
    return token;
  }

  /// Returns what the store calls it now.
  public String storeToken() {
    return storeToken;
  }

  /// The store calls it something else from now on.
  public void storeToken(String fresh) {
    storeToken = fresh;
  }

  /// Returns its filter and its routing.
  public WatchOptions options() {
    return options;
  }

  /// Returns whether [#close] was called: its callback does not start any more.
  public boolean isClosed() {
    return closed.get();
  }

  /// Runs the callback, in the current task.
  void run(String changedPath) {
    callback.changed(changedPath);
  }

  @Override
  public void close() {
    unregister.accept(this, closed.compareAndSet(false, true));
  }

  /// Tells whoever listens to the machine's trace that no callback of it starts from now on.
  public void tellGone(Kernel kernel) {
    Trace trace = kernel.cpu().machine().trace();
    if (trace.isHeard()) {
      trace.emit(
          "watch_gone", 0, 0, new WatchFact(kernel.domid(), "", path, token(), "", Domid.DOM0));
    }
  }

  @Override
  public String toString() {
    return path + " token=" + token;
  }
}

package dev.xenbus.xs;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.SuspendFact;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.RwSemaphore;
import dev.xenbus.xs.watch.RegisteredWatch;
import dev.xenbus.xs.watch.WatchDispatcher;
import java.util.Optional;

/// How xenbus comes to a rest, and what it does afterwards. Mirrors `xs_suspend`, `xs_resume` and
/// `xs_suspend_cancel`.
///
/// Differs: whoever (un)registers a watch is counted as a user before it takes `xs_watch_rwsem`, so
/// that a suspend which has drained the users never waits for one that in turn waits for the
/// resume; the holder of an open transaction is let in meanwhile, as with any other request.
///
/// Threads: one suspender at a time, the same from begin to end.
final class Suspension {
  /// What comes to a rest.
  ///
  /// @param registrationLock `xs_watch_rwsem`
  /// @param gate counts requests
  /// @param reader reads the ring
  /// @param watches those that are registered
  /// @param calls asks the store
  /// @param dispatcher runs callbacks
  record Parts(
      RwSemaphore registrationLock,
      SuspendGate gate,
      ReplyReader reader,
      WatchTable watches,
      StoreCalls calls,
      WatchDispatcher dispatcher) {}

  /// Connects to the store again.
  @FunctionalInterface
  interface Reconnection {
    /// Connects.
    ///
    /// @throws KernelException if it cannot
    void run() throws KernelException;
  }

  private final Kernel kernel;
  private final Parts parts;

  Suspension(Kernel kernel, Parts parts) {
    this.kernel = kernel;
    this.parts = parts;
  }

  @KernelSymbol("xs_suspend")
  void suspend() throws KernelException {
    tell("xs_freeze", false);
    Optional<String> stuck =
        parts
            .dispatcher()
            .freezer()
            .freeze(kernel, parts.dispatcher()::queues, XenbusXs.FREEZE_TIMEOUT_NANOS);
    if (stuck.isPresent()) {
      tell("xs_thaw", false);
      String line =
          "Freezing of tasks failed after 20.000 seconds (1 tasks refusing to freeze, wq_busy=0): "
              + stuck.get();
      kernel.printk().error(line);
      throw new KernelException(Errno.EBUSY, line);
    }
    parts.gate().suspendEnter();
    parts.reader().responseMutex().lock();
    parts.registrationLock().write().lock();
    tell("xs_suspend", true);
  }

  private void tell(String point, boolean isSuspended) {
    var trace = kernel.cpu().machine().trace();
    if (trace.isHeard()) {
      trace.emit(point, kernel.domid().value(), 0, new SuspendFact(kernel.domid(), isSuspended));
    }
  }

  @KernelSymbol("xs_resume")
  void resume(Reconnection reconnection) throws KernelException {
    try {
      reconnection.run();
    } finally {
      parts.reader().responseMutex().unlock();
      parts.gate().suspendExit();
      for (RegisteredWatch watch : parts.watches().newestFirst()) {
        watchAgain(watch);
      }
      parts.registrationLock().write().unlock();
      thaw();
    }
  }

  private void watchAgain(RegisteredWatch watch) {
    try {
      ask(MessageType.WATCH, watch, watch.storeToken());
    } catch (XenstoreException e) {
      kernel.printk().warn("Failed to register watch " + watch.path() + " again: " + e.errno());
    }
  }

  private void ask(MessageType type, RegisteredWatch watch, String token) throws XenstoreException {
    parts.calls().strings(type, XenbusTransaction.NONE, watch.path(), token);
  }

  @KernelSymbol("xs_resume")
  void resumeWithStore() {
    parts.reader().responseMutex().unlock();
    parts.gate().suspendExit();
    for (RegisteredWatch watch : parts.watches().newestFirst()) {
      watchUnderNewToken(watch);
    }
    parts.registrationLock().write().unlock();
    thaw();
  }

  /// The store, which has not forgotten the watch, would refuse it under the same token. The old
  /// token goes last, so that nothing that happens meanwhile is missed.
  private void watchUnderNewToken(RegisteredWatch watch) {
    String old = watch.storeToken();
    String fresh = parts.watches().newToken();
    parts.watches().alias(fresh, watch);
    try {
      ask(MessageType.WATCH, watch, fresh);
    } catch (XenstoreException e) {
      parts.watches().forget(fresh);
      kernel.printk().warn("Failed to register watch " + watch.path() + " again: " + e.errno());
      return;
    }
    watch.storeToken(fresh);
    try {
      ask(MessageType.UNWATCH, watch, old);
    } catch (XenstoreException e) {
      kernel.printk().warn("Failed to release watch " + watch.path() + ": " + e.errno());
    }
    parts.watches().forget(old);
  }

  @KernelSymbol("xs_suspend_cancel")
  void cancel() {
    parts.registrationLock().write().unlock();
    parts.reader().responseMutex().unlock();
    parts.gate().suspendExit();
    thaw();
  }

  private void thaw() {
    tell("xs_resume", false);
    parts.dispatcher().freezer().thaw(parts.dispatcher().queues());
    tell("xs_thaw", false);
  }
}

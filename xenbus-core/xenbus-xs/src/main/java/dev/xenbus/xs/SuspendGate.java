package dev.xenbus.xs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreErrors;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.nio.charset.StandardCharsets;

/// Who uses the store now, so that a suspend can wait until nobody does. Mirrors
/// `xs_request_enter`, `xs_request_exit`, `xs_suspend_enter`, `xs_suspend_exit`.
///
/// A user is a request on its way, an open transaction, or a registration of a watch under way.
/// While a suspend drains them, requests are still let in, since one may be needed to end a
/// transaction; once there are none, they wait.
///
/// Lock: `xs_state_lock`, a leaf.
final class SuspendGate {
  private final Kernel kernel;
  private final WaitQueue enterQueue;
  private final WaitQueue exitQueue;
  private final SpinLock stateLock;

  @GuardedBy("stateLock")
  private int users;

  @GuardedBy("stateLock")
  private int suspendsActive;

  @GuardedBy("stateLock")
  private int nextId;

  @GuardedBy("stateLock")
  private boolean warnedOfStaleTransaction;

  private volatile long generation;

  SuspendGate(Kernel kernel) {
    this.kernel = kernel;
    enterQueue = kernel.cpu().waitQueue("xs_request_enter");
    exitQueue = kernel.cpu().waitQueue("xs_suspend_enter");
    stateLock = kernel.cpu().spinLock(LockClass.of("xs_state_lock"));
  }

  /// Lets a request in, after a suspend if one is under way; the start of a transaction counts
  /// twice.
  ///
  /// @return the request's id
  int enter(PendingRequest.Kind kind) {
    return admit(kind == PendingRequest.Kind.START ? 2 : 1, 1);
  }

  /// Lets in who is about to make requests under a lock that a suspend takes once it has drained
  /// the users: from here to [#exitRegistration] no suspend comes to that, and the requests do not
  /// wait.
  void enterRegistration() {
    admit(1, 0);
  }

  /// Counts out who has dropped that lock.
  void exitRegistration() {
    boolean drained;
    stateLock.lock();
    try {
      users--;
      drained = isJustDrained();
    } finally {
      stateLock.unlock();
    }
    if (drained) {
      exitQueue.wakeAll();
    }
  }

  @GuardedBy("stateLock")
  private boolean isJustDrained() {
    return suspendsActive > 0 && users == 0;
  }

  /// Counts in, once no suspend has drained the users.
  ///
  /// @param count how many users it makes
  /// @param ids how many ids it takes
  /// @return the first of the ids
  private int admit(int count, int ids) {
    while (true) {
      stateLock.lock();
      try {
        if (users > 0 || suspendsActive == 0) {
          users += count;
          int first = nextId;
          nextId += ids;
          return first;
        }
      } finally {
        stateLock.unlock();
      }
      enterQueue.await(Task.State.D, WaitQueue.FOREVER, this::isOpen);
    }
  }

  /// Counts a request out that was answered or given up.
  void exit(PendingRequest request) {
    boolean drained;
    boolean stale = isStaleTransactionEnd(request);
    boolean warn = false;
    stateLock.lock();
    try {
      users--;
      if (stale) {
        warn = !warnedOfStaleTransaction;
        warnedOfStaleTransaction = true;
      } else if (endsTransaction(request)) {
        users--;
      }
      drained = isJustDrained();
    } finally {
      stateLock.unlock();
    }
    if (warn) {
      kernel.printk().warn("xenbus: end of a transaction that the store does not know");
    }
    if (drained) {
      exitQueue.wakeAll();
    }
  }

  private static boolean endsTransaction(PendingRequest request) {
    return switch (request.kind()) {
      case START -> request.isErrorReply();
      case END -> true;
      case PLAIN -> false;
    };
  }

  private static boolean isStaleTransactionEnd(PendingRequest request) {
    if (request.kind() != PendingRequest.Kind.END
        || request.replyType() != MessageType.ERROR.code()) {
      return false;
    }
    return XenstoreErrors.fromWire(errorName(request.body())) == Errno.ENOENT;
  }

  /// Returns the name in an error reply, up to its NUL.
  static String errorName(byte[] body) {
    int end = 0;
    while (end < body.length && body[end] != 0) {
      end++;
    }
    return new String(body, 0, end, StandardCharsets.ISO_8859_1);
  }

  /// Begins a suspend: waits until nobody uses the store.
  void suspendEnter() {
    stateLock.lock();
    try {
      suspendsActive++;
    } finally {
      stateLock.unlock();
    }
    exitQueue.await(Task.State.D, WaitQueue.FOREVER, this::isDrained);
  }

  /// Ends a suspend.
  @SuppressWarnings("NonAtomicVolatileUpdate") // one suspender at a time
  void suspendExit() {
    generation++;
    stateLock.lock();
    try {
      suspendsActive--;
    } finally {
      stateLock.unlock();
    }
    enterQueue.wakeAll();
  }

  /// Returns how many suspends there were (`xb_dev_generation_id`).
  long generation() {
    return generation;
  }

  /// Returns the number of users (`xs_state_users`).
  int users() {
    stateLock.lock();
    try {
      return users;
    } finally {
      stateLock.unlock();
    }
  }

  private boolean isOpen() {
    stateLock.lock();
    try {
      return suspendsActive == 0;
    } finally {
      stateLock.unlock();
    }
  }

  private boolean isDrained() {
    return users() == 0;
  }
}

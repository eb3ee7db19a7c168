package dev.xenbus.hypervisor;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;

/// Which domain the hypercalls of one kernel act on (`current->domain`), and where that kernel
/// sleeps while it is suspended. A restore puts the kernel into another domain.
///
/// Changed under the control lock, while nothing of the kernel runs.
final class Current {
  private final WaitQueue resumed;
  private volatile Domain domain;
  private volatile boolean suspended;
  private volatile boolean cancelled;

  /// @param xen the hypervisor's own Cpu
  Current(Cpu xen, Domain domain) {
    this.resumed = xen.waitQueue("do_sched_op");
    this.domain = domain;
  }

  Domain domain() {
    return domain;
  }

  /// The kernel is in another domain from now on.
  void domain(Domain other) {
    domain = other;
  }

  /// Returns whether the kernel sleeps, or is about to, until [#wake].
  boolean isSuspended() {
    return suspended;
  }

  void beginSuspend() {
    suspended = true;
  }

  /// Returns whether the suspend was cancelled.
  boolean awaitResume() {
    resumed.await(Task.State.S, WaitQueue.FOREVER, () -> !suspended);
    return cancelled;
  }

  void wake(boolean wasCancelled) {
    cancelled = wasCancelled;
    suspended = false;
    resumed.wakeAll();
  }
}

package dev.xenbus.abi.hypercall;

/// Scheduler operations (`SCHEDOP_*`).
public interface SchedOperations {
  /// Ends the caller's domain: all its vCPUs stop; nothing is released until it is killed. Does not
  /// return: the caller's task unwinds. A suspend is [#suspend].
  void shutdown(ShutdownReason reason);

  /// Suspends the caller's domain (`SCHEDOP_shutdown` with `SHUTDOWN_suspend`): returns when the
  /// toolstack resumes it, or has put its state into another domain. The caller has stopped all
  /// other tasks of its kernel before.
  ///
  /// @return whether the suspend was cancelled: it is the same domain, nothing has changed. If not,
  ///     it is another one: with another id, event channels and grant table, none of them in use
  boolean suspend();
}

package dev.xenbus.abi.hypercall;

/// Scheduler operations (`SCHEDOP_*`).
public interface SchedOperations {
  /// Ends the caller's domain: all its vCPUs stop; nothing is released until it is killed. Does not
  /// return: the caller's task unwinds.
  void shutdown(ShutdownReason reason);
}

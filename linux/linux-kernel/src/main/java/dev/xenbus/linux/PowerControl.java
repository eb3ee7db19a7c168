package dev.xenbus.linux;

import dev.xenbus.abi.hypercall.ShutdownReason;

/// What ends a kernel, given by whoever booted it.
@FunctionalInterface
public interface PowerControl {
  /// Ends the kernel; called in a task of it. May return before it is done.
  void power(ShutdownReason reason);
}

package dev.xenbus.linux;

import dev.xenbus.abi.hypercall.ShutdownReason;

/// What ends a kernel, given by whoever booted it.
@FunctionalInterface
public interface PowerControl {
  /// Ends the kernel; called in a task of it. May return before it is done.
  void power(ShutdownReason reason);

  /// Restarts at once: devices stay as they are (`machine_emergency_restart`).
  default void emergencyRestart() {
    power(ShutdownReason.REBOOT);
  }
}

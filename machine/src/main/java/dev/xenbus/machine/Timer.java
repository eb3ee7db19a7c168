package dev.xenbus.machine;

/// A one-shot timer of a kernel; its function runs in interrupt context.
public interface Timer {
  /// Arms it, replacing what was armed (`mod_timer`).
  void arm(long delayNanos);

  /// Returns whether it is armed.
  boolean isPending();

  /// Disarms it and waits for the function if it runs now (`timer_delete_sync`).
  ///
  /// @return whether it was armed
  boolean cancel();
}

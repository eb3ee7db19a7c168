package dev.xenbus.xenconsoled;

import dev.xenbus.abi.hypercall.ShutdownReason;
import java.util.Optional;

/// Somebody at a guest's console. While a session does not read, the guest's output waits.
///
/// Threads: one task at a time.
public interface ConsoleSession extends AutoCloseable {
  /// Reads what the guest wrote; waits, interruptibly, until there is something.
  ///
  /// @param timeoutNanos at most how long
  /// @return how many bytes were read; 0 if the time is over or a signal came; -1 once the guest
  /// has stopped or is gone and everything was read
  int read(byte[] into, long timeoutNanos);

  /// Writes to the guest; waits, interruptibly, while it takes nothing.
  ///
  /// @return how many bytes were taken: fewer than `length` if the time is over, a signal came or
  ///     the guest is gone
  int write(byte[] bytes, int length, long timeoutNanos);

  /// Claims the keyboard: waits until no other session has it. Closing gives it back.
  ///
  /// @return false if the time is over, a signal came or the guest is gone
  boolean claimInput(long timeoutNanos);

  /// Returns why the guest has stopped; empty while it runs, and if it was destroyed without.
  Optional<ShutdownReason> stopped();

  /// Leaves; may be called twice.
  @Override
  void close();
}

package dev.xenbus.xenconsoled;

import dev.xenbus.abi.Domid;
import java.util.Optional;

/// The consoles of the guests, for those who want to see or use one.
///
/// Threads: any task.
public interface Consoles {
  /// Attaches to a guest's console; from now on its output comes to the session too.
  ///
  /// @param timeoutNanos at most how long to wait until the daemon serves that guest
  /// @return the session, or empty if the guest has no console in time, or a signal came
  Optional<ConsoleSession> attach(Domid domid, long timeoutNanos);

  /// Returns the end of what a guest has printed, oldest byte first; empty if it has no console.
  byte[] log(Domid domid);
}

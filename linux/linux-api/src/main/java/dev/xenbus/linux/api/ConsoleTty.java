package dev.xenbus.linux.api;

import org.jspecify.annotations.Nullable;

/// A kernel's console as a stream of bytes (`/dev/hvc0`).
///
/// Threads: one reader, any number of writers.
public interface ConsoleTty {
  /// Reads at least one byte; waits, interruptibly, until there is one.
  ///
  /// @return how many bytes were read; 0 if a signal came; -1 once the console is gone
  int read(byte[] into);

  /// Writes all bytes; waits while the other side takes none.
  void write(byte[] bytes, int length);

  /// Sets what hears a control-C (0x03) as soon as it comes in; those that wait to be read are
  /// heard at once. Without a handler it is read as any other byte.
  ///
  /// @param handler called in any context, so it may not sleep; null for none
  void onInterrupt(@Nullable Runnable handler);
}

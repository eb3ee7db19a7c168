package dev.xenbus.linux.api;

import java.util.List;

/// A kernel's log: a bounded ring of lines. Any task, interrupt context too.
public interface Printk {
  /// Log levels (`KERN_*`).
  enum Level {
    /// The system is unusable.
    EMERG,
    /// Act at once.
    ALERT,
    /// Critical.
    CRIT,
    /// An error.
    ERR,
    /// A warning.
    WARNING,
    /// Normal but significant.
    NOTICE,
    /// Information.
    INFO,
    /// Debugging.
    DEBUG
  }

  /// One line of the log.
  ///
  /// @param nanos time since boot
  /// @param level its level
  /// @param text without time and level
  record Line(long nanos, Level level, String text) {
    /// Returns the line as `dmesg` prints it: `[    1.234567] text`.
    @Override
    public String toString() {
      return "[%5d.%06d] %s".formatted(nanos / 1_000_000_000L, nanos / 1_000 % 1_000_000, text);
    }
  }

  /// Writes one line.
  void log(Level level, String text);

  /// Writes a line of level INFO.
  default void info(String text) {
    log(Level.INFO, text);
  }

  /// Writes a line of level WARNING.
  default void warn(String text) {
    log(Level.WARNING, text);
  }

  /// Writes a line of level ERR.
  default void error(String text) {
    log(Level.ERR, text);
  }

  /// Returns what the ring holds, oldest first.
  List<Line> lines();
}

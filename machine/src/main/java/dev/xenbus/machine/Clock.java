package dev.xenbus.machine;

import java.time.Instant;

/// Time since boot. A tick is 4 ms (`HZ` = 250).
public interface Clock {
  /// Ticks a second.
  int HZ = 250;

  /// Nanoseconds of one tick.
  long NANOS_PER_JIFFY = 1_000_000_000L / HZ;

  /// Returns nanoseconds since boot.
  long nanos();

  /// Returns ticks since boot.
  default long jiffies() {
    return nanos() / NANOS_PER_JIFFY;
  }

  /// Returns the time of day; in virtual time, a fixed date plus the time since boot.
  Instant wallTime();
}

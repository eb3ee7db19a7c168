package dev.xenbus.netback;

import java.time.Duration;
import java.util.Optional;

/// How much a guest may send: the node `rate`.
///
/// @param bytes in each window, 0 to 4294967295
/// @param windowMicros length of the window; 0 for no window
record RateLimit(long bytes, long windowMicros) {
  /// As much as it likes.
  static final RateLimit NONE = new RateLimit(CreditScheduler.UNLIMITED, 0);

  private static final int DIGITS_MAX = 10;

  /// Reads `bytes,microseconds`, both decimal; empty if it is nothing of the kind.
  /// Mirrors `xen_net_read_rate` (`drivers/net/xen-netback/xenbus.c`).
  static Optional<RateLimit> parse(String text) {
    int comma = text.indexOf(',');
    if (comma < 0) {
      return Optional.empty();
    }
    long bytes = number(text.substring(0, comma));
    long micros = number(text.substring(comma + 1));
    return bytes >= 0 && micros >= 0 ? Optional.of(new RateLimit(bytes, micros)) : Optional.empty();
  }

  private static long number(String text) {
    boolean digits = text.chars().allMatch(c -> c >= '0' && c <= '9');
    if (text.isEmpty() || text.length() > DIGITS_MAX || !digits) {
      return -1;
    }
    long value = Long.parseLong(text);
    return value <= CreditScheduler.UNLIMITED ? value : -1;
  }

  /// Returns the window in nanoseconds, cut to whole milliseconds as the kernel's timer is.
  long windowNanos() {
    return Duration.ofMillis(windowMicros / 1000).toNanos();
  }
}

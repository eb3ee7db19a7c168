package dev.xenbus.xenstored.store;

/// What a domain may still write while others have transactions open, in thousandths of a write.
final class WriteCredit {
  /// A new domain may write this many times at once.
  private static final long NEW_DOMAIN_BURST = 5 * WriteRate.DOMAIN_BURST;

  private long millis = NEW_DOMAIN_BURST;

  long millis() {
    return millis;
  }

  void add(long more) {
    millis += more;
  }

  boolean isOverdrawn() {
    return millis < 0;
  }
}

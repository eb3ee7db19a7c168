package dev.xenbus.linux.api;

import java.util.concurrent.atomic.AtomicLong;

/// Counters of a network device, from the view of its kernel.
///
/// @param rxPackets packets received
/// @param rxBytes bytes received
/// @param rxDropped received and thrown away
/// @param rxErrors received broken
/// @param txPackets packets sent
/// @param txBytes bytes sent
/// @param txDropped not sent
public record NetStatistics(
    AtomicLong rxPackets,
    AtomicLong rxBytes,
    AtomicLong rxDropped,
    AtomicLong rxErrors,
    AtomicLong txPackets,
    AtomicLong txBytes,
    AtomicLong txDropped) {
  /// Makes counters that stand at 0.
  public NetStatistics() {
    this(
        new AtomicLong(),
        new AtomicLong(),
        new AtomicLong(),
        new AtomicLong(),
        new AtomicLong(),
        new AtomicLong(),
        new AtomicLong());
  }
}

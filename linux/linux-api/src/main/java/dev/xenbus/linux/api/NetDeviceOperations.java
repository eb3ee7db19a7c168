package dev.xenbus.linux.api;

import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// What a network driver does (`struct net_device_ops`).
public interface NetDeviceOperations {
  /// The device comes up. Called with the network configuration lock held.
  default void open() {}

  /// The device goes down. Called with the network configuration lock held.
  default void stop() {}

  /// Sends a packet, which the driver owns from now on: it frees or drops it. Must not sleep for
  /// long.
  void transmit(Packet packet);

  /// Returns the driver's own counters, as `ethtool -S` prints them, in that order.
  default SequencedMap<String, Long> ethtoolStatistics() {
    return new LinkedHashMap<>();
  }
}

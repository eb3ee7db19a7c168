package dev.xenbus.linux.api;

import java.util.Set;

/// A registered network device (`struct net_device`).
public interface NetDevice {
  /// Returns its name, such as `vif1.0`.
  String name();

  /// Returns its address.
  MacAddress mac();

  /// Returns the largest payload of a frame, in bytes.
  int mtu();

  /// Sets the largest payload of a frame, in bytes.
  void mtu(int bytes);

  /// Says whether the link is up (`netif_carrier_on`, `netif_carrier_off`).
  void carrier(boolean on);

  /// Returns whether the link is up.
  boolean carrier();

  /// Brings it up; its operations' `open` runs. Without effect if it is up.
  void up();

  /// Takes it down; its operations' `stop` runs. Without effect if it is down.
  void down();

  /// Returns whether it is up.
  boolean isUp();

  /// Hands a received packet to the network stack, which owns it from now on
  /// (`netif_receive_skb`). Called by its driver, from a task that may sleep.
  void receive(Packet packet);

  /// Lets the stack send (`netif_tx_wake_all_queues`).
  void wakeQueue();

  /// Keeps the stack from sending: packets are dropped (`netif_tx_stop_all_queues`).
  void stopQueue();

  /// What a device does by itself, so that the stack need not (`netdev_features_t`).
  enum Feature {
    /// Sends packets that are not all head.
    SCATTER_GATHER,
    /// Completes blank checksums, or has a receiver that needs none.
    CHECKSUM,
    /// Segments TCP over IPv4, or has a receiver that takes large packets.
    TCPV4_SEGMENTATION,
    /// Segments TCP over IPv6, or has a receiver that takes large packets.
    TCPV6_SEGMENTATION
  }

  /// Sets what it does by itself; all of it at first. What is missing is done by the stack before
  /// [NetDeviceOperations#transmit] (`netdev_update_features`).
  void features(Set<Feature> features);

  /// Returns what it does by itself.
  Set<Feature> features();

  /// Tells the neighbours where this kernel's addresses on the device are now (gratuitous ARP,
  /// `netdev_notify_peers`).
  void notifyPeers();

  /// Returns its counters. The core counts packets and bytes received, and in `txDropped` what it
  /// did not hand to the driver; the driver counts packets and bytes sent, its own drops, and all
  /// errors.
  NetStatistics statistics();

  /// Takes it out of the kernel: down, off its bridge, forgotten. May be called twice.
  void unregister();
}

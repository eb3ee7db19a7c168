package dev.xenbus.linux.api;

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

  /// Returns its counters.
  NetStatistics statistics();

  /// Takes it out of the kernel: down, off its bridge, forgotten. May be called twice.
  void unregister();
}

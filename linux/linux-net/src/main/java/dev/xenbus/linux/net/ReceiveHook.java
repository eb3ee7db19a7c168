package dev.xenbus.linux.net;

import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.Packet;

/// Sees every received packet before bridge and protocols do (`netdev_rx_handler_register`).
@FunctionalInterface
public interface ReceiveHook {
  /// Called by the receiving device's driver, from a task that may sleep, with no lock held.
  ///
  /// @return true if the hook took the packet, which it then owns
  boolean take(NetDevice device, Packet packet);
}

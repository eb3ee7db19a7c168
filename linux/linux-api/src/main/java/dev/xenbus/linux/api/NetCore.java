package dev.xenbus.linux.api;

import java.util.List;
import java.util.Optional;

/// A kernel's network core.
public interface NetCore {
  /// Registers a device; it is down and without link at first.
  ///
  /// @param name such as `vif1.0`
  /// @param mac its address
  /// @throws KernelException `EEXIST`
  NetDevice register(String name, MacAddress mac, NetDeviceOperations operations)
      throws KernelException;

  /// Returns the device of the given name.
  Optional<NetDevice> device(String name);

  /// Returns all devices, in the order in which they were registered.
  List<NetDevice> devices();

  /// Returns the driver's counters of a device (`ethtool -S`).
  ///
  /// @throws KernelException `ENODEV`
  java.util.SequencedMap<String, Long> ethtoolStatistics(String device) throws KernelException;

  /// Makes a bridge, up, with a device of its own name through which this kernel itself sends.
  ///
  /// @throws KernelException `EEXIST`
  Bridge addBridge(String name, MacAddress mac) throws KernelException;

  /// Returns the bridge of the given name.
  Optional<Bridge> bridge(String name);

  /// Returns all bridges, in the order in which they were made.
  List<Bridge> bridges();

  /// Gives a device an IPv4 address, at which this kernel answers ARP, ICMP echo and TCP.
  ///
  /// @param address such as `10.0.0.1`
  /// @param prefixBits such as 16
  /// @throws KernelException `ENODEV`, `EINVAL`
  void addAddress(String device, String address, int prefixBits) throws KernelException;
}

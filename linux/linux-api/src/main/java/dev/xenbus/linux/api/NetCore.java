package dev.xenbus.linux.api;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A kernel's network core.
public interface NetCore {
  /// Registers a device; it is down and without link at first.
  ///
  /// @param name such as `vif1.0`
  /// @param mac its address
  /// @throws KernelException `EEXIST`
  NetDevice register(String name, MacAddress mac, NetDeviceOperations operations)
      throws KernelException;

  /// Adds somebody who is told of each device that is registered from now on (`udev`). Called in
  /// the task that registers it, with no lock held; must not sleep.
  void addDeviceListener(Consumer<NetDevice> listener);

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

  /// Returns the addresses of this kernel, in the order in which they were added.
  List<InterfaceAddress> addresses();

  /// Opens a socket for ICMP echo.
  ///
  /// @throws KernelException `ENOBUFS` if there are too many
  IcmpSocket openIcmp() throws KernelException;

  /// Connects; waits, interruptibly, until the peer has answered.
  ///
  /// @throws KernelException `ENETUNREACH`, `EHOSTUNREACH`, `ECONNREFUSED`, `ETIMEDOUT`, `EINTR`
  TcpConnection connectTcp(Ipv4Address to, int port, long timeoutNanos) throws KernelException;

  /// Accepts every TCP connection to a port of this kernel and throws away what comes
  /// (the service `discard`), for as long as the kernel runs.
  ///
  /// @throws KernelException `EADDRINUSE`
  void discardTcp(int port) throws KernelException;

  /// An address of a device.
  ///
  /// @param device the device's name
  /// @param address the address
  /// @param prefixBits how many of its bits name the network
  record InterfaceAddress(String device, Ipv4Address address, int prefixBits) {}
}

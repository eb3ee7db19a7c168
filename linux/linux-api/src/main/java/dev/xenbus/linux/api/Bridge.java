package dev.xenbus.linux.api;

import java.util.List;

/// A learning Ethernet bridge.
public interface Bridge {
  /// Returns its name, such as `xenbr0`.
  String name();

  /// Adds a device as a port.
  ///
  /// @throws KernelException `EBUSY` if it is a port of a bridge already
  void addPort(NetDevice device) throws KernelException;

  /// Removes a port; nothing happens if it is none.
  void removePort(NetDevice device);

  /// Returns its ports, in the order in which they were added.
  List<NetDevice> ports();
}

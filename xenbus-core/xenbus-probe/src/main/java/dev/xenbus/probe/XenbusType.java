package dev.xenbus.probe;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.linux.api.KernelException;

/// In what the two buses differ. Mirrors `struct xen_bus_type`.
///
/// @param busName the name in sysfs: `xen`, `xen-backend`
/// @param root the folder in the store: `device`, `backend`
/// @param levels how many names follow the root in a device's path: 2, 3
/// @param isBackend whether its devices are backends
/// @param naming how a device gets its name
/// @param idNode the node with the other end's domid
/// @param pathNode the node with the other end's folder
/// @param otherEndFilter which events of the other end's state are queued
public record XenbusType(
    String busName,
    String root,
    int levels,
    boolean isBackend,
    Naming naming,
    String idNode,
    String pathNode,
    WatchOptions.WillHandle otherEndFilter) {
  /// Characters of a device's name, and of the type taken from an event's path
  /// (`XEN_BUS_ID_SIZE` - 1).
  public static final int NAME_CHARS_MAX = 19;

  /// A device's name, and the domain at the other end as far as it is known by then.
  ///
  /// @param name such as `vif-7-0`
  /// @param otherEnd the other end; domain 0 if it is not known yet
  public record Name(String name, Domid otherEnd) {}

  /// How a device gets its name (`get_bus_id`).
  @FunctionalInterface
  public interface Naming {
    /// Returns the name of the device in the given folder.
    ///
    /// @throws KernelException if its folder does not say enough
    Name of(String nodePath) throws KernelException;
  }
}

package dev.xenbus.emulator;

import dev.xenbus.abi.Domid;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// How one dom0 boots.
///
/// @param config its parameters
/// @param storeSockets Unix sockets on which the store is reached; live machines only
/// @param guestSockets Unix sockets that act as a domain; live machines only
/// @param ptys devices like `/dev/xen/xenbus` that act as a domain, there while it is; live
/// machines
///     on Linux only
public record BootOptions(
    BootConfig config,
    List<Path> storeSockets,
    SequencedMap<Domid, Path> guestSockets,
    SequencedMap<Domid, Path> ptys) {
  /// Returns options without sockets.
  public static BootOptions of(BootConfig config) {
    return new BootOptions(config, List.of(), new LinkedHashMap<>(), new LinkedHashMap<>());
  }

  /// Returns these with the store at a Unix socket too.
  public BootOptions atSocket(Path socket) {
    List<Path> sockets = new ArrayList<>(storeSockets);
    sockets.add(socket);
    return new BootOptions(config, sockets, guestSockets, ptys);
  }

  /// Returns these with a device that acts as a domain.
  public BootOptions withPty(Domid domid, Path device) {
    SequencedMap<Domid, Path> devices = new LinkedHashMap<>(ptys);
    devices.put(domid, device);
    return new BootOptions(config, storeSockets, guestSockets, devices);
  }
}

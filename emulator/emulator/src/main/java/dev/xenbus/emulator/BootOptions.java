package dev.xenbus.emulator;

import dev.xenbus.abi.Domid;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// How one dom0 boots.
///
/// @param config its parameters
/// @param storeSockets Unix sockets on which the store is reached; live machines only
/// @param guestSockets Unix sockets that act as a domain; live machines only
public record BootOptions(
    BootConfig config, List<Path> storeSockets, SequencedMap<Domid, Path> guestSockets) {
  /// Returns options without sockets.
  public static BootOptions of(BootConfig config) {
    return new BootOptions(config, List.of(), new LinkedHashMap<>());
  }
}

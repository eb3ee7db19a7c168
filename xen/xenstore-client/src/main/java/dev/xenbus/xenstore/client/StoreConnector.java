package dev.xenbus.xenstore.client;

import dev.xenbus.machine.Pipe;
import java.io.IOException;

/// The way to the store: what the emulator offers to commands, as
/// `context.service(StoreConnector.class)`.
@FunctionalInterface
public interface StoreConnector {
  /// Opens a connection, with the rights of the domain that the command runs in.
  ///
  /// @return the client's end
  Pipe connect() throws IOException;
}

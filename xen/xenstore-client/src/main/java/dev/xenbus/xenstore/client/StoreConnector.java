package dev.xenbus.xenstore.client;

import dev.xenbus.machine.Pipe;
import java.io.IOException;

/// The way to the store: what the emulator offers to commands, as
/// `context.service(StoreConnector.class)`.
@FunctionalInterface
public interface StoreConnector {
  /// Opens a privileged connection.
  ///
  /// @return the client's end
  Pipe connect() throws IOException;
}

package dev.xenbus.xenstore.conformance;

import dev.xenbus.abi.xenstore.Message;
import java.io.IOException;
import java.util.Optional;

/// A server, or a part of one, that facts are tested against.
public interface Target extends AutoCloseable {
  /// Returns what it is like: `c`, `c17` or `ocaml`.
  String profile();

  /// Opens a privileged connection.
  Channel open() throws IOException;

  /// Opens a domain's connection; empty if the target has no such domain.
  Optional<Channel> openDomain(int domid) throws IOException;

  @Override
  void close() throws IOException;

  /// One connection.
  interface Channel extends AutoCloseable {
    /// Sends bytes as they are.
    void send(byte[] bytes) throws IOException;

    /// Returns the next message, or empty if none comes in time.
    ///
    /// @throws java.io.EOFException if the server hung up
    Optional<Message> receive(int timeoutMillis) throws IOException;

    @Override
    void close() throws IOException;
  }
}

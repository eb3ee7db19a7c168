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

  /// Opens a domain's connection, and introduces the domain if it is not; empty if the target
  /// cannot have that domain.
  Optional<Channel> openDomain(int domid) throws IOException;

  /// Returns whether bytes that are no whole frames can be sent: not to a store without its rim.
  default boolean takesBytes() {
    return true;
  }

  /// Returns the hypervisor below it, if a script may play with it.
  default Optional<Hypervisor> hypervisor() {
    return Optional.empty();
  }

  /// The hypervisor below a server, as far as a store sees it.
  interface Hypervisor {
    /// Makes a domain that runs; nothing if there is one.
    void create(int domid);

    /// Shuts a domain down.
    void stop(int domid);

    /// Lets a domain that was shut down run again, as a resumed one does.
    void start(int domid);

    /// Destroys a domain; nothing if there is none.
    void kill(int domid);
  }

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

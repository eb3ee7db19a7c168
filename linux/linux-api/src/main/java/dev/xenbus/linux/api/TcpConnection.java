package dev.xenbus.linux.api;

/// A TCP connection that sends; what the peer sends is acknowledged and thrown away. Used by one
/// task.
public interface TcpConnection extends AutoCloseable {
  /// Sends data as segments as large as GSO allows, the payload in fragments of pages. Waits,
  /// interruptibly, while the send queue is full.
  ///
  /// @throws KernelException `EPIPE` if this end was closed, `ECONNRESET`, `ETIMEDOUT` if the peer
  ///     stopped answering, `EINTR` if a signal came
  void send(byte[] data) throws KernelException;

  /// Waits, interruptibly, until the peer has acknowledged all that was sent.
  ///
  /// @return whether it has
  /// @throws KernelException as [#send]
  boolean drain(long timeoutNanos) throws KernelException;

  /// Returns how many bytes were handed to [#send].
  long sentBytes();

  /// Returns how many bytes the peer has acknowledged.
  long acknowledgedBytes();

  /// Returns how many segments were sent again.
  long retransmits();

  /// Returns whether data can still be sent.
  boolean isEstablished();

  /// Sends what is queued, then FIN; does not wait. May be called twice.
  @Override
  void close();
}

package dev.xenbus.xenstore.client;

import java.io.IOException;
import java.nio.ByteBuffer;

/// The bytes to and from the store.
interface Stream extends AutoCloseable {
  /// Writes everything, waiting as long as that takes.
  void writeFully(ByteBuffer bytes) throws IOException;

  /// Reads what is there, waiting until there is something.
  ///
  /// @param timeoutNanos at most how long
  /// @return false if the time is over
  /// @throws java.io.EOFException if the store closed the connection
  /// @throws java.io.InterruptedIOException if a signal came first
  boolean read(ByteBuffer into, long timeoutNanos) throws IOException;

  @Override
  void close();
}

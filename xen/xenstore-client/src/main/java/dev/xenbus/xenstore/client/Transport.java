package dev.xenbus.xenstore.client;

import java.io.IOException;
import java.nio.ByteBuffer;

/// The bytes to and from the store.
///
/// Threads: one task at a time reads and waits; one at a time writes; [#wake] and [#close] come
/// from anywhere.
interface Transport extends AutoCloseable {
  /// Reads what is there, without waiting.
  ///
  /// @return how many bytes; 0 if none are there
  /// @throws java.io.EOFException if the store closed the connection
  int tryRead(ByteBuffer into) throws IOException;

  /// Writes what fits, without waiting.
  void tryWrite(ByteBuffer from) throws IOException;

  /// Waits until there may be something to read, until [#wake], or until the time is over.
  ///
  /// @param forRoom whether to wait until something may be written too
  /// @param deadlineNanos time since boot, or `WaitQueue.FOREVER`
  void await(boolean forRoom, long deadlineNanos);

  /// Ends the present or the next [#await].
  void wake();

  /// Sets what is called, in any context, whenever [#await] would return; not for a transport that
  /// only the connection's reader waits at.
  default void onActivity(Runnable told) {
    throw new UnsupportedOperationException();
  }

  /// Hangs up: nothing is read or written any more. May be called twice.
  @Override
  void close();

  /// Frees what whoever waits needs, once nobody waits any more.
  default void dispose() {}
}

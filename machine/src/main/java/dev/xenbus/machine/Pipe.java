package dev.xenbus.machine;

import java.io.IOException;
import java.nio.ByteBuffer;

/// One end of a local byte stream in both directions.
public interface Pipe extends AutoCloseable {
  /// Reads what is there, without waiting.
  ///
  /// @return bytes read, 0 if none are there, -1 if the other end closed and all was read
  int tryRead(ByteBuffer into);

  /// Writes what fits, without waiting.
  ///
  /// @return bytes written
  /// @throws IOException if the other end closed (`EPIPE`)
  int tryWrite(ByteBuffer from) throws IOException;

  /// Waits, in state S, until [#tryRead] would not return 0.
  ///
  /// @param timeoutNanos at most how long, or [WaitQueue#FOREVER]
  WaitQueue.Wake awaitReadable(long timeoutNanos);

  /// Waits, in state S, until [#tryWrite] would not return 0.
  ///
  /// @param timeoutNanos at most how long, or [WaitQueue#FOREVER]
  WaitQueue.Wake awaitWritable(long timeoutNanos);

  /// Sets what is called, in any context, when this end becomes readable, writable or closed:
  /// usually [Poller#rouse].
  void onActivity(Runnable rouse);

  /// Closes both directions.
  @Override
  void close();
}

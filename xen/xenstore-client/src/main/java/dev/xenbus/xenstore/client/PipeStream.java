package dev.xenbus.xenstore.client;

import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.WaitQueue;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;

/// A stream within the machine.
final class PipeStream implements Stream {
  private final Pipe pipe;

  PipeStream(Pipe pipe) {
    this.pipe = pipe;
  }

  @Override
  public void writeFully(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (pipe.tryWrite(bytes) == 0
          && pipe.awaitWritable(WaitQueue.FOREVER) == WaitQueue.Wake.SIGNAL) {
        throw new InterruptedIOException("a signal came in the middle of a request");
      }
    }
  }

  @Override
  public boolean read(ByteBuffer into, long timeoutNanos) throws IOException {
    while (true) {
      int bytes = pipe.tryRead(into);
      if (bytes > 0) {
        return true;
      }
      if (bytes < 0) {
        throw new EOFException("the store closed the connection");
      }
      switch (pipe.awaitReadable(timeoutNanos)) {
        case READY -> {}
        case TIMEOUT -> {
          return false;
        }
        case SIGNAL -> throw new InterruptedIOException("a signal came");
      }
    }
  }

  @Override
  public void close() {
    pipe.close();
  }
}

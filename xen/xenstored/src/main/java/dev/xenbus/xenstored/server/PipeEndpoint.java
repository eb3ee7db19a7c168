package dev.xenbus.xenstored.server;

import dev.xenbus.machine.Pipe;
import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Outbox;
import java.io.IOException;
import java.nio.ByteBuffer;

/// A stream within the machine: toolstack and console, in both machines.
final class PipeEndpoint extends Endpoint {
  private final Pipe pipe;

  PipeEndpoint(ServerLoop loop, Client client, Pipe pipe) {
    super(loop, client);
    this.pipe = pipe;
    pipe.onActivity(() -> loop.signal(this));
  }

  @Override
  boolean isEdgeTriggered() {
    return true;
  }

  @Override
  int fill() {
    ByteBuffer buffer = loop().readBuffer();
    buffer.clear().limit(Math.min(buffer.capacity(), input().room()));
    int count = pipe.tryRead(buffer);
    if (count > 0) {
      input().add(buffer.flip());
    }
    return count;
  }

  @Override
  void flush() throws IOException {
    Outbox out = client().out();
    if (out.pending() > 0) {
      ByteBuffer bytes = ByteBuffer.wrap(out.array(), out.offset(), out.pending());
      out.consumed(pipe.tryWrite(bytes));
    }
  }

  @Override
  void protocolError(int length) {
    loop().log("Client tried to feed us " + Integer.toUnsignedString(length));
    close();
  }

  @Override
  void hangUp() {
    pipe.close();
  }
}

package dev.xenbus.xenstored.server;

import dev.xenbus.machine.SelectorWait;
import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Outbox;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/// A Unix socket, in live machines.
final class SocketEndpoint extends Endpoint implements SelectorWait.Ready {
  private final SocketChannel channel;
  private final SelectionKey key;
  private int interest = SelectionKey.OP_READ;

  SocketEndpoint(ServerLoop loop, Client client, SocketChannel channel, SelectionKey key) {
    super(loop, client);
    this.channel = channel;
    this.key = key;
  }

  @Override
  public void ready(SelectionKey readyKey) {
    wake();
  }

  @Override
  boolean isEdgeTriggered() {
    return false;
  }

  @Override
  int fill() throws IOException {
    ByteBuffer buffer = loop().readBuffer();
    buffer.clear().limit(Math.min(buffer.capacity(), input().room()));
    int count = channel.read(buffer);
    if (count > 0) {
      input().add(buffer.flip());
    }
    return count;
  }

  @Override
  void flush() throws IOException {
    Outbox out = client().out();
    int pending = out.pending();
    if (pending > 0) {
      ByteBuffer buffer = loop().writeBuffer();
      buffer.clear();
      buffer.put(out.array(), out.offset(), Math.min(pending, buffer.remaining()));
      out.consumed(channel.write(buffer.flip()));
    }
    watchInterest(out.pending() > 0);
  }

  /// What cannot be written waits for the socket; what cannot be served is not read.
  private void watchInterest(boolean blocked) {
    boolean reads = !isStalled();
    int wanted = (blocked ? SelectionKey.OP_WRITE : 0) | (reads ? SelectionKey.OP_READ : 0);
    if (wanted != interest) {
      interest = wanted;
      key.interestOps(wanted);
    }
  }

  @Override
  void protocolError(int length) {
    loop().log("Client tried to feed us " + Integer.toUnsignedString(length));
    close();
  }

  @Override
  void hangUp() {
    key.cancel();
    try {
      channel.close();
    } catch (IOException e) {
      loop().log("closing a socket: " + e.getMessage());
    }
  }
}

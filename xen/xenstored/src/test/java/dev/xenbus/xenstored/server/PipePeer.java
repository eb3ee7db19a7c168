package dev.xenbus.xenstored.server;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.WaitQueue;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// A client on a stream within the machine. `|` stands for NUL.
final class PipePeer {
  // A simulated machine may let any time pass before the daemon runs.
  private static final long PATIENCE_NANOS = WaitQueue.FOREVER;

  final Pipe pipe;
  private final MessageDecoder decoder = new MessageDecoder();
  private final ByteBuffer received = ByteBuffer.allocate(8192).limit(0);

  PipePeer(Pipe pipe) {
    this.pipe = pipe;
  }

  void send(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      if (pipe.tryWrite(buffer) == 0
          && pipe.awaitWritable(PATIENCE_NANOS) != WaitQueue.Wake.READY) {
        throw new AssertionError("the daemon does not read");
      }
    }
  }

  Message receive() throws IOException {
    return receive(PATIENCE_NANOS).orElseThrow();
  }

  /// Waits so long for the next message; empty if none comes.
  Optional<Message> receive(int timeoutMillis) throws IOException {
    return receive(timeoutMillis * 1_000_000L);
  }

  private Optional<Message> receive(long patienceNanos) throws IOException {
    while (true) {
      Optional<Message> message = decoder.next(received);
      if (message.isPresent()) {
        return message;
      }
      received.clear();
      int count = pipe.tryRead(received);
      received.flip();
      if (count < 0) {
        throw new EOFException();
      }
      if (count == 0 && pipe.awaitReadable(patienceNanos) != WaitQueue.Wake.READY) {
        return Optional.empty();
      }
    }
  }

  String receiveText() throws IOException {
    Message message = receive();
    String text = new String(message.payload(), StandardCharsets.ISO_8859_1).replace('\0', '|');
    return message.header().isWatchEvent() ? "event " + text : text;
  }

  String ask(MessageType type, String payload) throws IOException {
    send(RingPeer.frame(type, 5, payload));
    return receiveText();
  }
}

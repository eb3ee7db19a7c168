package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreErrors;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Requests out, replies in, and events put aside: one request at a time. A daemon that breaks the
/// protocol breaks the connection.
///
/// Exclusive to the task that uses the client.
final class Wire {
  /// Events that are kept for a client that does not take them; further ones break the connection.
  private static final int EVENTS_MAX = 1 << 20;

  private final Stream stream;
  private final MessageDecoder decoder = new MessageDecoder();
  private final ByteBuffer input =
      ByteBuffer.allocate(2 * XenstoreLimits.MESSAGE_BYTES_MAX).limit(0);
  private final ArrayDeque<WatchEvent> events = new ArrayDeque<>();
  private @Nullable IOException broken;
  private int lastRequestId;

  Wire(Stream stream) {
    this.stream = stream;
  }

  /// Sends a request and waits for its reply.
  ///
  /// @throws XenstoreException the error that the store answered
  /// @throws IOException if the connection is broken; `InterruptedIOException` if a signal came
  Message call(MessageType type, TransactionId transaction, byte[] payload) throws IOException {
    if (payload.length > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      throw new XenstoreException(Errno.E2BIG, type + " with " + payload.length + " bytes");
    }
    checkUsable();
    try {
      int id = ++lastRequestId;
      stream.writeFully(ByteBuffer.wrap(Message.of(type, id, transaction, payload).encode()));
      Message reply = awaitReply(id, type);
      if (reply.header().isError()) {
        throw new XenstoreException(
            XenstoreErrors.fromWire(reply.string()), describe(type, transaction, payload));
      }
      return reply;
    } catch (XenstoreException e) {
      throw e;
    } catch (IOException e) {
      throw breakDown(e);
    }
  }

  private static String describe(MessageType type, TransactionId transaction, byte[] payload) {
    int end = 0;
    while (end < payload.length && payload[end] != 0) {
      end++;
    }
    String first = new String(payload, 0, end, java.nio.charset.StandardCharsets.ISO_8859_1);
    return type + " " + first + " tx=" + transaction;
  }

  private Message awaitReply(int id, MessageType type) throws IOException {
    while (true) {
      Message message = next(WaitQueue.FOREVER).orElseThrow();
      MessageHeader header = message.header();
      if (header.isWatchEvent()) {
        queue(message);
      } else if (header.requestId() != id || (header.type() != type.code() && !header.isError())) {
        throw new IOException("EBADF: the store answered " + header + " to " + type);
      } else {
        return message;
      }
    }
  }

  private void queue(Message message) throws IOException {
    var strings = message.strings();
    if (strings.size() < 2 || events.size() >= EVENTS_MAX) {
      throw new IOException(
          "EPROTO: " + (strings.size() < 2 ? "malformed event" : "too many events"));
    }
    events.add(new WatchEvent(strings.get(0), strings.get(1)));
  }

  /// Returns the next event, or empty if none came in time.
  ///
  /// @param timeoutNanos at most how long to wait; 0 not at all
  Optional<WatchEvent> event(long timeoutNanos, long nowNanos, NanoClock clock) throws IOException {
    long left = timeoutNanos;
    try {
      while (events.isEmpty()) {
        checkUsable();
        Optional<Message> message = next(left);
        if (message.isEmpty()) {
          return Optional.empty();
        }
        if (!message.get().header().isWatchEvent()) {
          throw new IOException("EBADF: a reply to no request: " + message.get().header());
        }
        queue(message.get());
        left =
            left == WaitQueue.FOREVER
                ? left
                : Math.max(0, timeoutNanos - (clock.nanos() - nowNanos));
      }
      return Optional.of(events.remove());
    } catch (InterruptedIOException e) {
      throw e; // nothing is under way: the connection stays usable
    } catch (IOException e) {
      throw breakDown(e);
    }
  }

  /// Time since some origin.
  interface NanoClock {
    long nanos();
  }

  /// Forgets the events of a watch that wait already.
  void dropEvents(String token) {
    events.removeIf(event -> event.token().equals(token));
  }

  private Optional<Message> next(long timeoutNanos) throws IOException {
    while (true) {
      Optional<Message> message = decode();
      if (message.isPresent()) {
        return message;
      }
      input.clear();
      try {
        if (!stream.read(input, timeoutNanos)) {
          return Optional.empty();
        }
      } finally {
        input.flip();
      }
    }
  }

  private Optional<Message> decode() throws IOException {
    try {
      return decoder.next(input);
    } catch (XenstoreException e) {
      // Not a refusal of the store's, but the end of the stream.
      throw new IOException("the store broke the protocol: " + e.getMessage(), e);
    }
  }

  private void checkUsable() throws IOException {
    IOException cause = broken;
    if (cause != null) {
      throw new IOException("the connection to the store is broken: " + cause.getMessage(), cause);
    }
  }

  private IOException breakDown(IOException cause) {
    if (broken == null) {
      broken = cause;
      stream.close();
    }
    return cause;
  }

  void close() {
    breakDown(new IOException("closed"));
  }
}

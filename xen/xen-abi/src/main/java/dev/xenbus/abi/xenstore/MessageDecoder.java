package dev.xenbus.abi.xenstore;

import dev.xenbus.abi.Errno;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Puts messages together from pieces of any size, as they come from a socket, a pipe or a ring.
///
/// Threads: one at a time.
public final class MessageDecoder {
  private final ByteBuffer headerBytes = ByteBuffer.allocate(MessageHeader.BYTES);
  private @Nullable MessageHeader header;
  private ByteBuffer payload = ByteBuffer.allocate(0);

  /// Makes a decoder at the start of a message.
  public MessageDecoder() {}

  /// Takes bytes from the buffer up to the end of the message that has begun.
  ///
  /// @return the message if it is complete, or empty if the buffer had too few bytes, all of which
  ///     were taken
  /// @throws XenstoreException `E2BIG` if the header has an impossible length: the stream is of no
  ///     more use then
  public Optional<Message> next(ByteBuffer from) throws XenstoreException {
    MessageHeader current = header;
    if (current == null) {
      move(from, headerBytes);
      if (headerBytes.hasRemaining()) {
        return Optional.empty();
      }
      current = MessageHeader.readFrom(headerBytes.flip());
      headerBytes.clear();
      if (!current.isLengthValid()) {
        throw new XenstoreException(
            Errno.E2BIG, "message of " + Integer.toUnsignedString(current.length()) + " bytes");
      }
      header = current;
      payload = ByteBuffer.allocate(current.length());
    }
    move(from, payload);
    if (payload.hasRemaining()) {
      return Optional.empty();
    }
    header = null;
    return Optional.of(new Message(current, payload.array()));
  }

  /// Forgets the message that has begun.
  public void reset() {
    header = null;
    headerBytes.clear();
  }

  private static void move(ByteBuffer from, ByteBuffer to) {
    int bytes = Math.min(from.remaining(), to.remaining());
    to.put(to.position(), from, from.position(), bytes);
    to.position(to.position() + bytes);
    from.position(from.position() + bytes);
  }
}

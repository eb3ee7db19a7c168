package dev.xenbus.launcher;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;

/// What travels over the control socket: the server greets with one line, then both sides send
/// frames.
///
/// ```
/// +------+--------------------+---------+
/// | type | length, big-endian | payload |
/// |  1   |         4          | length  |
/// +------+--------------------+---------+
/// ```
final class ControlProtocol {
  /// The server's first line; the number is the version.
  static final String GREETING = "xenemu-control 1\n";

  /// A longer frame is refused.
  static final int PAYLOAD_BYTES_MAX = 1 << 20;

  private static final int HEADER_BYTES = 5;

  private ControlProtocol() {}

  /// What a frame is.
  enum FrameType {
    /// To the server, first of all: the folder that file names are relative to.
    FOLDER('D'),
    /// To the server: run this line.
    COMMAND('C'),
    /// To the server: Ctrl-C.
    INTERRUPT('I'),
    /// To the client: standard output.
    OUT('O'),
    /// To the client: standard error.
    ERR('E'),
    /// To the client: the exit code, decimal; the command is done.
    EXIT('X');

    private final byte code;

    FrameType(char code) {
      this.code = (byte) code;
    }

    static FrameType of(byte code) throws IOException {
      for (FrameType type : values()) {
        if (type.code == code) {
          return type;
        }
      }
      throw new IOException("control socket: frame of unknown type " + code);
    }
  }

  /// One frame.
  ///
  /// @param type what it is
  /// @param text its payload
  record Frame(FrameType type, String text) {}

  static void send(ByteChannel channel, FrameType type, String text) throws IOException {
    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES + payload.length);
    frame.put(type.code).putInt(payload.length).put(payload).flip();
    while (frame.hasRemaining()) {
      channel.write(frame);
    }
  }

  /// Reads a frame, waiting for it.
  ///
  /// @throws EOFException if the other side closed
  static Frame receive(ByteChannel channel) throws IOException {
    ByteBuffer header = read(channel, HEADER_BYTES);
    FrameType type = FrameType.of(header.get());
    int length = header.getInt();
    if (length < 0 || length > PAYLOAD_BYTES_MAX) {
      throw new IOException("control socket: frame of " + length + " bytes");
    }
    return new Frame(type, StandardCharsets.UTF_8.decode(read(channel, length)).toString());
  }

  static void greet(ByteChannel channel) throws IOException {
    channel.write(ByteBuffer.wrap(GREETING.getBytes(StandardCharsets.US_ASCII)));
  }

  /// Reads the greeting.
  ///
  /// @throws IOException if it is another version's
  static void checkGreeting(ByteChannel channel) throws IOException {
    ByteBuffer greeting = read(channel, GREETING.length());
    String text = StandardCharsets.US_ASCII.decode(greeting).toString();
    if (!text.equals(GREETING)) {
      throw new IOException("control socket: another version answers: " + text.strip());
    }
  }

  private static ByteBuffer read(ByteChannel channel, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("control socket: closed");
      }
    }
    return buffer.flip();
  }
}

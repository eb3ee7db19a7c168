package dev.xenbus.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// A client's end of a socket: frames out, frames in, nothing more.
///
/// Like libxenstore it sends header and payload in two writes, so that the server is woken by a
/// part; a batch goes out in one.
final class Connection implements AutoCloseable {
  static final int READ = 2;
  static final int WATCH = 4;
  static final int START = 6;
  static final int END = 7;
  static final int WRITE = 11;
  static final int EVENT = 15;
  static final int ERROR = 16;

  private static final int HEADER_BYTES = 16;
  private static final int BUFFER_BYTES = 1 << 17;

  final SocketChannel channel;
  private final ByteBuffer out =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer in =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN).limit(0);

  /// Of the frame that [#next] took: its type, and its first payload bytes as a number.
  int type;

  private int payloadAt;
  private int payloadBytes;

  Connection(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
  }

  /// Adds a frame to what [#flush] sends.
  void put(int frameType, int transaction, byte[] payload) {
    out.putInt(frameType).putInt(0).putInt(transaction).putInt(payload.length).put(payload);
  }

  /// Sends one frame as libxenstore does.
  void send(int frameType, int transaction, byte[] payload) throws IOException {
    put(frameType, transaction, payload);
    out.flip();
    int end = out.limit();
    write(out.limit(HEADER_BYTES));
    write(out.limit(end));
    out.clear();
  }

  /// Sends what was put, in one write.
  void flush() throws IOException {
    write(out.flip());
    out.clear();
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes); // a server that is woken reads soon
    }
  }

  /// Takes the next frame that is there.
  ///
  /// @param reads whether the socket is asked if the buffer has none
  /// @return whether there was one
  boolean next(boolean reads) throws IOException {
    if (!isWhole()) {
      if (!reads) {
        return false;
      }
      in.compact();
      int count = channel.read(in);
      in.flip();
      if (count < 0) {
        throw new EOFException("the server hung up");
      }
      if (!isWhole()) {
        return false;
      }
    }
    int at = in.position();
    type = in.getInt(at);
    payloadBytes = in.getInt(at + 12);
    payloadAt = at + HEADER_BYTES;
    in.position(payloadAt + payloadBytes);
    return true;
  }

  private boolean isWhole() {
    return in.remaining() >= HEADER_BYTES
        && in.remaining() >= HEADER_BYTES + in.getInt(in.position() + 12);
  }

  /// Returns the number that the last frame's payload is.
  int number() {
    int number = 0;
    for (int i = payloadAt; i < payloadAt + payloadBytes && in.get(i) != 0; i++) {
      number = number * 10 + in.get(i) - '0';
    }
    return number;
  }

  /// Returns the last frame's payload.
  String text() {
    byte[] bytes = new byte[payloadBytes];
    in.get(payloadAt, bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /// Waits for the next frame, on a blocking socket.
  void await() throws IOException {
    while (!next(true)) {
      // a part came
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

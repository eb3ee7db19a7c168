package dev.xenbus.xenstored.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Cuts a [StateStream] into records, and checks that each is whole.
final class StateReader {
  private static final int VERSION_FIRST = 1;

  private final InputStream in;
  private final ByteOrder order;
  private long at;
  private long recordAt;
  private int type;
  private ByteBuffer body = ByteBuffer.allocate(0);

  /// Reads the preamble.
  ///
  /// @throws BadState if it is none, or of a version that we do not know
  StateReader(InputStream in) throws IOException {
    this.in = in;
    ByteBuffer preamble = ByteBuffer.wrap(bytes(16));
    byte[] magic = new byte[StateStream.MAGIC.length];
    preamble.get(magic);
    if (!Arrays.equals(magic, StateStream.MAGIC)) {
      throw new BadState(0, "no saved store: it does not begin with 'xenstore'");
    }
    int version = preamble.getInt();
    if (version < VERSION_FIRST || version > StateStream.VERSION) {
      throw new BadState(
          8, "version " + Integer.toUnsignedString(version) + "; 1 and 2 can be read");
    }
    boolean big = (preamble.getInt() & StateStream.BIG_ENDIAN_RECORDS) != 0;
    order = big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
  }

  private byte[] bytes(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new BadState(at + bytes.length, "ends in the middle");
    }
    at += count;
    return bytes;
  }

  /// Reads the next record.
  ///
  /// @return false if it was the last one
  boolean next() throws IOException {
    recordAt = at;
    ByteBuffer head = ByteBuffer.wrap(bytes(8)).order(order);
    type = head.getInt();
    int length = head.getInt();
    if (length < 0 || length > StateStream.RECORD_BYTES_MAX) {
      throw bad("a record of " + Integer.toUnsignedString(length) + " bytes");
    }
    body = ByteBuffer.wrap(bytes(length)).order(order);
    bytes(StateStream.padding(length));
    if (type == StateStream.END && in.read() >= 0) {
      throw new BadState(at, "more behind the end");
    }
    return type != StateStream.END;
  }

  int type() {
    return type;
  }

  BadState bad(String why) {
    return new BadState(recordAt, why);
  }

  private void require(int count) throws BadState {
    if (body.remaining() < count) {
      throw bad("a record of type " + type + " that is too short");
    }
  }

  int u8() throws BadState {
    require(1);
    return body.get() & 0xFF;
  }

  int u16() throws BadState {
    require(2);
    return body.getShort() & 0xFFFF;
  }

  int i32() throws BadState {
    require(4);
    return body.getInt();
  }

  byte[] take(int count) throws BadState {
    require(count);
    byte[] taken = new byte[count];
    body.get(taken);
    return taken;
  }

  /// A string of the given length, whose last byte is its only NUL; returned without it.
  byte[] string(int length) throws BadState {
    byte[] text = take(length);
    for (int i = 0; i < length; i++) {
      if ((text[i] == 0) != (i == length - 1)) {
        throw bad("a string without its NUL at its end");
      }
    }
    if (length == 0) {
      throw bad("a string without its NUL at its end");
    }
    return Arrays.copyOf(text, length - 1);
  }

  /// A string up to its NUL.
  String name() throws BadState {
    StringBuilder name = new StringBuilder();
    for (int c = u8(); c != 0; c = u8()) {
      name.append((char) c);
    }
    return name.toString();
  }
}

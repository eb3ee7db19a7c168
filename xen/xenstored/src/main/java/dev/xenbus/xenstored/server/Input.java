package dev.xenbus.xenstored.server;

import dev.xenbus.abi.xenstore.XenstoreLimits;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Bytes of a client that were read and not yet executed: whole messages and perhaps a part of one.
/// Holds no memory while it is empty.
final class Input {
  /// How much is read at once: hundreds of usual requests.
  static final int BYTES = 1 << 15;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int HEADER = XenstoreLimits.HEADER_BYTES;
  private static final int LENGTH_OFFSET = 12;
  private static final byte[] NONE = {};

  private final BytePool pool;
  private byte[] bytes = NONE;
  private int start;
  private int end;

  Input(BytePool pool) {
    this.pool = pool;
  }

  byte[] bytes() {
    return bytes;
  }

  int start() {
    return start;
  }

  /// Whether a whole header is there whose length no payload may have. As an unsigned number.
  boolean isBroken() {
    return end - start >= HEADER
        && Integer.compareUnsigned(length(), XenstoreLimits.PAYLOAD_BYTES_MAX) > 0;
  }

  /// The length in the header.
  int length() {
    return (int) INT.get(bytes, start + LENGTH_OFFSET);
  }

  /// Whether a whole message is there. Not asked while [#isBroken].
  boolean hasMessage() {
    return end - start >= HEADER && end - start >= HEADER + length();
  }

  boolean isEmpty() {
    return start == end;
  }

  /// How many more bytes can be taken.
  int room() {
    return BYTES - (end - start);
  }

  /// Takes what is in the buffer.
  void add(ByteBuffer from) {
    int count = from.remaining();
    reserve(count);
    from.get(bytes, end, count);
    end += count;
  }

  /// Makes place for more bytes, to be put behind [#end], and then [#added].
  void reserve(int count) {
    if (bytes.length - end >= count) {
      return;
    }
    if (bytes.length < BYTES) {
      byte[] larger = pool.take();
      System.arraycopy(bytes, start, larger, 0, end - start);
      bytes = larger;
    } else {
      System.arraycopy(bytes, start, bytes, 0, end - start);
    }
    end -= start;
    start = 0;
  }

  int end() {
    return end;
  }

  void added(int count) {
    end += count;
  }

  /// The first message was executed.
  void pass() {
    start += HEADER + length();
    if (start == end) {
      release();
    }
  }

  /// Gives memory back that is not needed while nothing comes: keeps what is there alone.
  void rest() {
    if (bytes.length == BYTES && !isEmpty()) {
      byte[] part = Arrays.copyOfRange(bytes, start, end);
      pool.give(bytes);
      bytes = part;
      end -= start;
      start = 0;
    }
  }

  /// Forgets everything.
  void release() {
    if (bytes.length == BYTES) {
      pool.give(bytes);
    }
    bytes = NONE;
    start = 0;
    end = 0;
  }
}

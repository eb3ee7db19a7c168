package dev.xenbus.abi.xenstore;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The 16 bytes before each payload (`struct xsd_sockmsg`), little-endian.
///
/// ```
///   0        4        8        12       16
///   +--------+--------+--------+--------+----------------
///   | type   | req_id | tx_id  | len    | payload, len bytes
///   +--------+--------+--------+--------+----------------
/// ```
///
/// @param type number of the [MessageType]; any bits from a peer
/// @param requestId chosen by the client, copied to the reply
/// @param transactionId 0 outside of transactions; copied to the reply
/// @param length bytes of the payload; any bits from a peer: check it with [#isLengthValid]
public record MessageHeader(int type, int requestId, int transactionId, int length) {
  /// Bytes of a header.
  public static final int BYTES = XenstoreLimits.HEADER_BYTES;

  /// Returns whether the length is one that a payload may have. As an unsigned number: a negative
  /// `int` is far too long.
  public boolean isLengthValid() {
    return length >= 0 && length <= XenstoreLimits.PAYLOAD_BYTES_MAX;
  }

  /// Returns whether this is an event of a watch.
  public boolean isWatchEvent() {
    return type == MessageType.WATCH_EVENT.code();
  }

  /// Returns whether this is the reply to a failed request.
  public boolean isError() {
    return type == MessageType.ERROR.code();
  }

  /// Writes the 16 bytes at the buffer's position, whatever byte order the buffer has.
  ///
  /// @throws java.nio.BufferOverflowException if fewer than 16 bytes remain
  public void writeTo(ByteBuffer buffer) {
    ByteOrder order = buffer.order();
    buffer.order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(type).putInt(requestId).putInt(transactionId).putInt(length);
    buffer.order(order);
  }

  /// Reads 16 bytes at the buffer's position, whatever byte order the buffer has.
  ///
  /// @throws java.nio.BufferUnderflowException if fewer than 16 bytes remain
  public static MessageHeader readFrom(ByteBuffer buffer) {
    ByteOrder order = buffer.order();
    buffer.order(ByteOrder.LITTLE_ENDIAN);
    MessageHeader header =
        new MessageHeader(buffer.getInt(), buffer.getInt(), buffer.getInt(), buffer.getInt());
    buffer.order(order);
    return header;
  }
}

package dev.xenbus.abi.xenstore;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A header with its payload, as clients handle it. (The daemon works in its buffers instead.)
///
/// @param header the header; its length is the payload's
/// @param payload the payload; not to be changed
@SuppressWarnings("ArrayRecordComponent") // a value for the length of one call; nobody compares it
public record Message(MessageHeader header, byte[] payload) {
  /// Checks the length.
  ///
  /// @throws IllegalArgumentException if header and payload do not agree
  public Message {
    if (header.length() != payload.length) {
      throw new IllegalArgumentException(header + " with " + payload.length + " bytes");
    }
  }

  /// Returns a message with the given payload.
  ///
  /// @throws IllegalArgumentException if the payload is longer than 4096 bytes
  public static Message of(
      MessageType type, int requestId, TransactionId transaction, byte[] payload) {
    if (payload.length > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException(type + " with " + payload.length + " bytes");
    }
    return new Message(
        new MessageHeader(type.code(), requestId, transaction.value(), payload.length), payload);
  }

  /// Returns header and payload in one array.
  public byte[] encode() {
    byte[] bytes = new byte[MessageHeader.BYTES + payload.length];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    header.writeTo(buffer);
    buffer.put(payload);
    return bytes;
  }

  /// Returns the payload's strings: each ends at a NUL; bytes after the last NUL are one more.
  public List<String> strings() {
    List<String> strings = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < payload.length; i++) {
      if (payload[i] == 0) {
        strings.add(text(start, i));
        start = i + 1;
      }
    }
    if (start < payload.length) {
      strings.add(text(start, payload.length));
    }
    return strings;
  }

  /// Returns the payload as text, without the NUL at its end if there is one.
  public String string() {
    int end = payload.length;
    return text(0, end > 0 && payload[end - 1] == 0 ? end - 1 : end);
  }

  private String text(int start, int end) {
    return new String(payload, start, end - start, StandardCharsets.ISO_8859_1);
  }

  /// Returns the strings one after the other, each with a NUL behind it: a payload.
  ///
  /// @throws IllegalArgumentException if one of them has a NUL or a char above 255
  public static byte[] payloadOf(String... strings) {
    int bytes = Arrays.stream(strings).mapToInt(s -> s.length() + 1).sum();
    byte[] payload = new byte[bytes];
    int at = 0;
    for (String string : strings) {
      for (int i = 0; i < string.length(); i++) {
        char c = string.charAt(i);
        if (c == 0 || c > 255) {
          throw new IllegalArgumentException("no string of the protocol: " + string);
        }
        payload[at++] = (byte) c;
      }
      at++;
    }
    return payload;
  }
}

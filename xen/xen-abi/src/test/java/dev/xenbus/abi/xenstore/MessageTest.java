package dev.xenbus.abi.xenstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MessageTest {
  @Test
  void headerIsFourLittleEndianWords() {
    Message message =
        Message.of(MessageType.WRITE, 0x01020304, TransactionId.of(7), new byte[] {'/', 'a', 0, 1});
    assertEquals(
        "0b000000" + "04030201" + "07000000" + "04000000" + "2f610001",
        HexFormat.of().formatHex(message.encode()));
  }

  @Test
  void everyTypeIsFoundByItsCodeAndTheGapsByNone() {
    for (MessageType type : MessageType.values()) {
      assertEquals(Optional.of(type), MessageType.ofCode(type.code()));
    }
    for (int code : new int[] {-1, 20, 27, 500, 65535, Integer.MIN_VALUE}) {
      assertEquals(Optional.empty(), MessageType.ofCode(code));
    }
  }

  @Test
  void lengthIsUnsigned() {
    assertTrue(new MessageHeader(2, 0, 0, 4096).isLengthValid());
    assertFalse(new MessageHeader(2, 0, 0, 4097).isLengthValid());
    assertFalse(new MessageHeader(2, 0, 0, 0x80000000).isLengthValid());
    assertFalse(new MessageHeader(2, 0, 0, -1).isLengthValid());
  }

  @Test
  void decoderTakesPiecesOfAnySize() throws XenstoreException {
    byte[] first = Message.of(MessageType.READ, 1, TransactionId.NONE, bytes("/a\0")).encode();
    byte[] second = Message.of(MessageType.RM, 2, TransactionId.NONE, new byte[0]).encode();
    byte[] both = new byte[first.length + second.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    for (int piece = 1; piece <= both.length; piece++) {
      MessageDecoder decoder = new MessageDecoder();
      int messages = 0;
      for (int at = 0; at < both.length; at += piece) {
        ByteBuffer part = ByteBuffer.wrap(both, at, Math.min(piece, both.length - at));
        for (Optional<Message> m = decoder.next(part); m.isPresent(); m = decoder.next(part)) {
          assertArrayEquals(messages == 0 ? first : second, m.get().encode());
          messages++;
        }
        assertFalse(part.hasRemaining());
      }
      assertEquals(2, messages, "pieces of " + piece);
    }
  }

  @Test
  void decoderRefusesAnImpossibleLength() {
    ByteBuffer header = ByteBuffer.allocate(16);
    new MessageHeader(2, 0, 0, 4097).writeTo(header);
    XenstoreException e =
        assertThrows(XenstoreException.class, () -> new MessageDecoder().next(header.flip()));
    assertEquals(Errno.E2BIG, e.errno());
  }

  @Test
  void stringsEndAtNuls() {
    byte[] payload = Message.payloadOf("a", "", "bc");
    assertArrayEquals(bytes("a\0\0bc\0"), payload);
    Message message = Message.of(MessageType.DIRECTORY, 0, TransactionId.NONE, payload);
    assertEquals(List.of("a", "", "bc"), message.strings());
    assertThrows(IllegalArgumentException.class, () -> Message.payloadOf("a\0b"));
  }

  @Test
  void errorsOutsideOfTheTableGoOutAsEinval() {
    assertEquals("EINVAL", XenstoreErrors.toWire(Errno.ESRCH));
    assertEquals("EAGAIN", XenstoreErrors.toWire(Errno.EAGAIN));
    assertEquals(Errno.EINVAL, XenstoreErrors.fromWire("EQUOTA"));
    assertEquals(Errno.EPERM, XenstoreErrors.fromWire("EPERM"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
  }
}

package dev.xenbus.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.launcher.ControlProtocol.Frame;
import dev.xenbus.launcher.ControlProtocol.FrameType;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import org.junit.jupiter.api.Test;

class ControlProtocolTest {
  /// Bytes that were written come back, a few at a time.
  private static final class Loop implements ByteChannel {
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    private int readAt;

    @Override
    public int read(ByteBuffer into) {
      int count = Math.min(3, Math.min(into.remaining(), bytes.position() - readAt));
      if (count == 0) {
        return -1;
      }
      into.put(bytes.array(), readAt, count);
      readAt += count;
      return count;
    }

    @Override
    public int write(ByteBuffer from) {
      int count = Math.min(5, from.remaining());
      for (int i = 0; i < count; i++) {
        bytes.put(from.get());
      }
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void framesComeBackWhole() throws IOException {
    Loop loop = new Loop();
    ControlProtocol.send(loop, FrameType.COMMAND, "xl list # ä");
    ControlProtocol.send(loop, FrameType.EXIT, "0");
    assertEquals(new Frame(FrameType.COMMAND, "xl list # ä"), ControlProtocol.receive(loop));
    assertEquals(new Frame(FrameType.EXIT, "0"), ControlProtocol.receive(loop));
    assertThrows(EOFException.class, () -> ControlProtocol.receive(loop));
  }

  @Test
  void aFrameOfImpossibleLengthIsRefused() {
    Loop loop = new Loop();
    loop.bytes.put((byte) 'C').putInt(Integer.MAX_VALUE);
    IOException e = assertThrows(IOException.class, () -> ControlProtocol.receive(loop));
    assertEquals("control socket: frame of 2147483647 bytes", e.getMessage());
  }

  @Test
  void aFrameOfUnknownTypeIsRefused() {
    Loop loop = new Loop();
    loop.bytes.put((byte) '?').putInt(0);
    IOException e = assertThrows(IOException.class, () -> ControlProtocol.receive(loop));
    assertEquals("control socket: frame of unknown type 63", e.getMessage());
  }

  @Test
  void anotherVersionIsRefused() {
    Loop loop = new Loop();
    loop.bytes.put("xenemu-control 9\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    IOException e = assertThrows(IOException.class, () -> ControlProtocol.checkGreeting(loop));
    assertEquals("control socket: another version answers: xenemu-control 9", e.getMessage());
  }
}

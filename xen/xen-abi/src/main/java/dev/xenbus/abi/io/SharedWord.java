package dev.xenbus.abi.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// A little-endian 32-bit word that both ends access at once, with the memory order in the method's
/// name. Words are aligned; the segment is native.
final class SharedWord {
  private static final VarHandle WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private SharedWord() {}

  static int getOpaque(MemorySegment page, long offset) {
    return (int) WORD.getOpaque(page, offset);
  }

  static void setOpaque(MemorySegment page, long offset, int value) {
    WORD.setOpaque(page, offset, value);
  }

  static int getAcquire(MemorySegment page, long offset) {
    return (int) WORD.getAcquire(page, offset);
  }

  static void setRelease(MemorySegment page, long offset, int value) {
    WORD.setRelease(page, offset, value);
  }
}

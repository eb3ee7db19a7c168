package dev.xenbus.netfront;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Copies between arrays and pages.
final class Bytes {
  private Bytes() {}

  static void copy(byte[] from, int fromOffset, MemorySegment to, long toOffset, int length) {
    MemorySegment.copy(from, fromOffset, to, ValueLayout.JAVA_BYTE, toOffset, length);
  }

  static void copy(
      MemorySegment from, long fromOffset, MemorySegment to, long toOffset, int length) {
    MemorySegment.copy(from, fromOffset, to, toOffset, length);
  }

  static void copy(MemorySegment from, long fromOffset, byte[] to, int toOffset, int length) {
    MemorySegment.copy(from, ValueLayout.JAVA_BYTE, fromOffset, to, toOffset, length);
  }
}

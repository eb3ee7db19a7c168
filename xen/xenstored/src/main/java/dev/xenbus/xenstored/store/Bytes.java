package dev.xenbus.xenstored.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Slices of byte arrays as names and paths.
final class Bytes {
  static final byte[] EMPTY = new byte[0];

  private Bytes() {}

  /// The hash that grows by one byte: that of a prefix is met on the way to the whole.
  static int extend(int hash, byte next) {
    return 31 * hash + next;
  }

  static int hash(byte[] bytes, int start, int end) {
    int hash = 0;
    for (int i = start; i < end; i++) {
      hash = 31 * hash + bytes[i];
    }
    return hash;
  }

  /// Spreads what [#extend] leaves in the low bits.
  static int spread(int hash) {
    int h = hash * 0x9E3779B9;
    return h ^ (h >>> 15);
  }

  static boolean equal(byte[] a, byte[] b, int start, int end) {
    return Arrays.equals(a, 0, a.length, b, start, end);
  }

  static byte[] of(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static String text(byte[] bytes, int start, int end) {
    return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
  }

  static String text(byte[] bytes) {
    return text(bytes, 0, bytes.length);
  }
}

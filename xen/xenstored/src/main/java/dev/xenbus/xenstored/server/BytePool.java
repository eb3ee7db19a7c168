package dev.xenbus.xenstored.server;

import java.util.ArrayDeque;

/// Arrays of [Input#BYTES] to be used again.
final class BytePool {
  /// More than this many are left to the collector.
  private static final int KEPT_MAX = 64;

  private final ArrayDeque<byte[]> free = new ArrayDeque<>();

  byte[] take() {
    byte[] bytes = free.pollLast();
    return bytes == null ? new byte[Input.BYTES] : bytes;
  }

  void give(byte[] bytes) {
    if (free.size() < KEPT_MAX) {
      free.addLast(bytes);
    }
  }
}

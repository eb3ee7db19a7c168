package dev.xenbus.xenconsoled;

/// A queue of bytes with a bound; its array grows with what is in it.
///
/// Guarded by its owner's lock.
final class ByteQueue {
  private static final int BYTES_MIN = 256;

  private final int bytesMax;
  private byte[] bytes = new byte[0];
  private int head;
  private int size;

  ByteQueue(int bytesMax) {
    this.bytesMax = bytesMax;
  }

  int size() {
    return size;
  }

  int room() {
    return bytesMax - size;
  }

  /// Puts bytes at the end, as many as there is room for.
  ///
  /// @return how many were put
  int put(byte[] from, int offset, int length) {
    int count = Math.min(length, room());
    reserve(size + count);
    for (int i = 0; i < count; i++) {
      bytes[(head + size + i) % bytes.length] = from[offset + i];
    }
    size += count;
    return count;
  }

  /// Puts bytes at the end and drops the oldest ones that do not fit any more.
  void putDroppingOldest(byte[] from, int length) {
    int offset = Math.max(0, length - bytesMax);
    int needed = length - offset - room();
    if (needed > 0) {
      drop(needed);
    }
    put(from, offset, length - offset);
  }

  /// Copies bytes from the front, which stay.
  ///
  /// @return how many were copied
  int peek(byte[] into, int length) {
    int count = Math.min(length, size);
    for (int i = 0; i < count; i++) {
      into[i] = bytes[(head + i) % bytes.length];
    }
    return count;
  }

  /// Drops bytes from the front.
  void drop(int count) {
    head = bytes.length == 0 ? 0 : (head + count) % bytes.length;
    size -= count;
  }

  private void reserve(int wanted) {
    if (wanted <= bytes.length) {
      return;
    }
    byte[] larger =
        new byte[Math.min(bytesMax, Math.max(Math.max(wanted, BYTES_MIN), bytes.length * 2))];
    peek(larger, size);
    bytes = larger;
    head = 0;
  }
}

package dev.xenbus.abi.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// One direction of a byte stream in a shared page: the store's and the console's rings.
///
/// Indices run free modulo 2^32; the place of a byte is its index modulo the size, a power of two.
/// `producer - consumer` above the size is impossible and means that the peer is broken. Both
/// indices are read from the page on every call, each once, as the real daemons do: a peer that
/// writes nonsense loses its own data and nothing else, since every copy stays inside the ring.
///
/// A call copies at most up to the wrap point. Callers loop, and notify the other end after every
/// copy, also after taking: the other end may wait for room.
///
/// Threads: one producer and one consumer at a time.
public final class ByteRing {
  /// What a call answers if the indices are impossible.
  public static final int BROKEN = -1;

  private final MemorySegment page;
  private final long data;
  private final int size;
  private final long consumer;
  private final long producer;
  private final RingPoint point;

  /// Makes the view of one direction.
  ///
  /// @param page the shared page, native
  /// @param data offset of the bytes
  /// @param size number of bytes, a power of two
  /// @param consumer offset of the consumer index
  /// @param producer offset of the producer index
  ByteRing(MemorySegment page, long data, int size, long consumer, long producer, RingPoint point) {
    this.page = page;
    this.data = data;
    this.size = size;
    this.consumer = consumer;
    this.producer = producer;
    this.point = point;
  }

  /// Returns how many bytes the ring holds.
  public int size() {
    return size;
  }

  /// Returns how many bytes wait to be taken, 0 to [#size], or [#BROKEN]. For the consumer.
  public int readable() {
    int cons = ownIndex(consumer);
    return used(cons, peerIndex(producer));
  }

  /// Returns how many bytes may be put, 0 to [#size], or [#BROKEN]. For the producer.
  public int writable() {
    int prod = ownIndex(producer);
    int used = used(peerIndex(consumer), prod);
    return used == BROKEN ? BROKEN : size - used;
  }

  /// Returns the consumer's index: as long as it stays, nothing was taken. For the producer.
  public int taken() {
    return peerIndex(consumer);
  }

  /// Puts bytes, as many as fit before the wrap point.
  ///
  /// @return how many were put, 0 if the ring is full, or [#BROKEN]: then nothing was
  public int put(byte[] from, int offset, int length) {
    int prod = ownIndex(producer);
    // Acquire in peerIndex: the bytes are overwritten after the consumer has let them go.
    int used = used(peerIndex(consumer), prod);
    if (used == BROKEN) {
      return BROKEN;
    }
    int at = prod & (size - 1);
    int step = Math.min(length, Math.min(size - used, size - at));
    MemorySegment.copy(from, offset, page, ValueLayout.JAVA_BYTE, data + at, step);
    point.point();
    // Release: the consumer sees the bytes before the index. Pairs with peerIndex() in take().
    SharedWord.setRelease(page, producer, prod + step);
    return step;
  }

  /// Takes bytes, as many as are there before the wrap point.
  ///
  /// @return how many were taken, 0 if there are none, or [#BROKEN]: then nothing was
  public int take(byte[] to, int offset, int length) {
    int cons = ownIndex(consumer);
    // Acquire in peerIndex: the bytes are read after the index that announces them.
    int used = used(cons, peerIndex(producer));
    if (used == BROKEN) {
      return BROKEN;
    }
    int at = cons & (size - 1);
    int step = Math.min(length, Math.min(used, size - at));
    MemorySegment.copy(page, ValueLayout.JAVA_BYTE, data + at, to, offset, step);
    point.point();
    // Release: the bytes are read before the producer may overwrite them. Pairs with peerIndex()
    // in put().
    SharedWord.setRelease(page, consumer, cons + step);
    return step;
  }

  /// Empties the ring: both indices become 0. The other end must not use it meanwhile.
  public void reset() {
    point.point();
    SharedWord.setRelease(page, consumer, 0);
    point.point();
    SharedWord.setRelease(page, producer, 0);
  }

  /// Returns both indices for a log: consumer, colon, producer, eight hexadecimal digits each.
  public String indices() {
    return "%08x:%08x"
        .formatted(SharedWord.getOpaque(page, consumer), SharedWord.getOpaque(page, producer));
  }

  private int ownIndex(long offset) {
    // Opaque: this end alone writes it, unless the peer misbehaves; read once a call.
    return SharedWord.getOpaque(page, offset);
  }

  private int peerIndex(long offset) {
    point.point();
    // Acquire: pairs with the releases in put() and take().
    return SharedWord.getAcquire(page, offset);
  }

  private int used(int cons, int prod) {
    int used = prod - cons;
    return Integer.compareUnsigned(used, size) > 0 ? BROKEN : used;
  }
}

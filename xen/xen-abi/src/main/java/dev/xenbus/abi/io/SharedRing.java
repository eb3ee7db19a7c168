package dev.xenbus.abi.io;

import java.lang.foreign.MemorySegment;

/// The layout of a shared ring (`DEFINE_RING_TYPES`, `xen/include/public/io/ring.h`).
///
/// ```
///  0        4           8          12          16                     64
///  +--------+-----------+----------+-----------+---------//-----------+--------+--------+--
///  |req_prod| req_event | rsp_prod | rsp_event |  scratch, padding    | slot 0 | slot 1 | ...
///  +--------+-----------+----------+-----------+---------//-----------+--------+--------+--
///   frontend  backend     backend    frontend   <- who writes it        both
/// ```
///
/// A slot holds a request and then, in the same place, a response. Indices are free-running
/// unsigned 32-bit counters; every comparison is made on a wrapped difference. A ring of several
/// pages has this header in its first page only.
public final class SharedRing {
  /// Offset of the frontend's producer index.
  public static final int REQ_PROD = 0;

  /// Offset of the backend's threshold: it wants an event once `req_prod` reaches it.
  public static final int REQ_EVENT = 4;

  /// Offset of the backend's producer index.
  public static final int RSP_PROD = 8;

  /// Offset of the frontend's threshold: it wants an event once `rsp_prod` reaches it.
  public static final int RSP_EVENT = 12;

  /// Offset of the first slot.
  public static final int SLOTS = 64;

  private SharedRing() {}

  /// Returns how many slots a ring has: the largest power of two that fits behind the header.
  /// Mirrors `__RING_SIZE`.
  ///
  /// @param bytes size of all its pages
  /// @param slotBytes the larger of request and response, rounded up to its alignment
  /// @throws IllegalArgumentException if not a single slot fits
  public static int entries(long bytes, int slotBytes) {
    long fitting = slotBytes <= 0 ? 0 : (bytes - SLOTS) / slotBytes;
    if (fitting < 1) {
      throw new IllegalArgumentException("no slot of " + slotBytes + " bytes in " + bytes);
    }
    return (int) Long.highestOneBit(fitting);
  }

  /// Writes the initial header (`SHARED_RING_INIT`). The frontend does, before it grants the pages;
  /// the thresholds of 1 ask for an event at the first slot.
  public static void init(RingPages pages) {
    MemorySegment header = pages.header();
    header.asSlice(0, SLOTS).fill((byte) 0);
    SharedWord.setRelease(header, REQ_EVENT, 1);
    SharedWord.setRelease(header, RSP_EVENT, 1);
  }

  /// Returns whether the consumer wants an event: its threshold lies in the half-open interval
  /// (`previous`, `next`]. Unsigned differences, so that it survives the wrap at 2^32.
  static boolean crossed(int threshold, int previous, int next) {
    return Integer.compareUnsigned(next - threshold, next - previous) < 0;
  }
}

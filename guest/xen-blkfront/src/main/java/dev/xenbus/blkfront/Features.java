package dev.xenbus.blkfront;

import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.io.blkif.BlockLimits;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.api.XenbusDevice;

/// What the backend can do (`blkfront_gather_backend_features`).
///
/// @param barrier whether it takes barriers
/// @param flush whether it takes flushes
/// @param discard whether it takes discards
/// @param secureDiscard whether it takes those that cannot be undone
/// @param persistent whether grants may stay mapped
/// @param indirectSegments segments of an indirect request; 0 if there are no such requests
record Features(
    boolean barrier,
    boolean flush,
    boolean discard,
    boolean secureDiscard,
    boolean persistent,
    int indirectSegments) {

  static Features read(XenbusDevice device, BlkfrontOptions options) {
    long indirect =
        Math.min(number(device, "feature-max-indirect-segments"), options.indirectSegmentsMax());
    boolean discard = number(device, "feature-discard") != 0;
    return new Features(
        number(device, "feature-barrier") != 0,
        number(device, "feature-flush-cache") != 0,
        discard,
        discard && number(device, "discard-secure") != 0,
        options.persistent() && number(device, "feature-persistent") != 0,
        indirect <= BlockLimits.SEGMENTS_MAX ? 0 : (int) indirect);
  }

  private static long number(XenbusDevice device, String node) {
    return device.xenbus().readUnsigned(device.otherEndPath(), node, 0);
  }

  /// Returns whether there is any way to flush.
  boolean canFlush() {
    return barrier || flush;
  }

  /// Returns the operation that flushes: a flush is better than a barrier, which drains.
  int flushOperation() {
    return flush ? BlockOperations.FLUSH_DISKCACHE : BlockOperations.WRITE_BARRIER;
  }

  /// Returns how many pages a request has at most.
  int segmentsMax() {
    return indirectSegments == 0 ? BlockLimits.SEGMENTS_MAX : indirectSegments;
  }

  /// Returns how many sectors a request has at most.
  int sectorsMax() {
    return segmentsMax() * BlockLimits.PAGE_SECTORS;
  }

  /// Returns these without a way to flush.
  Features withoutFlush() {
    return new Features(false, false, discard, secureDiscard, persistent, indirectSegments);
  }

  /// Returns these without discards.
  Features withoutDiscard() {
    return new Features(barrier, flush, false, false, persistent, indirectSegments);
  }

  /// Returns how many pages so many sectors need.
  static int pages(long sectors) {
    return (int) ((sectors * BlockLimits.SECTOR_BYTES + XenPage.BYTES - 1) / XenPage.BYTES);
  }
}

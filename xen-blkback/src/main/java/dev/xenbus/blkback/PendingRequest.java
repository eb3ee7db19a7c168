package dev.xenbus.blkback;

import dev.xenbus.abi.io.blkif.BlockLimits;

/// A request that was taken off the ring and is not answered yet (`struct pending_req`); reused.
final class PendingRequest {
  final SegmentTable segments = new SegmentTable(BlockLimits.SEGMENTS_MAX);

  /// The frontend's id, which the response repeats.
  long id;

  /// What the response repeats: of an indirect request, its `indirect_op`.
  int operation;

  /// First sector.
  long sector;
}

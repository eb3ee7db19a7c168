package dev.xenbus.blkfront;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What this end knows of one ring request (`struct blk_shadow`), whatever the ring says. Guarded
/// by the device's lock.
final class Shadow {
  /// Our copy of the request, from which the ring's slot is filled.
  final MemorySegment copy;

  /// What it is for; null while it is free.
  Transfer.@Nullable Part part;

  /// The operation that the response must repeat.
  int operation;

  /// Pages with data, then those with descriptors.
  final List<GrantPool.Grant> grants = new ArrayList<>(1);

  /// How many of the pages have data.
  int dataPages;

  Shadow(MemorySegment copy) {
    this.copy = copy;
  }
}

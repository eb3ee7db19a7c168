package dev.xenbus.abi.hypercall;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Grant table operations (`GNTTABOP_*`). Data path: statuses are the numbers of [GrantStatus].
public interface GrantOperations {
  /// A mapping that its user may not write to.
  int MAP_READ_ONLY = 4;

  /// Grows the caller's own grant table of version 1 to at least `frames` frames of 512 entries.
  ///
  /// @return all its frames, in order; those returned before stay the same. See [GrantEntry].
  /// @throws HypercallException `ENOSPC` if that is more than [#tableFramesMax]; `ENOMEM`
  List<MemorySegment> setupTable(int frames) throws HypercallException;

  /// Returns the most frames that the caller's table may have.
  int tableFramesMax();

  /// Maps a page that another domain granted.
  ///
  /// @param granterDomid who granted it
  /// @param ref the reference in the granter's table
  /// @param flags 0 or [#MAP_READ_ONLY]
  /// @return the handle, 0 or more, or a negative status
  int map(int granterDomid, int ref, int flags);

  /// Returns the page behind a live handle.
  ///
  /// @throws IllegalArgumentException if the handle is not in use
  MemorySegment mapped(int handle);

  /// Ends a mapping.
  ///
  /// @return a status
  int unmap(int handle);

  /// Copies, one element after the other; each element's status is set.
  void copy(List<GrantCopy> batch);
}

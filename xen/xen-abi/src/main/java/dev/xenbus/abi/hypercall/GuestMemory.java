package dev.xenbus.abi.hypercall;

import java.lang.foreign.MemorySegment;

/// A domain's own memory: guest frames of 4096 bytes, zero until first written.
public interface GuestMemory {
  /// Returns how many frames the domain has; frame numbers are 0 to one less.
  int frames();

  /// Returns the page of a frame, native and page-aligned, populated by this call.
  ///
  /// @throws IllegalArgumentException if there is no such frame
  /// @throws OutOfMemoryError never; a machine without memory answers [HypercallException]
  MemorySegment page(int frame) throws HypercallException;

  /// Gives a populated frame back (decrease reservation); it reads as zero from then on.
  void release(int frame);
}

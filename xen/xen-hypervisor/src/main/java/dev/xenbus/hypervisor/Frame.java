package dev.xenbus.hypervisor;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One populated page of the machine (`struct page_info`).
///
/// `references` counts 1 for the allocation, 1 for each foreign mapping and 1 for each running
/// copy. At 0 the frame goes back to the pool. Owner and references are guarded by the owner's
/// `memoryLock`; a frame in the pool has no owner.
final class Frame {
  private final MemorySegment memory;
  private final long number;
  private @Nullable Domain owner;
  private int references;

  /// @param number unique in its machine
  Frame(MemorySegment memory, long number) {
    this.memory = memory;
    this.number = number;
  }

  /// Returns its number, unique in its machine.
  long number() {
    return number;
  }

  /// Returns its 4096 bytes.
  MemorySegment memory() {
    return memory;
  }

  @Nullable Domain owner() {
    return owner;
  }

  int references() {
    return references;
  }

  void allocated(@Nullable Domain newOwner) {
    owner = newOwner;
    references = 1;
  }

  void get() {
    references++;
  }

  /// Drops a reference; returns whether it was the last.
  boolean put() {
    references--;
    return references == 0;
  }

  void freed() {
    owner = null;
    references = 0;
  }
}

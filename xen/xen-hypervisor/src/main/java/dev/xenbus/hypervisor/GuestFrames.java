package dev.xenbus.hypervisor;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.HypercallException;
import java.lang.foreign.MemorySegment;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Which frame is behind each guest frame number of one domain, and how many pages the domain owns.
///
/// A guest frame is *unpopulated* at first: it is owned and reads as zero, and a frame is given to
/// it when it is first asked for. A populated one that is released becomes unpopulated again;
/// but if others still refer to its frame, that frame stays owned by the domain until they let
/// go, and the guest frame becomes a *hole*, which needs a new page to be populated again.
///
/// Guarded by the domain's `memoryLock`, all of it.
final class GuestFrames {
  private static final int LEAF_SHIFT = 7;
  private static final int LEAF_FRAMES = 1 << LEAF_SHIFT;
  private static final int LEAF_MASK = LEAF_FRAMES - 1;

  private final Domain domain;
  private final FramePool pool;
  private final int count;
  private final Frame hole = new Frame(MemorySegment.NULL, -1);
  private @Nullable Frame[] @Nullable [] leaves;
  private long owned;
  private long populated;
  private int relinquishNext;

  /// @param count number of guest frames; that many pages were reserved
  GuestFrames(Domain domain, FramePool pool, int count) {
    this.domain = domain;
    this.pool = pool;
    this.count = count;
    this.owned = count;
    this.leaves = new Frame[(count + LEAF_MASK) >> LEAF_SHIFT][];
    tellOwned();
  }

  private void tellOwned() {
    pool.facts().tell(XenFact.PAGES_OWNED, domain.id(), owned);
  }

  int count() {
    return count;
  }

  /// Returns how many pages the domain owns.
  long owned() {
    return owned;
  }

  boolean contains(int guestFrame) {
    return Integer.compareUnsigned(guestFrame, count) < 0;
  }

  /// Returns the frame behind a guest frame that exists, populated if it was not.
  ///
  /// @throws HypercallException `ENOMEM`
  Frame populated(int guestFrame) throws HypercallException {
    @Nullable Frame[] leaf = leaves[guestFrame >> LEAF_SHIFT];
    if (leaf == null) {
      leaf = new Frame[LEAF_FRAMES];
      leaves[guestFrame >> LEAF_SHIFT] = leaf;
    }
    Frame frame = leaf[guestFrame & LEAF_MASK];
    if (frame != null && frame != hole) {
      return frame;
    }
    boolean refill = frame == hole;
    if (refill && !pool.reserve(1)) {
      throw new HypercallException(Errno.ENOMEM, "XENMEM_populate_physmap: no free page");
    }
    Frame fresh = takeOrUnreserve(refill);
    fresh.allocated(domain);
    if (refill) {
      owned++;
      tellOwned();
    }
    populated++;
    leaf[guestFrame & LEAF_MASK] = fresh;
    return fresh;
  }

  private Frame takeOrUnreserve(boolean reserved) throws HypercallException {
    try {
      return pool.take();
    } catch (HypercallException e) {
      pool.unreserve(reserved ? 1 : 0);
      throw e;
    }
  }

  /// Makes a guest frame unpopulated, or a hole if others refer to its page.
  void release(int guestFrame) {
    @Nullable Frame[] leaf = leaves[guestFrame >> LEAF_SHIFT];
    Frame frame = leaf == null ? null : leaf[guestFrame & LEAF_MASK];
    if (leaf == null || frame == null || frame == hole) {
      return;
    }
    if (frame.put()) {
      leaf[guestFrame & LEAF_MASK] = null;
      populated--;
      pool.give(frame);
    } else {
      leaf[guestFrame & LEAF_MASK] = hole;
    }
  }

  /// Drops one reference to a frame that the domain owns; the last one frees the page.
  void put(Frame frame) {
    if (frame.put()) {
      populated--;
      owned--;
      tellOwned();
      pool.give(frame);
      pool.unreserve(1);
    }
  }

  /// Returns how many guest frames have a page.
  long populatedCount() {
    return populated;
  }

  /// Gives away what a suspended domain has in memory, by guest frame: the frames themselves, and
  /// copies of those that others map, which stay. The guest frames become holes.
  ///
  /// @throws HypercallException `ENOMEM` if a copy cannot be made: then nothing was given away
  SortedMap<Integer, Frame> handOver() throws HypercallException {
    SortedMap<Integer, Frame> given = new TreeMap<>();
    SortedMap<Integer, Frame> copies = new TreeMap<>();
    for (int guestFrame = 0; guestFrame < count; guestFrame++) {
      @Nullable Frame[] leaf = leaves[guestFrame >> LEAF_SHIFT];
      if (leaf == null) {
        guestFrame |= LEAF_MASK;
        continue;
      }
      Frame frame = leaf[guestFrame & LEAF_MASK];
      if (frame == null || frame == hole) {
        continue;
      }
      if (frame.references() == 1) {
        given.put(guestFrame, frame);
      } else {
        copies.put(guestFrame, copyOf(frame, copies));
      }
    }
    given.forEach(this::giveAway);
    given.putAll(copies);
    return given;
  }

  private Frame copyOf(Frame frame, SortedMap<Integer, Frame> copies) throws HypercallException {
    try {
      Frame copy = pool.take();
      copy.memory().copyFrom(frame.memory());
      copy.allocated(null);
      return copy;
    } catch (HypercallException e) {
      copies.values().forEach(pool::give);
      throw e;
    }
  }

  private void giveAway(int guestFrame, Frame frame) {
    @Nullable Frame[] leaf = leaves[guestFrame >> LEAF_SHIFT];
    if (leaf != null) {
      leaf[guestFrame & LEAF_MASK] = hole;
    }
    frame.allocated(null);
    populated--;
    owned--;
    tellOwned();
    pool.unreserve(1);
  }

  /// Takes a frame that another domain gave away for an unpopulated guest frame, whose page was
  /// reserved.
  void adopt(int guestFrame, Frame frame) {
    @Nullable Frame[] leaf = leaves[guestFrame >> LEAF_SHIFT];
    if (leaf == null) {
      leaf = new Frame[LEAF_FRAMES];
      leaves[guestFrame >> LEAF_SHIFT] = leaf;
    }
    if (leaf[guestFrame & LEAF_MASK] != null) {
      pool.give(frame);
      return; // somebody asked for it before
    }
    frame.allocated(domain);
    populated++;
    leaf[guestFrame & LEAF_MASK] = frame;
  }

  /// Drops the allocation references of a dying domain's pages, a slice at a time. Mirrors
  /// `relinquish_memory` (`xen/arch/x86/domain.c`).
  ///
  /// @return whether there is more to do: call again
  boolean relinquish(int leavesMax) {
    if (relinquishNext == 0) {
      pool.unreserve(owned - populated);
      owned = populated;
      tellOwned();
    }
    int end = Math.min(leaves.length, relinquishNext + leavesMax);
    for (; relinquishNext < end; relinquishNext++) {
      @Nullable Frame[] leaf = leaves[relinquishNext];
      for (int i = 0; leaf != null && i < LEAF_FRAMES; i++) {
        Frame frame = leaf[i];
        if (frame != null && frame != hole) {
          put(frame);
        }
      }
      leaves[relinquishNext] = null;
    }
    if (relinquishNext < leaves.length) {
      return true;
    }
    leaves = new Frame[0][];
    return false;
  }
}

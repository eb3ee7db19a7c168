package dev.xenbus.hypervisor;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.machine.RawSpinLock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/// The machine's memory: native frames, made when they are first needed and kept for reuse.
///
/// Two numbers are counted apart. *Free pages* is what the toolstack may still promise to domains:
/// total less what all domains own, populated or not. *Frames* are what really exists: a domain
/// owns a gigabyte in an instant, and costs what it has touched. Frames come in slabs, so that
/// thousands of guests need few native allocations; no allocation is made for one mapping.
final class FramePool {
  private static final int FIRST_SLAB_FRAMES = 64;
  private static final int SLAB_FRAMES_MAX = 4096;

  private final Arena arena;
  private final Facts facts;
  private final RawSpinLock lock = new RawSpinLock();

  @GuardedBy("lock")
  private final ArrayDeque<Frame> unused = new ArrayDeque<>();

  @GuardedBy("lock")
  private long freePages;

  @GuardedBy("lock")
  private long framesMade;

  @GuardedBy("lock")
  private MemorySegment slab = MemorySegment.NULL;

  @GuardedBy("lock")
  private long slabUsed;

  FramePool(Arena arena, long pages, Facts facts) {
    this.arena = arena;
    this.freePages = pages;
    this.facts = facts;
    facts.tell(XenFact.PAGES_TOTAL, pages, 0);
  }

  /// Returns whom everything about pages and grants is told.
  Facts facts() {
    return facts;
  }

  /// Takes pages from what is free, for a domain to own.
  ///
  /// @return false if there are not that many: then none were taken
  boolean reserve(long pages) {
    lock.lock();
    try {
      if (freePages < pages) {
        return false;
      }
      freePages -= pages;
      facts.tell(XenFact.PAGES_FREE, freePages, 0);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Gives owned pages back.
  void unreserve(long pages) {
    lock.lock();
    try {
      freePages += pages;
      facts.tell(XenFact.PAGES_FREE, freePages, 0);
    } finally {
      lock.unlock();
    }
  }

  long freePages() {
    lock.lock();
    try {
      return freePages;
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many frames exist, in use or not.
  long framesMade() {
    lock.lock();
    try {
      return framesMade;
    } finally {
      lock.unlock();
    }
  }

  /// Returns a zeroed frame with one reference.
  ///
  /// @throws HypercallException `ENOMEM` if the process has no native memory left
  Frame take() throws HypercallException {
    Frame reused;
    lock.lock();
    try {
      // The frame that was freed first: one that a dying guest's last instructions may still touch
      // is not somebody else's at once.
      reused = unused.pollFirst();
      if (reused == null) {
        return makeLocked();
      }
      facts.tell(XenFact.FRAME_TAKE, reused.number(), 0);
    } finally {
      lock.unlock();
    }
    reused.memory().fill((byte) 0);
    return reused;
  }

  /// Takes a frame back that nobody refers to.
  void give(Frame frame) {
    frame.freed();
    lock.lock();
    try {
      facts.tell(XenFact.FRAME_GIVE, frame.number(), 0);
      unused.addLast(frame);
    } finally {
      lock.unlock();
    }
  }

  /// Returns zeroed memory that is never given back, for what must be contiguous.
  MemorySegment contiguous(long bytes) throws HypercallException {
    try {
      return arena.allocate(bytes, XenPage.BYTES);
    } catch (OutOfMemoryError e) {
      throw new HypercallException(Errno.ENOMEM, "no native memory for " + bytes + " bytes");
    }
  }

  @GuardedBy("lock")
  private Frame makeLocked() throws HypercallException {
    if (slabUsed == slab.byteSize()) {
      long frames = Math.clamp(framesMade, FIRST_SLAB_FRAMES, SLAB_FRAMES_MAX);
      slab = contiguous(frames * XenPage.BYTES);
      slabUsed = 0;
    }
    Frame frame = new Frame(slab.asSlice(slabUsed, XenPage.BYTES, XenPage.BYTES), framesMade);
    slabUsed += XenPage.BYTES;
    framesMade++;
    facts.tell(XenFact.FRAME_TAKE, frame.number(), 0);
    return frame;
  }
}

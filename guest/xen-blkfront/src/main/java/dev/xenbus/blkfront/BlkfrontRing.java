package dev.xenbus.blkfront;

import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.blkif.BlockLimits;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.abi.io.blkif.BlockRequestLayout;
import dev.xenbus.abi.io.blkif.BlockResponseLayout;
import dev.xenbus.abi.io.blkif.BlockSegmentLayout;
import dev.xenbus.api.XenbusDevice.GrantedRing;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.machine.Task;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One ring of a device (`struct blkfront_ring_info`). Guarded by the device's lock.
final class BlkfrontRing {
  private static final BlockProtocol PROTOCOL = BlockProtocol.X86_64;

  /// A request that the backend has answered.
  ///
  /// @param part what it was for
  /// @param operation what it was
  /// @param status what the backend says
  record Answer(Transfer.Part part, int operation, int status) {}

  private final GrantedRing granted;
  private final GrantPool pool;
  private final int handle;
  private final RingPages slots;
  private final FrontRing ring;
  private final BlockRequestLayout layout = PROTOCOL.request();
  private final Shadow[] shadows;

  /// Indices of free shadows, a stack.
  private final int[] free;

  private int freeCount;
  private int unpushed;
  private volatile @Nullable EventChannel channel;

  /// Makes a ring in pages that are granted already.
  ///
  /// @param handle what requests say of which disk they are for
  BlkfrontRing(GrantedRing granted, GrantPool pool, int handle) {
    this.granted = granted;
    this.pool = pool;
    this.handle = handle;
    this.slots = RingPages.of(granted.pages().stream().map(Page::memory).toList());
    SharedRing.init(slots);
    this.ring = new FrontRing(slots, PROTOCOL.slotBytes(), () -> Task.point("blkif_sring"));
    this.shadows = new Shadow[ring.entries()];
    this.free = new int[ring.entries()];
    long slotBytes = PROTOCOL.slotBytes();
    MemorySegment copies = Arena.ofAuto().allocate(slotBytes * ring.entries(), Long.BYTES);
    for (int i = ring.entries() - 1; i >= 0; i--) {
      shadows[i] = new Shadow(copies.asSlice(i * slotBytes, slotBytes));
      free[freeCount] = i;
      freeCount++;
    }
  }

  void bind(EventChannel bound) {
    channel = bound;
  }

  @Nullable EventChannel channel() {
    return channel;
  }

  List<Integer> refs() {
    return granted.refs();
  }

  int entries() {
    return ring.entries();
  }

  boolean isFull() {
    return ring.isFull() || freeCount == 0;
  }

  // --- requests -------------------------------------------------------------------------------

  /// Puts a request on the ring, not yet visible to the backend; there is room.
  ///
  /// @return false if there was no page or grant for it
  boolean issue(Transfer.Part part, Features features) {
    int index = free[freeCount - 1];
    Shadow shadow = shadows[index];
    boolean filled =
        part.moves() ? fillData(shadow, index, part) : fillOther(shadow, index, part, features);
    if (!filled) {
      return false;
    }
    freeCount--;
    shadow.part = part;
    int next = ring.reqProdPvt();
    // As a whole: the backend may change the slot, what we remember is the shadow.
    slots.write(ring.slot(next), shadow.copy, 0, PROTOCOL.slotBytes());
    ring.reqProdPvt(next + 1);
    unpushed++;
    return true;
  }

  private boolean fillData(Shadow shadow, int index, Transfer.Part part) {
    int pages = Features.pages(part.sectors());
    int descriptorPages = pages > BlockLimits.SEGMENTS_MAX ? BlockLimits.indirectPages(pages) : 0;
    if (!takePages(shadow, pages, descriptorPages)) {
      return false;
    }
    boolean writes = part.request().operation() == Operation.WRITE;
    shadow.operation = writes ? BlockOperations.WRITE : BlockOperations.READ;
    if (descriptorPages == 0) {
      layout.direct(shadow.copy, shadow.operation, pages, handle, index, part.sector());
    } else {
      layout.indirect(shadow.copy, shadow.operation, pages, handle, index, part.sector());
      for (int i = 0; i < descriptorPages; i++) {
        layout.indirectRef(shadow.copy, i, shadow.grants.get(pages + i).ref());
      }
    }
    MemoryCursor memory = part.memory();
    long left = part.sectors();
    for (int i = 0; i < pages; i++) {
      int sectors = (int) Math.min(left, BlockLimits.PAGE_SECTORS);
      GrantPool.Grant grant = shadow.grants.get(i);
      if (writes) {
        memory.copyTo(grant.page().memory(), sectors * BlockLimits.SECTOR_BYTES);
      }
      describe(shadow, i, grant.ref(), sectors - 1, descriptorPages > 0);
      left -= sectors;
    }
    return true;
  }

  private void describe(Shadow shadow, int index, int ref, int last, boolean indirect) {
    if (!indirect) {
      BlockSegmentLayout.fill(shadow.copy, layout.segmentOffset(index), ref, 0, last);
      return;
    }
    int page = shadow.dataPages + index / BlockLimits.INDIRECT_PAGE_SEGMENTS;
    long place = (long) (index % BlockLimits.INDIRECT_PAGE_SEGMENTS) * BlockSegmentLayout.BYTES;
    BlockSegmentLayout.fill(shadow.grants.get(page).page().memory(), place, ref, 0, last);
  }

  private boolean takePages(Shadow shadow, int dataPages, int descriptorPages) {
    try {
      for (int i = 0; i < dataPages + descriptorPages; i++) {
        shadow.grants.add(pool.take());
      }
      shadow.dataPages = dataPages;
      return true;
    } catch (KernelException _) {
      // For now: the queue tries again when some come back.
      shadow.grants.forEach(pool::giveUnused);
      shadow.grants.clear();
      return false;
    }
  }

  private boolean fillOther(Shadow shadow, int index, Transfer.Part part, Features features) {
    Operation operation = part.request().operation();
    shadow.dataPages = 0;
    if (operation == Operation.FLUSH) {
      shadow.operation = features.flushOperation();
      layout.direct(shadow.copy, shadow.operation, 0, handle, index, 0);
      return true;
    }
    shadow.operation = BlockOperations.DISCARD;
    int flags = operation == Operation.SECURE_ERASE ? BlockRequestLayout.DISCARD_SECURE : 0;
    layout.discard(shadow.copy, flags, handle, index, part.sector(), part.sectors());
    return true;
  }

  /// Makes what was issued visible.
  ///
  /// @return whether the backend has to be sent an event
  boolean push() {
    if (unpushed == 0) {
      return false;
    }
    unpushed = 0;
    return ring.pushRequestsAndCheckNotify();
  }

  /// Returns whether something was issued and not pushed.
  boolean hasUnpushed() {
    return unpushed > 0;
  }

  // --- responses ------------------------------------------------------------------------------

  /// Takes the responses off the ring, until there are none and the next one will be told.
  ///
  /// @param persistent whether the backend may keep pages mapped
  /// @param answers where they go
  /// @return what the backend did wrong, or null; then nothing on the ring can be trusted any more
  @Nullable String consume(boolean persistent, List<Answer> answers) {
    boolean more;
    do {
      int prod = ring.rspProd();
      if (ring.isResponseOverflow(prod)) {
        return "backend returned %d responses, more than there are slots"
            .formatted(prod - ring.rspCons());
      }
      while (ring.rspCons() != prod) {
        long slot = ring.slot(ring.rspCons());
        String fault = consumeOne(slot, persistent, answers);
        if (fault != null) {
          return fault;
        }
        ring.rspCons(ring.rspCons() + 1);
      }
      more = false;
      if (ring.rspCons() != ring.reqProdPvt()) {
        more = ring.finalCheckForResponses();
      } else {
        // Nothing is outstanding, so nothing can come before the next request is made.
        ring.rspEvent(ring.rspCons() + 1);
      }
    } while (more);
    return null;
  }

  private @Nullable String consumeOne(long slot, boolean persistent, List<Answer> answers) {
    // Each field is read once; the page is the backend's too.
    long id = slots.getLong(slot + BlockResponseLayout.ID);
    int operation = Byte.toUnsignedInt(slots.getByte(slot + BlockResponseLayout.OPERATION));
    int status = slots.getShort(slot + BlockResponseLayout.STATUS);
    if (id < 0 || id >= shadows.length) {
      return "response has incorrect id (" + Long.toUnsignedString(id) + ")";
    }
    Shadow shadow = shadows[(int) id];
    Transfer.Part part = shadow.part;
    if (part == null) {
      return "response references no pending request (" + id + ")";
    }
    if (operation != shadow.operation) {
      return "response contains wrong operation (%d instead of %d)"
          .formatted(operation, shadow.operation);
    }
    if (operation == BlockOperations.READ) {
      copyBack(shadow, part);
    }
    GrantPool.Grant kept = giveBack(shadow);
    if (kept != null && !persistent) {
      return "backend has not unmapped grant: " + Integer.toUnsignedString(kept.ref());
    }
    release(shadow, (int) id);
    answers.add(new Answer(part, operation, status));
    return null;
  }

  private static void copyBack(Shadow shadow, Transfer.Part part) {
    MemoryCursor memory = part.memory();
    long left = part.sectors();
    for (int i = 0; i < shadow.dataPages; i++) {
      int sectors = (int) Math.min(left, BlockLimits.PAGE_SECTORS);
      memory.copyFrom(shadow.grants.get(i).page().memory(), sectors * BlockLimits.SECTOR_BYTES);
      left -= sectors;
    }
  }

  private GrantPool.@Nullable Grant giveBack(Shadow shadow) {
    GrantPool.Grant kept = null;
    for (GrantPool.Grant grant : shadow.grants) {
      if (!pool.give(grant)) {
        kept = grant;
      }
    }
    return kept;
  }

  private void release(Shadow shadow, int index) {
    shadow.part = null;
    shadow.grants.clear();
    free[freeCount] = index;
    freeCount++;
  }

  // --- end ------------------------------------------------------------------------------------

  /// Returns what the backend has not answered, in the order of the shadows, and forgets it. Its
  /// pages are freed once the backend lets go of them.
  List<Transfer.Part> abandon() {
    List<Transfer.Part> parts = new ArrayList<>();
    for (int i = 0; i < shadows.length; i++) {
      Shadow shadow = shadows[i];
      Transfer.Part part = shadow.part;
      if (part != null) {
        parts.add(part);
        shadow.grants.forEach(pool::end);
        release(shadow, i);
      }
    }
    return parts;
  }

  /// Closes channel and ring; what is outstanding was abandoned. The lock is not held: closing a
  /// channel waits for its handler.
  void close() {
    EventChannel bound = channel;
    if (bound != null) {
      channel = null;
      bound.close();
    }
    slots.close();
    granted.close();
  }

  /// Returns how many bytes of pages it has.
  int bytes() {
    return granted.pages().size() * XenPage.BYTES;
  }
}

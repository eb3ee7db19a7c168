package dev.xenbus.blkback;

import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockRequestLayout;
import dev.xenbus.abi.io.blkif.BlockStatus;
import dev.xenbus.machine.Task;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Takes requests off a ring (`do_block_io_op`). Owned by the ring's worker.
final class RingServer {
  /// How a round ended.
  enum Outcome {
    /// Nothing is left.
    NONE,
    /// Something is left that could not be taken now.
    MORE,
    /// The frontend lied about its producer index: never look at this ring again.
    HALTED
  }

  /// Pause after a request that was answered with an error, which slows down who makes many.
  private static final long ERROR_PAUSE_NANOS = 1_000_000;

  private final BlkifRing ring;
  private final Blkif blkif;
  private final Task worker;
  private final BlockRequestLayout layout;
  private final RequestDispatcher dispatcher;

  /// The private copy of the slot that is looked at now: read once, checked, used.
  private final MemorySegment copy;

  private boolean spurious = true;

  RingServer(BlkifRing ring, Blkif blkif, Task worker) {
    this.ring = ring;
    this.blkif = blkif;
    this.worker = worker;
    this.layout = blkif.protocol().request();
    this.dispatcher = new RequestDispatcher(ring, blkif, worker);
    this.copy = Arena.ofAuto().allocate(blkif.protocol().slotBytes(), Long.BYTES);
  }

  /// Returns whether no request was seen since the last call.
  boolean takeSpurious() {
    boolean was = spurious;
    spurious = true;
    return was;
  }

  /// Serves what is on the ring, and looks once more before it says that nothing is left.
  Outcome serve() {
    Outcome outcome;
    do {
      outcome = serveBatch();
    } while (outcome == Outcome.NONE && ring.ring().finalCheckForRequests());
    return outcome;
  }

  /// Mirrors `__do_block_io_op`. At most as many requests as the ring has slots.
  private Outcome serveBatch() {
    BackRing back = ring.ring();
    int reqProd = back.reqProd();
    if (back.isRequestOverflow(reqProd)) {
      int responses = back.rspProdPvt();
      blkif
          .kernel()
          .printk()
          .warn(
              "xen-blkback: Frontend provided bogus ring requests (%d - %d = %d). Halting ring processing on dev=%s"
                  .formatted(
                      reqProd, responses, reqProd - responses, blkif.openVbd().disk().number()));
      return Outcome.HALTED;
    }
    while (back.reqCons() != reqProd) {
      if (back.isConsumerOverflow(back.reqCons())) {
        break;
      }
      spurious = false;
      if (worker.shouldStop()) {
        return Outcome.MORE;
      }
      PendingRequest slot = ring.takeSlot();
      if (slot == null) {
        ring.statistics().outOfRequests.incrementAndGet();
        return Outcome.MORE;
      }
      back.pages().read(back.slot(back.reqCons()), copy, 0, copy.byteSize());
      // Before any response: the next response goes into this slot at the earliest.
      back.reqCons(back.reqCons() + 1);
      if (!dispatch(slot)) {
        Task.sleep(ERROR_PAUSE_NANOS);
        break;
      }
      Task.relax();
    }
    return Outcome.NONE;
  }

  private boolean dispatch(PendingRequest slot) {
    int operation = layout.operation(copy);
    return switch (operation) {
      case BlockOperations.READ,
          BlockOperations.WRITE,
          BlockOperations.WRITE_BARRIER,
          BlockOperations.FLUSH_DISKCACHE,
          BlockOperations.INDIRECT ->
          dispatcher.dispatchReadWrite(copy, slot);
      case BlockOperations.DISCARD -> {
        ring.freeSlot(slot);
        yield dispatcher.dispatchDiscard(copy);
      }
      default -> {
        ring.freeSlot(slot);
        ring.respond(layout.id(copy), operation, BlockStatus.EOPNOTSUPP);
        yield false;
      }
    };
  }
}

package dev.xenbus.blkback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.io.blkif.BlockLimits;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockRequestLayout;
import dev.xenbus.abi.io.blkif.BlockSegmentLayout;
import dev.xenbus.abi.io.blkif.BlockStatus;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Checks one request, maps its pages and submits it. Works on a private copy of the slot; nothing
/// is read from the ring. Owned by the ring's worker, but for completions.
final class RequestDispatcher {
  private final BlkifRing ring;
  private final Blkif blkif;
  private final Task worker;
  private final BlockRequestLayout layout;
  private final GrantMapper mapper;

  /// The pages of descriptors of an indirect request, mapped while it is parsed.
  private final SegmentTable descriptors = new SegmentTable(1);

  RequestDispatcher(BlkifRing ring, Blkif blkif, Task worker) {
    this.ring = ring;
    this.blkif = blkif;
    this.worker = worker;
    this.layout = blkif.protocol().request();
    this.mapper =
        new GrantMapper(
            blkif.kernel().grants(),
            ring.freePages(),
            ring.frontend(),
            blkif.isPersistent() ? ring.persistentGrants() : null);
  }

  /// Serves a request that moves data or flushes.
  ///
  /// @return false if it was answered with an error at once
  @KernelSymbol(value = "dispatch_rw_block_io", module = "xen_blkback")
  boolean dispatchReadWrite(MemorySegment copy, PendingRequest request) {
    int operation = layout.operation(copy);
    boolean indirect = operation == BlockOperations.INDIRECT;
    if (indirect) {
      operation = layout.indirectOperation(copy);
    }
    request.id = layout.id(copy);
    request.operation = operation;
    request.sector = layout.sector(copy);
    request.segments.reset(0);
    if (indirect && operation != BlockOperations.READ && operation != BlockOperations.WRITE) {
      return refuse(request);
    }
    count(operation);
    boolean parsed = indirect ? parseIndirect(copy, request) : parseDirect(copy, request);
    if (!parsed || !isPermitted(request)) {
      return refuse(request);
    }
    if (operation == BlockOperations.WRITE_BARRIER) {
      ring.drain(worker);
    }
    if (!mapper.map(request.segments, operation != BlockOperations.READ)) {
      unmap(request.segments);
      return refuse(request);
    }
    ring.begin();
    submit(request);
    return true;
  }

  private boolean refuse(PendingRequest request) {
    ring.respond(request.id, request.operation, BlockStatus.ERROR);
    ring.freeSlot(request);
    return false;
  }

  private void count(int operation) {
    RingStatistics statistics = ring.statistics();
    switch (operation) {
      case BlockOperations.READ -> statistics.reads.incrementAndGet();
      case BlockOperations.WRITE -> statistics.writes.incrementAndGet();
      default -> statistics.flushes.incrementAndGet();
    }
  }

  // --- checks ---------------------------------------------------------------------------------

  private boolean parseDirect(MemorySegment copy, PendingRequest request) {
    int segments = layout.segments(copy);
    boolean mayBeEmpty =
        request.operation == BlockOperations.WRITE_BARRIER
            || request.operation == BlockOperations.FLUSH_DISKCACHE;
    if (segments > BlockLimits.SEGMENTS_MAX || (segments == 0 && !mayBeEmpty)) {
      return false;
    }
    request.segments.reset(segments);
    for (int i = 0; i < segments; i++) {
      if (!parseSegment(request.segments, i, copy, layout.segmentOffset(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean parseSegment(
      SegmentTable segments, int index, MemorySegment from, long offset) {
    return segments.set(
        index,
        BlockSegmentLayout.ref(from, offset),
        BlockSegmentLayout.first(from, offset),
        BlockSegmentLayout.last(from, offset));
  }

  private boolean parseIndirect(MemorySegment copy, PendingRequest request) {
    int segments = layout.indirectSegments(copy);
    if (segments < 1 || segments > BlkbackOptions.INDIRECT_SEGMENTS_MAX) {
      return false;
    }
    int pages = BlockLimits.indirectPages(segments);
    descriptors.reset(pages);
    for (int i = 0; i < pages; i++) {
      descriptors.set(i, layout.indirectRef(copy, i), 0, BlockLimits.SECTOR_IN_PAGE_MAX);
    }
    boolean parsed = mapper.map(descriptors, true) && parseDescriptors(request.segments, segments);
    unmap(descriptors);
    return parsed;
  }

  /// Unmaps what nobody has used yet (`xen_blkbk_unmap`).
  private void unmap(SegmentTable segments) {
    List<MappedGrant> others = segments.release(blkif.kernel().clock().nanos());
    others.forEach(MappedGrant::close);
    ring.freePages().put(others.size());
  }

  /// Reads each field of the descriptors once: the pages are the frontend's.
  private boolean parseDescriptors(SegmentTable into, int segments) {
    into.reset(segments);
    for (int i = 0; i < segments; i++) {
      MemorySegment page = descriptors.page(i / BlockLimits.INDIRECT_PAGE_SEGMENTS).page();
      int place = i % BlockLimits.INDIRECT_PAGE_SEGMENTS;
      if (!parseSegment(into, i, page, (long) place * BlockSegmentLayout.BYTES)) {
        return false;
      }
    }
    return true;
  }

  private boolean isPermitted(PendingRequest request) {
    Vbd vbd = blkif.openVbd();
    if (request.operation != BlockOperations.READ && vbd.isReadOnly()) {
      return false;
    }
    if (!vbd.contains(request.sector, request.segments.sectors())) {
      return false;
    }
    int unit = vbd.disk().options().sectorBytes() / BlockLimits.SECTOR_BYTES;
    for (int i = 0; i < request.segments.count(); i++) {
      if (((request.sector | request.segments.sectors(i)) & (unit - 1)) != 0) {
        return false;
      }
    }
    return true;
  }

  // --- submission -----------------------------------------------------------------------------

  private void submit(PendingRequest request) {
    long sectors = request.segments.sectors();
    boolean reads = request.operation == BlockOperations.READ;
    if (reads || request.operation == BlockOperations.WRITE) {
      submitData(request);
    } else {
      blkif
          .openVbd()
          .disk()
          .submit(
              new BlockRequest(
                  Operation.FLUSH, 0, 0, List.of(), error -> flushed(request, sectors, error)));
    }
    var counter = reads ? ring.statistics().readSectors : ring.statistics().writeSectors;
    counter.addAndGet(sectors);
  }

  /// Data that comes with a flush follows once that is done, from a worker: a completion may not
  /// sleep, and submitting may.
  private void flushed(PendingRequest request, long sectors, @Nullable Errno error) {
    if (error != null || sectors == 0) {
      completed(request, error);
    } else {
      blkif.kernel().systemWorkQueue().queue(() -> submitData(request));
    }
  }

  private void submitData(PendingRequest request) {
    Operation operation =
        request.operation == BlockOperations.READ ? Operation.READ : Operation.WRITE;
    blkif
        .openVbd()
        .disk()
        .submit(
            new BlockRequest(
                operation,
                request.sector,
                request.segments.sectors(),
                request.segments.memory(),
                error -> completed(request, error)));
  }

  /// Mirrors `__end_block_io_op`. Any context.
  private void completed(PendingRequest request, @Nullable Errno error) {
    if (error == null) {
      ring.complete(request, BlockStatus.OKAY);
      return;
    }
    boolean flushes =
        request.operation == BlockOperations.WRITE_BARRIER
            || request.operation == BlockOperations.FLUSH_DISKCACHE;
    if (!flushes || error != Errno.EOPNOTSUPP) {
      ring.complete(request, BlockStatus.ERROR);
      return;
    }
    String feature =
        request.operation == BlockOperations.WRITE_BARRIER
            ? VbdNodes.FEATURE_BARRIER
            : VbdNodes.FEATURE_FLUSH;
    // From a worker: writing to the store sleeps.
    blkif
        .kernel()
        .systemWorkQueue()
        .queue(
            () -> {
              VbdNodes.withdraw(blkif, feature);
              ring.complete(request, BlockStatus.EOPNOTSUPP);
            });
  }

  // --- discard --------------------------------------------------------------------------------

  /// Serves a discard and waits until it is done.
  ///
  /// @return false if it was answered with an error
  @KernelSymbol(value = "dispatch_discard_io", module = "xen_blkback")
  boolean dispatchDiscard(MemorySegment copy) {
    long sector = layout.sector(copy);
    long sectors = layout.discardSectors(copy);
    Vbd vbd = blkif.openVbd();
    int status;
    if (vbd.isReadOnly() || !vbd.contains(sector, sectors)) {
      status = BlockStatus.ERROR;
    } else {
      ring.statistics().discards.incrementAndGet();
      status = status(discard(vbd, sector, sectors));
    }
    ring.respond(layout.id(copy), BlockOperations.DISCARD, status);
    return status == BlockStatus.OKAY;
  }

  private static int status(@Nullable Errno error) {
    if (error == null) {
      return BlockStatus.OKAY;
    }
    return error == Errno.EOPNOTSUPP ? BlockStatus.EOPNOTSUPP : BlockStatus.ERROR;
  }

  /// The flag for a secure erase counts only if that was offered, which it never is here.
  private @Nullable Errno discard(Vbd vbd, long sector, long sectors) {
    Completion done = blkif.kernel().cpu().completion("submit_bio_wait");
    var result = new AtomicReference<@Nullable Errno>();
    vbd.disk()
        .submit(
            new BlockRequest(
                Operation.DISCARD,
                sector,
                sectors,
                List.of(),
                error -> {
                  result.set(error);
                  done.complete();
                }));
    done.await(WaitQueue.FOREVER);
    return result.get();
  }
}

package dev.xenbus.blkfront;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.io.blkif.BlockLimits;
import dev.xenbus.linux.api.BlockRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A request of the block core on its way: as many parts as the ring's limits ask for. It is done
/// when the last part is; any error is the whole's.
final class Transfer {
  private final BlockRequest request;
  private final AtomicInteger left = new AtomicInteger();
  private volatile @Nullable Errno error;

  Transfer(BlockRequest request) {
    this.request = request;
  }

  BlockRequest request() {
    return request;
  }

  /// A piece that fits into one ring request.
  ///
  /// @param transfer the whole
  /// @param firstSector where it begins, counted from the start of the whole
  /// @param sectors how many it has; 0 of a flush
  record Part(Transfer transfer, long firstSector, long sectors) {
    BlockRequest request() {
      return transfer.request;
    }

    /// Returns its first sector on the disk.
    long sector() {
      return transfer.request.sector() + firstSector;
    }

    /// Ends it; with the last one the block core is told. No lock is held.
    void done(@Nullable Errno result) {
      transfer.partDone(result);
    }

    boolean moves() {
      return transfer.moves();
    }

    /// Returns the memory that it is about, from its start.
    MemoryCursor memory() {
      return new MemoryCursor(transfer.request.segments(), firstSector * BlockLimits.SECTOR_BYTES);
    }

    /// Splits it again, since the limits became smaller; once a part, whose place these take.
    List<Part> split(int sectorsMax) {
      List<Part> parts = transfer.cut(firstSector, sectors, sectorsMax);
      transfer.left.addAndGet(parts.size() - 1);
      return parts;
    }
  }

  private boolean moves() {
    return request.operation() == BlockRequest.Operation.READ
        || request.operation() == BlockRequest.Operation.WRITE;
  }

  /// Splits the whole; once.
  List<Part> split(int sectorsMax) {
    List<Part> parts = cut(0, request.sectors(), sectorsMax);
    left.set(parts.size());
    return parts;
  }

  private List<Part> cut(long first, long sectors, int sectorsMax) {
    if (!moves() || sectors <= sectorsMax) {
      return List.of(new Part(this, first, sectors));
    }
    List<Part> parts = new ArrayList<>();
    for (long at = 0; at < sectors; at += sectorsMax) {
      parts.add(new Part(this, first + at, Math.min(sectorsMax, sectors - at)));
    }
    return parts;
  }

  private void partDone(@Nullable Errno result) {
    if (result != null) {
      error = result;
    }
    if (left.decrementAndGet() == 0) {
      request.done().completed(error);
    }
  }
}

package dev.xenbus.blkback;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.Body;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.Timer;
import dev.xenbus.machine.TimerKind;
import dev.xenbus.machine.WaitQueue;
import java.util.List;

/// The thread of one ring, such as `1.xvda-0`.
///
/// Differs: the real one wakes every 100 ms, to compare the disk's size and to purge persistent
/// grants; this one sleeps until there is a request, the disk changed its size, or a grant was idle
/// for long enough.
final class RingWorker implements Body {
  static final long NANOS_PER_SECOND = 1_000_000_000L;

  /// Least time between two purges (`LRU_INTERVAL`).
  private static final long PURGE_INTERVAL_NANOS = 100_000_000L;

  private static final long LOG_INTERVAL_NANOS = 10 * NANOS_PER_SECOND;

  private final BlkifRing ring;
  private final Blkif blkif;
  private final Kernel kernel;
  private final PersistentGrants grants;
  private final long unusedNanos;
  private final Timer housekeeping;
  private final WaitQueue purged;

  /// Whether what the last purge took out is still being unmapped.
  private volatile boolean isPurging;

  private long nextPurgeNanos;
  private long nextLogNanos;

  RingWorker(BlkifRing ring, Blkif blkif) {
    this.ring = ring;
    this.blkif = blkif;
    this.kernel = blkif.kernel();
    this.grants = ring.persistentGrants();
    this.unusedNanos = blkif.options().unusedSeconds() * NANOS_PER_SECOND;
    this.housekeeping = kernel.cpu().timer("blkback_lru", TimerKind.HOUSEKEEPING, ring::attend);
    this.purged = kernel.cpu().waitQueue("flush_work");
    this.nextLogNanos = kernel.clock().nanos() + LOG_INTERVAL_NANOS;
  }

  /// Mirrors `xen_blkif_schedule` (`drivers/block/xen-blkback/blkback.c`).
  @Override
  @KernelSymbol(value = "xen_blkif_schedule", module = "xen_blkback")
  public int run(Task self) {
    RingServer server = new RingServer(ring, blkif, self);
    while (!self.shouldStop()) {
      if (blkif.openVbd().takeResize()) {
        VbdNodes.resize(blkif);
      }
      ring.awaitWork(self);
      boolean wasKicked = ring.takeKick();
      switch (server.serve()) {
        case MORE -> ring.kick();
        case HALTED -> ring.awaitStop(self);
        case NONE -> {}
      }
      if (wasKicked && !ring.isKicked()) {
        ring.endOfInterrupt(server.takeSpurious());
      }
      keepHouse(self);
    }
    housekeeping.cancel();
    purged.await(Task.State.D, WaitQueue.FOREVER, () -> !isPurging);
    ring.workerEnds();
    return 0;
  }

  private void keepHouse(Task self) {
    MappedGrant first = grants.first();
    if (first != null) {
      kernel.stallPage("pgrant", self.comm(), first);
    }
    long now = kernel.clock().nanos();
    if (blkif.isPersistent() && now >= nextPurgeNanos) {
      nextPurgeNanos = now + PURGE_INTERVAL_NANOS;
      purge(now);
    }
    if (blkif.options().logStats() && now >= nextLogNanos) {
      nextLogNanos = now + LOG_INTERVAL_NANOS;
      int max = blkif.options().persistentGrantsMax();
      kernel.printk().info(ring.statistics().logLineAndReset(self.comm(), grants.count(), max));
    }
    ring.freePages().shrink(blkif.isSqueezed(now) ? 0 : blkif.options().bufferPagesMax());
    armHousekeeping(now);
  }

  /// Skipped while what the last one took out is still being unmapped.
  private void purge(long now) {
    if (isPurging) {
      return;
    }
    List<MappedGrant> idle = grants.purge(now, unusedNanos);
    if (!idle.isEmpty()) {
      isPurging = true;
      kernel
          .grants()
          .unmapAsync(
              idle,
              () -> {
                ring.freePages().put(idle.size());
                isPurging = false;
                purged.wakeAll();
              });
    }
  }

  private void armHousekeeping(long now) {
    long next = blkif.options().logStats() ? nextLogNanos : Long.MAX_VALUE;
    if (grants.isOverfull()) {
      next = Math.min(next, nextPurgeNanos);
    }
    long oldest = grants.oldestUseNanos(now);
    if (unusedNanos > 0 && oldest != Long.MAX_VALUE) {
      next = Math.min(next, Math.max(oldest + unusedNanos, nextPurgeNanos));
    }
    if (next != Long.MAX_VALUE) {
      housekeeping.arm(Math.max(next - now, 1));
    }
  }
}

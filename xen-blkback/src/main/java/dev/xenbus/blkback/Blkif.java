package dev.xenbus.blkback;

import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.KernelSymbol;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// The data side of one device (`struct xen_blkif`): its rings and its disk.
///
/// Counts references: one of the backend's, one for each request in flight. When the last goes, a
/// worker disconnects again and closes the disk, so that a removal never waits for I/O.
///
/// Threads: rings and disk are set and taken by the backend's thread, then by the freeing worker;
/// workers and readers of statistics read them.
final class Blkif {
  private final XenbusDevice device;
  private final Kernel kernel;
  private final BlkbackOptions options;
  private final AtomicInteger references = new AtomicInteger(1);

  private volatile List<BlkifRing> rings = List.of();
  private volatile @Nullable Vbd vbd;

  /// Called when the disk changes its size and when the stall injector looks for pages. One object,
  /// so that it can be removed again.
  private final Runnable attention = this::attendAll;

  /// Until when no free pages are kept (`buffer_squeeze_end`): set by whoever reclaims memory.
  private volatile long squeezeEndNanos = Long.MIN_VALUE;

  private BlockProtocol protocol = BlockProtocol.X86_64;
  private boolean persistent;

  Blkif(XenbusDevice device, Kernel kernel, BlkbackOptions options) {
    this.device = device;
    this.kernel = kernel;
    this.options = options;
  }

  XenbusDevice device() {
    return device;
  }

  Kernel kernel() {
    return kernel;
  }

  BlkbackOptions options() {
    return options;
  }

  @Nullable Vbd vbd() {
    return vbd;
  }

  void vbd(Vbd opened) {
    vbd = opened;
    opened.disk().addResizeListener(attention);
    kernel.addStallListener(attention);
  }

  /// Returns the disk, which is open for as long as a worker runs.
  Vbd openVbd() {
    Vbd opened = vbd;
    if (opened == null) {
      throw new IllegalStateException("no disk yet");
    }
    return opened;
  }

  BlockProtocol protocol() {
    return protocol;
  }

  boolean isPersistent() {
    return persistent;
  }

  List<BlkifRing> rings() {
    return rings;
  }

  /// Returns whether requests could be served if there was a disk: all rings are mapped.
  boolean isMapped() {
    List<BlkifRing> now = rings;
    return !now.isEmpty() && now.stream().allMatch(BlkifRing::isActive);
  }

  /// Makes rings that are not mapped yet (`xen_blkif_alloc_rings`).
  void allocateRings(int count, BlockProtocol ofFrontend, boolean persistentGrants) {
    Bug.unless(rings.isEmpty(), "rings of " + device.nodePath() + " made twice");
    protocol = ofFrontend;
    persistent = persistentGrants;
    rings =
        java.util.stream.IntStream.range(0, count).mapToObj(i -> new BlkifRing(this, i)).toList();
  }

  void get() {
    references.incrementAndGet();
  }

  /// Drops a reference; any context.
  void put() {
    int left = references.decrementAndGet();
    Bug.unless(left >= 0, "reference of " + device.nodePath() + " dropped twice");
    if (left == 0) {
      kernel.systemWorkQueue().queue(this::free);
    }
  }

  /// Stops the workers and releases the rings that have nothing in flight; may be called again.
  /// Waits for each worker to finish what it does, and for nothing in flight.
  ///
  /// @return false if a ring was busy: then all rings are kept as they are (`EBUSY`)
  @KernelSymbol(value = "xen_blkif_disconnect", module = "xen_blkback")
  boolean disconnect() {
    boolean idle = true;
    for (BlkifRing ring : rings) {
      idle &= ring.disconnect();
    }
    if (idle && rings.stream().noneMatch(BlkifRing::isStale)) {
      rings = List.of();
    }
    return idle;
  }

  /// Mirrors `xen_blkif_free`.
  private void free() {
    Bug.unless(disconnect(), device.nodePath() + " is freed and busy");
    Vbd opened = vbd;
    if (opened != null) {
      vbd = null;
      kernel.removeStallListener(attention);
      opened.disk().removeResizeListener(attention);
      opened.close();
    }
  }

  /// Lets the rings give their free pages back, and keep none for a while. Any task; does not wait.
  ///
  /// Differs: the real one sets the time alone, and a ring whose thread does not happen to wake
  /// within it keeps its pages; here the threads are woken.
  @KernelSymbol(value = "xen_blkbk_reclaim_memory", module = "xen_blkback")
  void squeeze() {
    squeezeEndNanos = kernel.clock().nanos() + options.squeezeNanos();
    attendAll();
  }

  boolean isSqueezed(long nowNanos) {
    return nowNanos < squeezeEndNanos;
  }

  private void attendAll() {
    rings.forEach(BlkifRing::attend);
  }

  /// Returns a counter summed over the rings; 0 while there are none.
  long sum(Function<RingStatistics, java.util.concurrent.atomic.AtomicLong> counter) {
    ToLongFunction<BlkifRing> value = ring -> counter.apply(ring.statistics()).get();
    return rings.stream().mapToLong(value).sum();
  }
}

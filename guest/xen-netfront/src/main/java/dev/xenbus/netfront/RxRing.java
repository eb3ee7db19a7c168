package dev.xenbus.netfront;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.abi.io.netif.RxRequestLayout;
import dev.xenbus.linux.api.GrantRefs;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Page;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Timer;
import dev.xenbus.machine.TimerKind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The buffers of one queue, and what comes in through them.
///
/// The ring is kept full of granted pages; the buffer of slot i is number i of a table. A buffer is
/// in exactly one place: in the table (the backend may write to it), or spare. Mirrors
/// `xennet_alloc_rx_buffers` and `xennet_poll` (`drivers/net/xen-netfront.c`).
///
/// Tasks only, never interrupt context.
final class RxRing {
  /// Slots of the ring.
  static final int SLOTS = 256;

  /// Fewer buffers than this are not shown to the backend (`NET_RX_SLOTS_MIN`).
  private static final int OUTSTANDING_MIN = NetifLimits.PACKET_SLOTS_MIN + 1;

  private static final long RETRY_NANOS = Duration.ofMillis(100).toNanos();

  private final Kernel kernel;
  private final Domid backend;
  private final FrontRing ring;
  private final GrantTable.GrantReserve grants;
  private final NetfrontQueue queue;
  private final Timer refillTimer;

  private final Mutex rxLock;

  @GuardedBy("rxLock")
  private final int[] refs = new int[SLOTS];

  @GuardedBy("rxLock")
  private final @Nullable Page[] pages = new @Nullable Page[SLOTS];

  @GuardedBy("rxLock")
  private final ArrayDeque<Page> sparePages = new ArrayDeque<>();

  @GuardedBy("rxLock")
  private boolean isClosed;

  /// Makes it, without buffers.
  ///
  /// @throws KernelException `ENOSPC` if there are not enough grants
  RxRing(Kernel kernel, Domid backend, FrontRing ring, NetfrontQueue queue) throws KernelException {
    this.kernel = kernel;
    this.backend = backend;
    this.ring = ring;
    this.queue = queue;
    this.grants = kernel.grants().reserve(SLOTS);
    this.rxLock = kernel.cpu().mutex(LockClass.of("queue->rx_lock"));
    this.refillTimer =
        kernel.cpu().timer(queue.name() + "-refill", TimerKind.NORMAL, queue::schedulePoll);
    Arrays.fill(refs, GrantRefs.INVALID);
  }

  FrontRing ring() {
    return ring;
  }

  /// Fills the ring with buffers. If memory is short it tries again later.
  void refill() {
    boolean wanted;
    rxLock.lock();
    try {
      wanted = !isClosed && refillLocked();
    } finally {
      rxLock.unlock();
    }
    if (wanted) {
      queue.notifyRx();
    }
  }

  /// Fills the ring.
  ///
  /// @return whether the backend is to be told
  @GuardedBy("rxLock")
  private boolean refillLocked() {
    boolean isShort = false;
    int prod = ring.reqProdPvt();
    while (!isShort && prod - ring.rspCons() < SLOTS) {
      Page page = takePageLocked();
      if (page == null) {
        isShort = true;
      } else {
        postLocked(prod, page, claim(page));
        prod++;
      }
    }
    ring.reqProdPvt(prod);
    if (isShort || prod - ring.rspCons() < OUTSTANDING_MIN) {
      refillTimer.arm(RETRY_NANOS);
      return false;
    }
    return ring.pushRequestsAndCheckNotify();
  }

  @GuardedBy("rxLock")
  private @Nullable Page takePageLocked() {
    Page spare = sparePages.poll();
    if (spare != null) {
      return spare;
    }
    try {
      return kernel.pages().allocate();
    } catch (KernelException _) {
      return null;
    }
  }

  private int claim(Page page) {
    try {
      return grants.claim(backend, page, false);
    } catch (KernelException e) {
      throw new Bug("none left of the grants set aside: " + e.getMessage());
    }
  }

  @GuardedBy("rxLock")
  private void postLocked(int index, Page page, int ref) {
    int id = index & (SLOTS - 1);
    Bug.unless(pages[id] == null, "rx slot " + id + " has a buffer already");
    pages[id] = page;
    refs[id] = ref;
    RxRequestLayout.write(ring.pages(), ring.slot(index), id, ref);
  }

  /// Takes up to `budget` packets off the ring, and fills it again.
  ///
  /// @param into where they go
  /// @return how many packets were taken, broken ones too
  /// @throws BrokenBackend if an answer cannot be
  int take(int budget, List<Packet> into, RxReader.Counters counters) throws BrokenBackend {
    boolean wanted;
    int done;
    rxLock.lock();
    try {
      if (isClosed) {
        return 0;
      }
      done = new RxReader(ring, buffersLocked(), counters).read(budget, into);
      wanted = refillLocked();
    } finally {
      rxLock.unlock();
    }
    if (wanted) {
      queue.notifyRx();
    }
    return done;
  }

  /// The table of buffers as the reader uses it, for as long as the lock is held.
  @GuardedBy("rxLock")
  private RxReader.Buffers buffersLocked() {
    return new RxReader.Buffers() {
      @Override
      @SuppressWarnings("GuardedBy") // used under rxLock alone
      public void repost(int index) throws BrokenBackend {
        int id = index & (SLOTS - 1);
        Page page = requirePage(index);
        int ref = refs[id];
        pages[id] = null;
        refs[id] = GrantRefs.INVALID;
        int prod = ring.reqProdPvt();
        postLocked(prod, page, ref);
        ring.reqProdPvt(prod + 1);
      }

      @Override
      @SuppressWarnings("GuardedBy") // used under rxLock alone
      public Page reclaim(int index) throws BrokenBackend {
        int id = index & (SLOTS - 1);
        Page page = requirePage(index);
        if (!grants.end(refs[id])) {
          throw new BrokenBackend("Grant still in use by backend domain");
        }
        pages[id] = null;
        refs[id] = GrantRefs.INVALID;
        return page;
      }

      @SuppressWarnings("GuardedBy") // used under rxLock alone
      private Page requirePage(int index) throws BrokenBackend {
        Page page = pages[index & (SLOTS - 1)];
        if (page == null) {
          throw new BrokenBackend("Bad rx response id " + (index & (SLOTS - 1)));
        }
        return page;
      }

      @Override
      @SuppressWarnings("GuardedBy") // used under rxLock alone
      public void spare(Page page) {
        sparePages.push(page);
      }

      @Override
      public void consumed(int index) {
        queue.consumed(index);
      }
    };
  }

  /// Ends all grants and frees the pages; those that the backend still maps wait until it does not.
  void close() {
    List<Page> unused = new ArrayList<>();
    rxLock.lock();
    try {
      isClosed = true;
      unused.addAll(sparePages);
      sparePages.clear();
      for (int id = 0; id < SLOTS; id++) {
        Page page = pages[id];
        pages[id] = null;
        if (page != null && grants.end(refs[id])) {
          unused.add(page);
        } else if (page != null) {
          kernel.grants().endAccess(refs[id], page);
        }
      }
    } finally {
      rxLock.unlock();
    }
    refillTimer.cancel();
    unused.forEach(kernel.pages()::free);
    grants.close();
  }
}

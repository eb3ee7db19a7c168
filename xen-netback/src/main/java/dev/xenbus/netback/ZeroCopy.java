package dev.xenbus.netback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.io.netif.TxResponseLayout;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// The guest's pages that travel through this kernel inside of packets, and the thread that gives
/// them back.
///
/// ```
///  poll --sent()--> packet --released()--> dealloc ring --> dealloc thread: unmap, answer, free
///          inflight + 1        inflight - 1, then wake
/// ```
///
/// The dealloc thread ends only when it is told to and no packet is in flight. Whoever stops it
/// waits for as long as anybody holds a packet: this is the stall.
final class ZeroCopy {
  private final TxResponder responder;
  private final PendingSlots slots;
  private final QueueStatistics statistics;
  private final WaitQueue deallocQueue;

  /// Packets that hold pages of the guest (`inflight_packets`).
  private final AtomicInteger inflightPackets = new AtomicInteger();

  private final SpinLock callbackLock;

  @GuardedBy("callbackLock")
  private final short[] dealloc = new short[PendingSlots.COUNT];

  // Written under callbackLock; the dealloc thread's wait condition reads it without.
  private volatile int deallocProd;

  // Owned by the dealloc thread.
  private volatile int deallocCons;

  ZeroCopy(Cpu cpu, TxResponder responder, PendingSlots slots, QueueStatistics statistics) {
    this.responder = responder;
    this.slots = slots;
    this.statistics = statistics;
    this.callbackLock = cpu.spinLock(LockClass.of("queue->callback_lock"));
    this.deallocQueue = cpu.waitQueue("xenvif_dealloc_kthread");
  }

  /// Ties a packet to the pending slots whose pages it holds: they come back, once, when it is
  /// freed or copied. Mirrors `xenvif_skb_zerocopy_prepare`.
  ///
  /// @param held pending indices, owned by the packet from now on
  void sent(Packet packet, short[] held) {
    inflightPackets.incrementAndGet();
    statistics.txZerocopySent.incrementAndGet();
    packet.zeroCopy(unmodified -> released(held, unmodified));
  }

  /// Gives pages back that were copied before anybody saw the packet.
  void sentAndCopied(short[] held) {
    inflightPackets.incrementAndGet();
    statistics.txFragOverflow.incrementAndGet();
    // Two packets were made of the slots, as a packet has 17 fragments at most; both are gone.
    statistics.txZerocopySent.addAndGet(2);
    statistics.txZerocopySuccess.incrementAndGet();
    released(held, true);
  }

  /// Mirrors `xenvif_zerocopy_callback` and `xenvif_skb_zerocopy_complete`.
  private void released(short[] held, boolean unmodified) {
    callbackLock.lock();
    try {
      int prod = deallocProd;
      Bug.unless(
          prod + held.length - deallocCons <= PendingSlots.COUNT, "dealloc ring has no room");
      for (short index : held) {
        dealloc[prod & (PendingSlots.COUNT - 1)] = index;
        prod++;
      }
      deallocProd = prod;
    } finally {
      callbackLock.unlock();
    }
    (unmodified ? statistics.txZerocopySuccess : statistics.txZerocopyFail).incrementAndGet();
    inflightPackets.decrementAndGet();
    // Strictly after the decrement: a dealloc thread that was told to stop and saw a packet in
    // flight would otherwise sleep for ever.
    deallocQueue.wakeAll();
  }

  /// The dealloc thread. Mirrors `xenvif_dealloc_kthread` (`drivers/net/xen-netback/netback.c`).
  @KernelSymbol(value = "xenvif_dealloc_kthread", module = "xen_netback")
  int run(Task self) {
    while (!mayExit(self)) {
      deallocQueue.await(
          Task.State.S, WaitQueue.FOREVER, () -> deallocProd != deallocCons || mayExit(self));
      process();
    }
    // A packet released between the last look and the decision to leave.
    process();
    return 0;
  }

  /// Does what the dealloc thread does when it ends, for one that was stopped before it ever ran.
  void finish() {
    deallocQueue.await(Task.State.D, WaitQueue.FOREVER, () -> inflightPackets.get() == 0);
    process();
  }

  /// Mirrors `xenvif_dealloc_kthread_should_stop`: what the stall hangs on.
  private boolean mayExit(Task self) {
    return self.shouldStop() && inflightPackets.get() == 0;
  }

  /// Unmaps what is on the dealloc ring in one batch, then answers. Mirrors
  /// `xenvif_tx_dealloc_action`.
  private void process() {
    int cons = deallocCons;
    while (cons != deallocProd) {
      short[] batch = copy(cons, deallocProd);
      cons += batch.length;
      // Before the slots are free: they may be back on the ring as soon as they are.
      deallocCons = cons;
      for (short index : batch) {
        unmap(index);
      }
      for (short index : batch) {
        responder.release(index, TxResponseLayout.OKAY);
      }
      responder.push();
    }
  }

  private short[] copy(int from, int to) {
    short[] batch = new short[to - from];
    callbackLock.lock();
    try {
      for (int at = from; at != to; at++) {
        batch[at - from] = dealloc[at & (PendingSlots.COUNT - 1)];
      }
    } finally {
      callbackLock.unlock();
    }
    return batch;
  }

  private void unmap(int index) {
    MappedGrant grant = slots.grant[index];
    Bug.unless(grant != null, "pending slot " + index + " has no page");
    slots.grant[index] = null;
    if (grant != null) {
      grant.close();
    }
  }

  /// Returns how many packets hold pages of the guest.
  int inflight() {
    return inflightPackets.get();
  }

  /// Returns the state of the dealloc ring for the debug file.
  String describe() {
    return "dealloc prod %d, cons %d; in flight %d"
        .formatted(deallocProd, deallocCons, inflightPackets.get());
  }
}

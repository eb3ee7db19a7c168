package dev.xenbus.netback;

import dev.xenbus.abi.io.BackRing;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.invoke.VarHandle;

/// What the guest receives through one queue: the thread that waits for its buffers and fills them.
///
/// Mirrors `xenvif_kthread_guest_rx` (`drivers/net/xen-netback/rx.c`).
final class RxPath implements AutoCloseable {
  /// Packets delivered before the thread looks at anything else (`RX_BATCH_SIZE`).
  static final int BATCH_PACKETS_MAX = 64;

  /// How often a guest may post buffers between two looks before the thread turns to others.
  private static final int RECHECKS_MAX = 16;

  private final Vif vif;
  private final VifQueue queue;
  private final BackRing ring;
  private final RxQueue packets;
  private final RxCopier copier;
  private final Clock clock;
  private final WaitQueue wait;

  // Set by whoever has news, cleared by the thread before it looks.
  private volatile boolean isKicked;

  // Owned by the thread; the interrupt reads them.
  private volatile boolean isStalled = true;
  private volatile long lastRxNanos;

  /// Makes it.
  ///
  /// @throws KernelException `ENOMEM`
  RxPath(VifQueue queue, BackRing ring) throws KernelException {
    this.vif = queue.vif();
    this.queue = queue;
    this.ring = ring;
    this.packets = new RxQueue(vif.kernel().cpu());
    this.copier = new RxCopier(vif, ring, queue::notifyRx);
    this.clock = vif.kernel().clock();
    this.wait = vif.kernel().cpu().waitQueue("xenvif_wait_for_rx_work");
  }

  /// Queues a packet for the guest; any task.
  ///
  /// @return unless it is QUEUED the caller still owns the packet
  RxQueue.Outcome add(RxQueue.Waiting waiting) {
    RxQueue.Outcome outcome = packets.add(waiting);
    if (outcome == RxQueue.Outcome.QUEUED) {
      kick();
    }
    return outcome;
  }

  /// Has the thread look around (`xenvif_kick_thread`); any context.
  void kick() {
    isKicked = true;
    wait.wakeAll();
  }

  /// The guest-rx thread.
  @KernelSymbol(value = "xenvif_kthread_guest_rx", module = "xen_netback")
  int run(Task self) {
    try {
      if (vif.features().stallNanos() == 0) {
        ready();
      }
      while (true) {
        waitForWork(self);
        if (self.shouldStop()) {
          return 0;
        }
        if (isToDisable()) {
          vif.carrierOff();
          return 0;
        }
        deliver();
        watchForStall();
        dropExpired();
        Task.relax();
      }
    } finally {
      drain();
    }
  }

  /// Takes no packets any more and drops those that wait. May be called twice.
  void drain() {
    packets.close();
    RxQueue.Waiting next = packets.poll();
    while (next != null) {
      drop(next.packet());
      next = packets.poll();
    }
  }

  /// Only queue 0 takes the interface down after a fatal error.
  ///
  /// Differs: the kernel's other threads spin from then on; ours sleep until they are stopped.
  private boolean isToDisable() {
    return vif.isDisabled() && queue.id() == 0;
  }

  private void waitForWork(Task self) {
    while (true) {
      isKicked = false;
      RxQueue.Waiting head = packets.peek();
      long left = head == null ? WaitQueue.FOREVER : head.expiresNanos() - clock.nanos();
      if (hasWork() || left <= 0 || self.shouldStop()) {
        return;
      }
      queue.rxIdle();
      wait.await(Task.State.S, left, () -> isKicked || self.shouldStop());
    }
  }

  /// Returns whether there is something to do. Mirrors `xenvif_have_rx_work`. Any context.
  boolean hasWork() {
    if (isToDisable()) {
      return true;
    }
    if (vif.isDisabled()) {
      return false;
    }
    FrontendFeatures features = vif.features();
    int needed = needed(features);
    return (needed > 0 && hasSlots(needed))
        || (features.stallNanos() > 0 && (isNowStalled(features) || isNowReady(features)));
  }

  private int needed(FrontendFeatures features) {
    RxQueue.Waiting head = packets.peek();
    return head == null ? 0 : RxCopier.slotsNeeded(head, features);
  }

  /// Returns whether the guest has posted so many buffers; if not, an event comes when it posts
  /// more. Mirrors `xenvif_rx_ring_slots_available`.
  private boolean hasSlots(int needed) {
    for (int look = 0; look < RECHECKS_MAX; look++) {
      int prod = ring.reqProd();
      if (isPosted(prod, needed)) {
        return true;
      }
      ring.reqEvent(prod + 1);
      // Full fence: the threshold is out before the producer is looked at again. Pairs with the
      // fence in FrontRing.pushRequestsAndCheckNotify().
      VarHandle.fullFence();
      if (ring.reqProd() == prod) {
        return false;
      }
    }
    isKicked = true;
    return false;
  }

  /// A packet that needs more slots than the ring has is never delivered, whatever the guest says.
  private boolean isPosted(int prod, int needed) {
    return needed <= ring.entries() && Integer.compareUnsigned(prod - ring.reqCons(), needed) >= 0;
  }

  /// Delivers what there are buffers for. Mirrors `xenvif_rx_action`.
  private void deliver() {
    for (int done = 0; done < BATCH_PACKETS_MAX; done++) {
      FrontendFeatures features = vif.features();
      RxQueue.Waiting head = packets.peek();
      if (head == null || vif.isDisabled() || !hasSlots(RxCopier.slotsNeeded(head, features))) {
        break;
      }
      take();
      int bytes = head.bytes();
      copier.add(head, features);
      lastRxNanos = clock.nanos();
      vif.countTx(bytes);
    }
    copier.flush();
  }

  private void take() {
    packets.poll();
    tellRoom();
  }

  /// Says so if a packet can be queued.
  void tellRoom() {
    if (!packets.isFull()) {
      queue.rxHasRoom();
    }
  }

  private void watchForStall() {
    FrontendFeatures features = vif.features();
    if (features.stallNanos() == 0) {
      return;
    }
    if (isNowStalled(features)) {
      isStalled = true;
      vif.queueStalled();
    } else if (isNowReady(features)) {
      ready();
    }
  }

  /// Mirrors `xenvif_queue_carrier_on`.
  private void ready() {
    lastRxNanos = clock.nanos();
    isStalled = false;
    vif.queueReady();
  }

  /// Mirrors `xenvif_rx_queue_stalled`: compared with what the packet at the head needs, so that
  /// leaving one buffer free does not hide a stall.
  private boolean isNowStalled(FrontendFeatures features) {
    return !isStalled
        && !isPosted(ring.reqProd(), needed(features))
        && clock.nanos() - lastRxNanos > features.stallNanos();
  }

  /// Mirrors `xenvif_rx_queue_ready`.
  private boolean isNowReady(FrontendFeatures features) {
    return isStalled && isPosted(ring.reqProd(), needed(features));
  }

  private void dropExpired() {
    RxQueue.Waiting head = packets.peek();
    while (head != null && head.expiresNanos() <= clock.nanos()) {
      take();
      drop(head.packet());
      head = packets.peek();
    }
  }

  private void drop(Packet packet) {
    vif.countRxDropped();
    packet.free();
  }

  /// Returns a line for the debug file.
  String describe() {
    return "rx queue bytes %d, stalled %b".formatted(packets.bytes(), isStalled);
  }

  /// Frees its memory; once the thread has ended.
  @Override
  public void close() {
    copier.close();
  }
}

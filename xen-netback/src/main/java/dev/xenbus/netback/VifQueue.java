package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Napi;
import dev.xenbus.machine.Body;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One queue of a connected interface: two rings, one or two event channels, three threads.
///
/// Mirrors `struct xenvif_queue`, `xenvif_connect_data` and `xenvif_disconnect_data`
/// (`drivers/net/xen-netback/interface.c`). Made connected; [#disconnect] is its end. Connecting
/// and disconnecting are one thread's at a time: the watch thread's.
final class VifQueue {
  /// Slots of either data ring.
  static final int RING_SLOTS = 256;

  /// Packets that one poll takes (`NAPI_POLL_WEIGHT`).
  private static final int POLL_BUDGET = 64;

  /// What a thread that never ran ends with (`-EINTR`).
  private static final int NEVER_RAN = -Errno.EINTR.number();

  // Which events wait for their end of interrupt.
  private static final int RX_EOI = 1;
  private static final int TX_EOI = 2;
  private static final int COMMON_EOI = 4;

  private final Vif vif;
  private final int id;
  private final String name;
  private final boolean isSplit;
  private final VifRings rings;
  private final QueueStatistics statistics = new QueueStatistics();
  private final CreditScheduler credit;
  private final TxResponder responder;
  private final ZeroCopy zeroCopy;
  private final TxPath tx;
  private final RxPath rx;
  private final AtomicInteger eoiPending = new AtomicInteger();

  // Written by the watch thread; interrupts read the channels.
  private volatile @Nullable EventChannel txChannel;
  private volatile @Nullable EventChannel rxChannel;
  private volatile @Nullable Napi napi;

  // Whether the stack was told that there is no room.
  private volatile boolean isFull;

  private @Nullable Task rxTask;
  private @Nullable Task deallocTask;

  /// What a frontend published of a queue.
  ///
  /// @param txRef reference of the tx ring's page
  /// @param rxRef reference of the rx ring's page
  /// @param txPort event channel of the tx ring
  /// @param rxPort event channel of the rx ring; the same if there is one for both
  record Nodes(int txRef, int rxRef, int txPort, int rxPort) {
    boolean isSplit() {
      return txPort != rxPort;
    }
  }

  private VifQueue(Vif vif, int id, boolean isSplit, VifRings rings, RateLimit limit)
      throws KernelException {
    this.vif = vif;
    this.id = id;
    this.isSplit = isSplit;
    this.name = vif.name() + "-q" + id;
    this.rings = rings;
    var cpu = vif.kernel().cpu();
    PendingSlots slots = new PendingSlots();
    this.credit = new CreditScheduler(vif.kernel(), name, limit, this::scheduleOrEnableEvents);
    this.responder = new TxResponder(cpu, rings.tx().ring(), slots, this::notifyTx);
    this.zeroCopy = new ZeroCopy(cpu, responder, slots, statistics);
    TxReader reader =
        new TxReader(
            new TxReader.Options(
                rings.tx().ring(),
                slots,
                responder,
                credit,
                vif.multicast(),
                vif.parameters().fatalSlots()));
    this.tx = new TxPath(vif, new TxPath.Options(reader, slots, responder, zeroCopy, statistics));
    try {
      this.rx = new RxPath(this, rings.rx().ring());
    } catch (KernelException e) {
      tx.close();
      throw e;
    }
  }

  /// Maps the rings, starts the threads, binds the channels; nothing is polled and no event comes
  /// before [#up]. If it fails, everything is undone.
  ///
  /// @throws KernelException `EINVAL`, `ENOENT`, `EIO`, `ENOMEM`, `ESRCH`, `ENOSPC`
  static VifQueue connect(Vif vif, int id, Nodes nodes, RateLimit limit) throws KernelException {
    VifRings rings = VifRings.map(vif.xenbusDevice(), nodes.txRef(), nodes.rxRef());
    VifQueue queue;
    try {
      queue = new VifQueue(vif, id, nodes.isSplit(), rings, limit);
    } catch (KernelException e) {
      rings.close();
      throw e;
    }
    try {
      queue.start(nodes);
    } catch (KernelException e) {
      queue.disconnect();
      throw e;
    }
    return queue;
  }

  private void start(Nodes nodes) throws KernelException {
    napi = Napi.start(vif.kernel().cpu(), "napi/" + name, POLL_BUDGET, this::poll);
    rxTask = startThread(name + "-guest-rx", rx::run);
    deallocTask = startThread(name + "-dealloc", zeroCopy::run);
    if (!isSplit) {
      EventChannel channel = bind(nodes.txPort(), name, this::interrupt);
      txChannel = channel;
      rxChannel = channel;
    } else {
      txChannel = bind(nodes.txPort(), name + "-tx", this::txInterrupt);
      rxChannel = bind(nodes.rxPort(), name + "-rx", this::rxInterrupt);
    }
  }

  private Task startThread(String comm, Body body) throws KernelException {
    try {
      Task task = vif.kernel().cpu().kthread(comm, body);
      task.wake();
      return task;
    } catch (NoThread e) {
      throw new KernelException(Errno.ENOMEM, "Could not allocate kthread for " + comm, e);
    }
  }

  private EventChannel bind(int port, String irqName, Runnable handler) throws KernelException {
    EventChannel channel =
        vif.kernel()
            .events()
            .bindInterdomainLateEoi(
                vif.domid(),
                port,
                irqName,
                vif.xenbusDevice().eventStatistics(),
                _ -> handler.run());
    channel.disable();
    return channel;
  }

  Vif vif() {
    return vif;
  }

  int id() {
    return id;
  }

  String name() {
    return name;
  }

  QueueStatistics statistics() {
    return statistics;
  }

  CreditScheduler credit() {
    return credit;
  }

  /// Queues a packet for the guest; any task.
  ///
  /// @return unless it is QUEUED the caller still owns the packet
  RxQueue.Outcome transmit(RxQueue.Waiting waiting) {
    RxQueue.Outcome outcome = rx.add(waiting);
    if (outcome == RxQueue.Outcome.FULL && !isFull) {
      isFull = true;
      vif.queueFull(this, true);
      // The guest-rx thread may have made room before it could see that it is waited for.
      rx.tellRoom();
    }
    return outcome;
  }

  /// A packet can be queued again.
  void rxHasRoom() {
    if (isFull) {
      isFull = false;
      vif.queueFull(this, false);
    }
  }

  /// Has the guest-rx thread look around (`xenvif_kick_thread`).
  void kickRx() {
    rx.kick();
  }

  /// Lets events come and polls. Mirrors `xenvif_up`.
  void up() {
    Napi polling = napi;
    EventChannel txEvents = txChannel;
    EventChannel rxEvents = rxChannel;
    if (polling != null && txEvents != null && rxEvents != null) {
      polling.enable();
      txEvents.enable();
      if (isSplit) {
        rxEvents.enable();
      }
      scheduleOrEnableEvents();
    }
  }

  /// Keeps events out, waits for a running poll, forgets the credit timer. Mirrors `xenvif_down`.
  void down() {
    Napi polling = napi;
    EventChannel txEvents = txChannel;
    EventChannel rxEvents = rxChannel;
    if (polling != null && txEvents != null && rxEvents != null) {
      txEvents.disable();
      if (isSplit) {
        rxEvents.disable();
      }
      polling.disable();
      credit.cancel();
    }
  }

  private int poll(int budget) {
    int done = tx.poll(budget);
    if (done < budget && !vif.isDisabled() && !credit.isRateLimited()) {
      scheduleOrEnableEvents();
    }
    return done;
  }

  /// Polls once more if the guest has sent something meanwhile; else its next event comes through.
  /// Mirrors `xenvif_napi_schedule_or_enable_events`. Any context.
  private void scheduleOrEnableEvents() {
    Napi polling = napi;
    if (polling == null) {
      return;
    }
    if (rings.tx().ring().finalCheckForRequests()) {
      polling.schedule();
    } else {
      endInterrupt(txChannel, TX_EOI | COMMON_EOI);
    }
  }

  /// The guest-rx thread is about to sleep: the guest's next event comes through.
  void rxIdle() {
    endInterrupt(rxChannel, RX_EOI | COMMON_EOI);
  }

  private void endInterrupt(@Nullable EventChannel channel, int reasons) {
    if (channel != null && (eoiPending.getAndUpdate(old -> old & ~reasons) & reasons) != 0) {
      channel.eoi(false);
    }
  }

  // Interrupt handlers. One that finds nothing to do ends its interrupt as spurious, so that a
  // guest that fires for nothing is slowed down. Before the channel is known the end of the
  // interrupt is left to up().

  private void interrupt() {
    begin(COMMON_EOI);
    boolean hasTx = wantsPoll();
    boolean hasRx = wantsRx();
    if (!hasTx && !hasRx) {
      endSpurious(txChannel, COMMON_EOI);
    }
  }

  private void txInterrupt() {
    begin(TX_EOI);
    if (!wantsPoll()) {
      endSpurious(txChannel, TX_EOI);
    }
  }

  private void rxInterrupt() {
    begin(RX_EOI);
    if (!wantsRx()) {
      endSpurious(rxChannel, RX_EOI);
    }
  }

  private void begin(int reason) {
    eoiPending.getAndUpdate(old -> old | reason);
  }

  private void endSpurious(@Nullable EventChannel channel, int reason) {
    if (channel != null && (eoiPending.getAndUpdate(old -> old & ~reason) & reason) != 0) {
      channel.eoi(true);
    }
  }

  private boolean wantsPoll() {
    boolean wants = rings.tx().ring().unconsumedRequests() != 0;
    Napi polling = napi;
    if (wants && polling != null) {
      polling.schedule();
    }
    return wants;
  }

  private boolean wantsRx() {
    boolean wants = rx.hasWork();
    if (wants) {
      rx.kick();
    }
    return wants;
  }

  private void notifyTx() {
    EventChannel channel = txChannel;
    if (channel != null) {
      channel.send();
    }
  }

  void notifyRx() {
    EventChannel channel = rxChannel;
    if (channel != null) {
      channel.send();
    }
  }

  /// Ends the threads, one after the other, and gives everything back. Waits without limit for the
  /// dealloc thread, which does not end while a packet holds pages of the guest. May be called
  /// twice. Polling was ended before, by [#down] or because [#up] never came.
  void disconnect() {
    stopRx();
    stopDealloc();
    Napi polling = napi;
    if (polling != null) {
      polling.close();
      napi = null;
    }
    EventChannel txEvents = txChannel;
    EventChannel rxEvents = rxChannel;
    if (txEvents != null) {
      txEvents.close();
    }
    if (rxEvents != null && isSplit) {
      rxEvents.close();
    }
    txChannel = null;
    rxChannel = null;
    rings.close();
    tx.close();
    rx.close();
  }

  private void stopRx() {
    Task task = rxTask;
    if (task != null) {
      task.stop();
      rxTask = null;
    }
    rx.drain();
  }

  private void stopDealloc() {
    Task task = deallocTask;
    if (task != null) {
      int code = task.stop();
      deallocTask = null;
      if (code == NEVER_RAN) {
        zeroCopy.finish();
      }
    }
  }

  /// Returns what the debug file shows of the queue.
  String describe() {
    return "Queue %d\nTX: req cons %d, rsp prod pvt %d, pending %d\nRX: req cons %d, rsp prod pvt %d\n%s\n%s\n%s\n"
        .formatted(
            id,
            rings.tx().ring().reqCons(),
            rings.tx().ring().rspProdPvt(),
            responder.pending(),
            rings.rx().ring().reqCons(),
            rings.rx().ring().rspProdPvt(),
            zeroCopy.describe(),
            credit.describe(),
            rx.describe());
  }

  /// Runs the interrupt handlers once, as if the guest had sent.
  void kick() {
    if (napi != null) {
      wantsPoll();
      wantsRx();
    }
  }
}

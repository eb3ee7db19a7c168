package dev.xenbus.netfront;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Napi;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Page;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One queue of an interface: two rings, one or two event channels, the thread that polls.
///
/// Mirrors `struct netfront_queue` (`drivers/net/xen-netfront.c`). Made and closed by the watch
/// thread.
final class NetfrontQueue {
  /// Packets that one poll takes (`NAPI_POLL_WEIGHT`).
  private static final int POLL_BUDGET = 64;

  private final NetfrontInterface owner;
  private final int id;
  private final String name;
  private final boolean isSplit;

  // What was made, first thing first: undone in the reverse order.
  private final Deque<Runnable> undo = new ArrayDeque<>();

  private final XenbusDevice.GrantedRing txPages;
  private final XenbusDevice.GrantedRing rxPages;
  private final TxRing tx;
  private final RxRing rx;
  private final Napi napi;

  // Null until they are made: an interrupt may come before.
  private volatile @Nullable EventChannel txChannel;
  private volatile @Nullable EventChannel rxChannel;

  private final SpinLock rxConsLock;

  // Answers that were there when they were last looked at (`rx_rsp_unconsumed`).
  @GuardedBy("rxConsLock")
  private int rxUnconsumed;

  private volatile boolean isFull;

  private NetfrontQueue(NetfrontInterface owner, int id, boolean isSplit) throws KernelException {
    this.owner = owner;
    this.id = id;
    this.isSplit = isSplit;
    this.name = "vif" + owner.devid() + "-q" + id;
    this.rxConsLock = owner.kernel().cpu().spinLock(LockClass.of("queue->rx_cons_lock"));
    boolean isMade = false;
    try {
      XenbusDevice device = owner.xenbusDevice();
      this.txPages = keep(device.setupRing(1));
      this.rxPages = keep(device.setupRing(1));
      var backend = device.otherEndDomid();
      this.tx = new TxRing(owner.kernel(), backend, ring(txPages, NetifLimits.TX_SLOT_BYTES), this);
      undo.push(tx::close);
      this.rx = new RxRing(owner.kernel(), backend, ring(rxPages, NetifLimits.RX_SLOT_BYTES), this);
      undo.push(rx::close);
      this.napi = Napi.start(owner.kernel().cpu(), "napi/" + name, POLL_BUDGET, this::poll);
      undo.push(napi::close);
      allocateChannels();
      isMade = true;
    } finally {
      if (!isMade) {
        close();
      }
    }
  }

  /// Makes a queue, with rings and channels, not polling.
  ///
  /// @param isSplit whether each direction gets an event channel of its own
  /// @throws KernelException `ENOMEM`, `ENOSPC`; nothing is left then
  static NetfrontQueue create(NetfrontInterface owner, int id, boolean isSplit)
      throws KernelException {
    return new NetfrontQueue(owner, id, isSplit);
  }

  private XenbusDevice.GrantedRing keep(XenbusDevice.GrantedRing granted) {
    undo.push(granted::close);
    return granted;
  }

  private FrontRing ring(XenbusDevice.GrantedRing granted, int slotBytes) {
    RingPages pages = RingPages.of(granted.pages().stream().map(Page::memory).toList());
    undo.push(pages::close);
    SharedRing.init(pages);
    return new FrontRing(pages, slotBytes, () -> Task.point("netif_ring"));
  }

  private void allocateChannels() throws KernelException {
    if (isSplit) {
      txChannel = allocate(name + "-tx", this::txInterrupt);
      rxChannel = allocate(name + "-rx", this::rxInterrupt);
    } else {
      EventChannel channel = allocate(owner.name(), this::interrupt);
      txChannel = channel;
      rxChannel = channel;
    }
  }

  private EventChannel allocate(String irqName, Consumer<EventChannel> handler)
      throws KernelException {
    EventChannel channel = owner.xenbusDevice().allocateEventChannel(irqName, handler);
    undo.push(channel::close);
    return channel;
  }

  int id() {
    return id;
  }

  String name() {
    return name;
  }

  int txRef() {
    return txPages.refs().getFirst();
  }

  int rxRef() {
    return rxPages.refs().getFirst();
  }

  int txPort() {
    return port(txChannel);
  }

  int rxPort() {
    return port(rxChannel);
  }

  private static int port(@Nullable EventChannel channel) {
    return channel == null ? 0 : channel.port();
  }

  /// Sends a packet; the caller still owns it.
  ///
  /// @return whether it was sent
  boolean send(Packet packet) {
    TxRing.Outcome outcome = tx.send(packet);
    if (outcome == TxRing.Outcome.FULL || outcome == TxRing.Outcome.SENT_LAST) {
      markFull();
    }
    return outcome == TxRing.Outcome.SENT || outcome == TxRing.Outcome.SENT_LAST;
  }

  private void markFull() {
    if (!isFull) {
      isFull = true;
      owner.queueFull(this, true);
      // An answer may have come in before it could see that it is waited for.
      collectTx();
    }
  }

  private void markRoom() {
    if (isFull) {
      isFull = false;
      owner.queueFull(this, false);
    }
  }

  void notifyTx() {
    send(txChannel);
  }

  void notifyRx() {
    send(rxChannel);
  }

  private static void send(@Nullable EventChannel channel) {
    if (channel != null) {
      channel.send();
    }
  }

  /// Tells the backend that this end is ready, and posts buffers.
  void begin() {
    notifyTx();
    if (isSplit) {
      notifyRx();
    }
    rx.refill();
  }

  /// Polls from now on.
  void enable() {
    napi.enable();
    napi.schedule();
  }

  /// Stops polling; waits for a running poll.
  void disable() {
    napi.disable();
  }

  void schedulePoll() {
    napi.schedule();
  }

  // Interrupt handlers. An event that brought nothing ends as spurious: a backend that sends for
  // nothing is slowed down. Once the device is broken they do nothing, and the interrupt does not
  // end: the backend is not heard any more.

  private void interrupt(EventChannel channel) {
    boolean hasTx = collectTx();
    boolean hasRx = pollRx();
    end(channel, hasTx || hasRx);
  }

  private void txInterrupt(EventChannel channel) {
    end(channel, collectTx());
  }

  private void rxInterrupt(EventChannel channel) {
    end(channel, pollRx());
  }

  private void end(EventChannel channel, boolean hasWork) {
    if (!owner.isBroken()) {
      channel.eoi(!hasWork);
    }
  }

  /// Takes the answers to what was sent. Mirrors `xennet_handle_tx`.
  ///
  /// @return whether there were any
  private boolean collectTx() {
    if (owner.isBroken()) {
      return false;
    }
    boolean found = false;
    try {
      found = tx.collect();
      if (tx.hasRoom()) {
        markRoom();
      }
    } catch (BrokenBackend e) {
      owner.broken(e);
    }
    return found;
  }

  /// Schedules a poll if there is more than before. Mirrors `xennet_handle_rx`.
  ///
  /// @return whether there is
  private boolean pollRx() {
    if (owner.isBroken()) {
      return false;
    }
    boolean isBackwards;
    boolean isMore;
    rxConsLock.lock();
    try {
      int unconsumed = unconsumedRx();
      isMore = Integer.compareUnsigned(unconsumed, rxUnconsumed) > 0;
      isBackwards = Integer.compareUnsigned(unconsumed, rxUnconsumed) < 0;
      rxUnconsumed = unconsumed;
    } finally {
      rxConsLock.unlock();
    }
    if (isBackwards) {
      owner.broken(new BrokenBackend("RX producer index going backwards"));
    } else if (isMore) {
      napi.schedule();
    }
    return isMore;
  }

  private int unconsumedRx() {
    return rx.ring().rspProd() - rx.ring().rspCons();
  }

  private int poll(int budget) {
    if (owner.isBroken()) {
      return 0;
    }
    List<Packet> packets = new ArrayList<>();
    int done = 0;
    try {
      done = rx.take(budget, packets, owner.rxCounters());
    } catch (BrokenBackend e) {
      owner.broken(e);
    }
    packets.forEach(owner::receive);
    if (done < budget && !owner.isBroken() && rx.ring().finalCheckForResponses()) {
      napi.schedule();
    }
    return owner.isBroken() ? 0 : done;
  }

  /// All answers before the given index are used up: the index and what is left of the answers
  /// change together, or an interrupt would believe that the backend took some back. Mirrors
  /// `xennet_set_rx_rsp_cons`.
  void consumed(int index) {
    rxConsLock.lock();
    try {
      rx.ring().rspCons(index);
      rxUnconsumed = unconsumedRx();
    } finally {
      rxConsLock.unlock();
    }
  }

  /// Closes the channels, stops polling, ends all grants and frees all pages; what the backend
  /// still maps is freed once it does not. May be called twice.
  void close() {
    while (!undo.isEmpty()) {
      undo.pop().run();
    }
  }
}

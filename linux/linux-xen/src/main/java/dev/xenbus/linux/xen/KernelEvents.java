package dev.xenbus.linux.xen;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.EventOperations.PortKind;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Irq;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.RawSpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A kernel's event channels: handlers by port, mask reasons, and late ends of interrupts. Mirrors
/// `drivers/xen/events/events_base.c`.
///
/// One upcall line for the whole kernel, so handlers run one at a time, in interrupt context. A
/// port without a handler is masked: events stay pending until somebody binds it.
///
/// An interrupt line is raised, and a timer armed, after [#lock] was dropped.
final class KernelEvents implements EventChannels {
  private static final int FIRST_PORTS = 16;

  private final EventOperations calls;

  /// The page of the domain that the kernel is in; replaced while all else of the kernel stands
  /// still.
  private volatile SharedInfo info;

  private final Irq upcall;
  private final WaitQueue handlerDone;
  private final RawSpinLock lock = new RawSpinLock();
  private final EventScanner scanner;
  private final LateEois lateEois;

  @GuardedBy("lock")
  private @Nullable KernelChannel[] channels = new KernelChannel[FIRST_PORTS];

  /// The task that runs handlers now, if any.
  private volatile @Nullable Task handlerTask;

  KernelEvents(Cpu cpu, EventOperations calls) {
    Clock clock = cpu.machine().clock();
    this.calls = calls;
    this.info = new SharedInfo(calls.sharedInfo());
    this.handlerDone = cpu.waitQueue("synchronize_irq");
    this.lateEois = new LateEois(cpu, this::unmaskAfterEoi);
    this.scanner = new EventScanner(() -> info, clock, this::deliver);
    info.maskAll();
    this.upcall = cpu.irq("xen-evtchn-upcall", this::upcall);
    calls.setUpcall(upcall::raise);
  }

  /// Starts anew in another domain: no port of the old one means anything any more. Who has a
  /// channel may still close it. Called while all else of the kernel stands still. Mirrors
  /// `xen_irq_resume`.
  @KernelSymbol("xen_irq_resume")
  void resume() {
    lock.lock();
    try {
      for (KernelChannel channel : channels) {
        if (channel != null) {
          channel.isZapped = true;
          lateEois.cancel(channel);
        }
      }
      Arrays.fill(channels, null);
      info = new SharedInfo(calls.sharedInfo());
      info.maskAll();
    } finally {
      lock.unlock();
    }
    calls.setUpcall(upcall::raise);
  }

  // --- binding --------------------------------------------------------------------------------

  @Override
  public EventChannel allocateUnbound(Domid remote, String name, Runnable handler)
      throws KernelException {
    return allocateUnbound(remote, name, _ -> handler.run(), null);
  }

  @Override
  public EventChannel allocateUnboundLateEoi(
      Domid remote, String name, Consumer<EventChannel> handler) throws KernelException {
    return allocateUnbound(remote, name, handler, new EventStatistics());
  }

  private EventChannel allocateUnbound(
      Domid remote,
      String name,
      Consumer<EventChannel> handler,
      @Nullable EventStatistics statistics)
      throws KernelException {
    try {
      return startup(calls.allocateUnbound(remote), name, handler, statistics);
    } catch (HypercallException e) {
      throw refused(name, e);
    }
  }

  @Override
  @KernelSymbol("bind_evtchn_to_irqhandler")
  public EventChannel bind(int port, String name, Runnable handler) throws KernelException {
    return bind(port, name, _ -> handler.run(), null);
  }

  @Override
  @KernelSymbol("bind_evtchn_to_irqhandler_lateeoi")
  public EventChannel bindLateEoi(int port, String name, Consumer<EventChannel> handler)
      throws KernelException {
    return bind(port, name, handler, new EventStatistics());
  }

  private EventChannel bind(
      int port, String name, Consumer<EventChannel> handler, @Nullable EventStatistics statistics)
      throws KernelException {
    try {
      if (calls.status(port).kind() == PortKind.FREE || isBound(port)) {
        throw new KernelException(Errno.EINVAL, name + ": port " + port + " cannot be bound");
      }
    } catch (HypercallException e) {
      throw refused(name, e);
    }
    return startup(port, name, handler, statistics);
  }

  @Override
  @KernelSymbol("bind_interdomain_evtchn_to_irqhandler")
  public EventChannel bindInterdomain(Domid remote, int remotePort, String name, Runnable handler)
      throws KernelException {
    return bindInterdomain(remote, remotePort, name, _ -> handler.run(), null);
  }

  @Override
  @KernelSymbol("bind_interdomain_evtchn_to_irqhandler_lateeoi")
  public EventChannel bindInterdomainLateEoi(
      Domid remote,
      int remotePort,
      String name,
      EventStatistics statistics,
      Consumer<EventChannel> handler)
      throws KernelException {
    return bindInterdomain(remote, remotePort, name, handler, statistics);
  }

  private EventChannel bindInterdomain(
      Domid remote,
      int remotePort,
      String name,
      Consumer<EventChannel> handler,
      @Nullable EventStatistics statistics)
      throws KernelException {
    try {
      int port = calls.bindInterdomain(remote, remotePort);
      return startup(port, name, handler, statistics);
    } catch (HypercallException e) {
      throw refused(name, e);
    }
  }

  @Override
  @KernelSymbol("bind_virq_to_irqhandler")
  public EventChannel bindVirq(int virq, String name, Runnable handler) throws KernelException {
    try {
      return startup(calls.bindVirq(virq), name, _ -> handler.run(), null);
    } catch (HypercallException e) {
      throw refused(name, e);
    }
  }

  private static KernelException refused(String name, HypercallException e) {
    return new KernelException(e.errno(), name + ": " + e.getMessage(), e);
  }

  private boolean isBound(int port) {
    lock.lock();
    try {
      return port < channels.length && channels[port] != null;
    } finally {
      lock.unlock();
    }
  }

  /// Puts the handler into the table, then lets events come.
  ///
  /// @param statistics where events are counted, of a channel with late EOI; else null
  private KernelChannel startup(
      int port, String name, Consumer<EventChannel> handler, @Nullable EventStatistics statistics) {
    KernelChannel channel = new KernelChannel(this, port, name, handler, statistics);
    boolean mustRaise;
    lock.lock();
    try {
      if (port >= channels.length) {
        channels = Arrays.copyOf(channels, Math.max(port + 1, 2 * channels.length));
      }
      channels[port] = channel;
      if (statistics != null) {
        statistics.channels(1);
      }
      mustRaise = unmaskLocked(port);
    } finally {
      lock.unlock();
    }
    raiseIf(mustRaise);
    return channel;
  }

  /// Closes: the handler goes first and the port last, since its number may be given out again at
  /// once (CVE-2024-26687 was the other way round).
  @KernelSymbol("unbind_from_irqhandler")
  void close(KernelChannel channel) {
    lock.lock();
    try {
      if (channel.isClosed) {
        return;
      }
      channel.isClosed = true;
      if (!channel.isZapped) {
        info.mask(channel.port());
      }
      lateEois.cancel(channel);
      if (channel.lateEoi() != null) {
        channel.lateEoi().channels(-1);
      }
    } finally {
      lock.unlock();
    }
    awaitHandler(channel);
    if (channel.isZapped) {
      return;
    }
    lock.lock();
    try {
      channels[channel.port()] = null;
    } finally {
      lock.unlock();
    }
    try {
      calls.close(channel.port());
    } catch (HypercallException e) {
      throw new IllegalStateException("a bound port is closed by its owner alone", e);
    }
  }

  void send(KernelChannel channel) {
    if (!channel.isClosed && !channel.isZapped) {
      calls.send(channel.port());
    }
  }

  // --- events ---------------------------------------------------------------------------------

  @KernelSymbol("xen_evtchn_do_upcall")
  private void upcall() {
    handlerTask = Task.current();
    boolean isUnfinished = true; // also if a handler throws
    try {
      isUnfinished = scanner.run();
    } finally {
      handlerTask = null;
      raiseIf(isUnfinished);
    }
  }

  /// Runs the handler of a port whose pending bit is set.
  @KernelSymbol("handle_irq_for_port")
  private void deliver(int port) {
    KernelChannel channel = begin(port);
    if (channel == null) {
      return;
    }
    try {
      channel.handle();
    } finally {
      channel.isRunning = false;
      if (!handlerDone.isEmpty()) {
        handlerDone.wakeAll();
      }
    }
  }

  /// Clears the pending bit before the handler looks at its ring; with late EOI, masks first.
  private @Nullable KernelChannel begin(int port) {
    lock.lock();
    try {
      KernelChannel channel = port < channels.length ? channels[port] : null;
      if (channel == null || channel.isClosed) {
        info.mask(port); // Nobody is there: it stays pending.
        return null;
      }
      EventStatistics lateEoi = channel.lateEoi();
      if (lateEoi != null) {
        lateEoi.event();
        maskLocked(channel, KernelChannel.EOI_PENDING);
        channel.eoiDueNanos = scanner.eoiDueNanos();
      }
      info.clearPending(port);
      channel.isRunning = true;
      return channel;
    } finally {
      lock.unlock();
    }
  }

  /// Ends an interrupt with late EOI: at once, or later if the channel fires for nothing or the
  /// upcall ran for too long.
  @KernelSymbol("xen_irq_lateeoi")
  void eoi(KernelChannel channel, boolean spurious) {
    boolean mustRaise = false;
    lock.lock();
    try {
      boolean isPending = (channel.maskReasons & KernelChannel.EOI_PENDING) != 0;
      if (channel.isClosed || channel.isZapped || !isPending || channel.isQueued) {
        return;
      }
      if (!lateEois.delay(channel, spurious)) {
        mustRaise = unmaskLocked(channel, KernelChannel.EOI_PENDING);
      }
    } finally {
      lock.unlock();
    }
    raiseIf(mustRaise);
    lateEois.arm();
  }

  /// Lets events of some channels come again, whose time has come.
  private void unmaskAfterEoi() {
    boolean mustRaise = false;
    lock.lock();
    try {
      for (Optional<KernelChannel> due = lateEois.pollDue();
          due.isPresent();
          due = lateEois.pollDue()) {
        mustRaise |= unmaskLocked(due.get(), KernelChannel.EOI_PENDING);
      }
    } finally {
      lock.unlock();
    }
    raiseIf(mustRaise);
  }

  @KernelSymbol("disable_irq")
  void disable(KernelChannel channel) {
    lock.lock();
    try {
      channel.disables++;
      if (channel.disables == 1) {
        maskLocked(channel, KernelChannel.EXPLICIT);
      }
    } finally {
      lock.unlock();
    }
    awaitHandler(channel);
  }

  @KernelSymbol("enable_irq")
  void enable(KernelChannel channel) {
    boolean mustRaise = false;
    lock.lock();
    try {
      if (channel.disables == 0) {
        throw new IllegalStateException("unbalanced enable of " + channel);
      }
      channel.disables--;
      if (channel.disables == 0 && !channel.isClosed) {
        mustRaise = unmaskLocked(channel, KernelChannel.EXPLICIT);
      }
    } finally {
      lock.unlock();
    }
    raiseIf(mustRaise);
  }

  /// Waits until the handler does not run; not from inside of a handler of this kernel.
  @KernelSymbol("synchronize_irq")
  private void awaitHandler(KernelChannel channel) {
    Task running = handlerTask;
    boolean isInHandler = running != null && Task.currentIfAny().equals(Optional.of(running));
    if (!isInHandler && channel.isRunning) {
      handlerDone.await(Task.State.D, WaitQueue.FOREVER, () -> !channel.isRunning);
    }
  }

  // --- masks ----------------------------------------------------------------------------------

  @GuardedBy("lock")
  private void maskLocked(KernelChannel channel, int reason) {
    if (channel.maskReasons == 0 && !channel.isZapped) {
      info.mask(channel.port());
    }
    channel.maskReasons |= reason;
  }

  /// Returns whether the upcall has to be raised.
  @GuardedBy("lock")
  private boolean unmaskLocked(KernelChannel channel, int reason) {
    channel.maskReasons &= ~reason;
    return channel.maskReasons == 0 && !channel.isZapped && unmaskLocked(channel.port());
  }

  @GuardedBy("lock")
  private boolean unmaskLocked(int port) {
    return info.testAndClearMask(port) && info.isPending(port) && info.select(port);
  }

  private void raiseIf(boolean must) {
    if (must) {
      upcall.raise();
    }
  }
}

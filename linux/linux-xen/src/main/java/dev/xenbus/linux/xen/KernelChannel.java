package dev.xenbus.linux.xen;

import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventStatistics;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One bound port (`struct irq_info`). Its fields without a word are guarded by the lock of
/// [KernelEvents], which does all the work.
final class KernelChannel implements EventChannel {
  /// Reason of a mask: the driver disabled it (`EVT_MASK_REASON_EXPLICIT`).
  static final int EXPLICIT = 1;

  /// Reason of a mask: its handler has yet to end the interrupt (`EVT_MASK_REASON_EOI_PENDING`).
  static final int EOI_PENDING = 4;

  private final KernelEvents events;
  private final int port;
  private final String name;
  private final Consumer<EventChannel> handler;
  private final @Nullable EventStatistics lateEoi;

  int maskReasons;
  int disables;
  int spuriousEvents;

  /// When its EOI takes effect, in nanoseconds since boot; 0 if at once.
  long eoiDueNanos;

  /// Whether its EOI waits in the queue.
  boolean isQueued;

  volatile boolean isClosed;

  /// Whether its port belonged to a domain that the kernel has left. Set while all else of the
  /// kernel stands still.
  volatile boolean isZapped;

  /// Written in interrupt context alone.
  volatile boolean isRunning;

  /// @param lateEoi where events are counted, of a channel bound with late EOI; else null
  KernelChannel(
      KernelEvents events,
      int port,
      String name,
      Consumer<EventChannel> handler,
      @Nullable EventStatistics lateEoi) {
    this.events = events;
    this.port = port;
    this.name = name;
    this.handler = handler;
    this.lateEoi = lateEoi;
  }

  @Override
  public int port() {
    return port;
  }

  void handle() {
    handler.accept(this);
  }

  @Nullable EventStatistics lateEoi() {
    return lateEoi;
  }

  @Override
  public void send() {
    events.send(this);
  }

  @Override
  public void eoi(boolean spurious) {
    events.eoi(this, spurious);
  }

  @Override
  public void disable() {
    events.disable(this);
  }

  @Override
  public void enable() {
    events.enable(this);
  }

  @Override
  public void close() {
    events.close(this);
  }

  @Override
  public String toString() {
    return name + " (port " + port + ")";
  }
}

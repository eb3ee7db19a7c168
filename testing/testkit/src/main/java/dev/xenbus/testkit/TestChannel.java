package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Irq;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One port of a [TestKernel]. It is not masked while its interrupt has not ended: nobody storms
/// these kernels.
final class TestChannel implements EventChannel {
  private final TestXen xen;
  private final Domid owner;
  private final int port;
  private final Irq irq;
  private volatile @Nullable TestChannel peer;

  TestChannel(TestXen xen, Domid owner, Cpu cpu, String name, Consumer<EventChannel> handler) {
    this.xen = xen;
    this.owner = owner;
    irq = cpu.irq(name, () -> handler.accept(this));
    port = xen.nextNumber();
    xen.addPort(owner, this);
  }

  void peer(TestChannel other) {
    peer = other;
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public void send() {
    TestChannel other = peer;
    if (other != null) {
      other.irq.raise();
    }
  }

  @Override
  public void eoi(boolean spurious) {}

  @Override
  public void disable() {
    irq.mask();
  }

  @Override
  public void enable() {
    irq.unmask();
  }

  @Override
  public void close() {
    xen.removePort(owner, this);
    irq.close();
  }
}

package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Cpu;
import java.util.function.Consumer;

/// Event channels between [TestKernel]s of one [TestXen].
final class TestEvents implements EventChannels {
  private final TestXen xen;
  private final Domid self;
  private final Cpu cpu;
  private volatile boolean isFull;

  TestEvents(TestXen xen, Domid self, Cpu cpu) {
    this.xen = xen;
    this.self = self;
    this.cpu = cpu;
  }

  /// Sets whether there is no port left.
  void full(boolean full) {
    isFull = full;
  }

  @Override
  public EventChannel allocateUnbound(Domid remote, String name, Runnable handler)
      throws KernelException {
    return allocateUnboundLateEoi(remote, name, _ -> handler.run());
  }

  @Override
  public EventChannel allocateUnboundLateEoi(
      Domid remote, String name, Consumer<EventChannel> handler) throws KernelException {
    if (isFull) {
      throw new KernelException(Errno.ENOSPC, "no port");
    }
    return channel(name, handler);
  }

  private TestChannel channel(String name, Consumer<EventChannel> handler) {
    return new TestChannel(xen, self, cpu, name, handler);
  }

  @Override
  public EventChannel bind(int port, String name, Runnable handler) throws KernelException {
    return bindLateEoi(port, name, _ -> handler.run());
  }

  @Override
  public EventChannel bindLateEoi(int port, String name, Consumer<EventChannel> handler)
      throws KernelException {
    throw new KernelException(Errno.EINVAL, "no builder made port " + port);
  }

  @Override
  public EventChannel bindInterdomain(Domid remote, int remotePort, String name, Runnable handler)
      throws KernelException {
    return bindInterdomainLateEoi(
        remote, remotePort, name, new EventStatistics(), _ -> handler.run());
  }

  @Override
  public EventChannel bindInterdomainLateEoi(
      Domid remote,
      int remotePort,
      String name,
      EventStatistics statistics,
      Consumer<EventChannel> handler)
      throws KernelException {
    TestChannel other = xen.port(remote, remotePort);
    if (other == null) {
      throw new KernelException(Errno.EINVAL, "no port " + remotePort + " of " + remote);
    }
    TestChannel mine = channel(name, handler);
    mine.peer(other);
    other.peer(mine);
    return mine;
  }

  @Override
  public EventChannel bindVirq(int virq, String name, Runnable handler) {
    return channel(name, _ -> handler.run());
  }
}

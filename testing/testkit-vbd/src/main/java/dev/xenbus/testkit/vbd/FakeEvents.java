package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Irq;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Event channels of one kernel; all of them end their interrupts late. Guarded by the [FakeXen],
/// for moments.
final class FakeEvents implements EventChannels {
  private final FakeKernel kernel;
  private final TreeMap<Integer, Channel> channels = new TreeMap<>();
  private int nextPort = 1;

  FakeEvents(FakeKernel kernel) {
    this.kernel = kernel;
  }

  @Override
  public EventChannel allocateUnbound(Domid remote, String name, Runnable handler) {
    return new Channel(name, handler, new EventStatistics());
  }

  @Override
  public EventChannel bind(int port, String name, Runnable handler) {
    throw new UnsupportedOperationException("no bind");
  }

  @Override
  public EventChannel bindInterdomain(Domid remote, int remotePort, String name, Runnable handler)
      throws KernelException {
    return bindInterdomainLateEoi(remote, remotePort, name, new EventStatistics(), handler);
  }

  @Override
  public EventChannel bindInterdomainLateEoi(
      Domid remote, int remotePort, String name, EventStatistics statistics, Runnable handler)
      throws KernelException {
    var channel = new Channel(name, handler, statistics);
    boolean bound = false;
    synchronized (kernel.xen()) {
      Channel other = kernel.xen().kernel(remote.value()).fakeEvents().channels.get(remotePort);
      if (other != null && other.peer == null) {
        channel.peer = other;
        other.peer = channel;
        bound = true;
      }
    }
    if (!bound) {
      channel.close();
      throw new KernelException(Errno.EINVAL, "bind: no unbound port " + remotePort);
    }
    channel.irq.raise();
    return channel;
  }

  @Override
  public EventChannel bindVirq(int virq, String name, Runnable handler) {
    throw new UnsupportedOperationException("no virq");
  }

  private final class Channel implements EventChannel {
    private final int port;
    private final Irq irq;
    private final Runnable handler;
    private final EventStatistics statistics;
    private volatile @Nullable Channel peer;

    Channel(String name, Runnable handler, EventStatistics statistics) {
      synchronized (kernel.xen()) {
        this.port = nextPort;
        nextPort++;
        channels.put(port, this);
      }
      this.handler = handler;
      this.statistics = statistics;
      this.irq = kernel.cpu().irq(name, this::deliver);
    }

    private void deliver() {
      statistics.event();
      irq.mask();
      handler.run();
    }

    @Override
    public int port() {
      return port;
    }

    @Override
    public void send() {
      Channel to = peer;
      if (to != null) {
        to.irq.raise();
      }
    }

    @Override
    public void eoi(boolean spurious) {
      if (spurious) {
        statistics.spurious(0);
      }
      irq.unmask();
    }

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
      synchronized (kernel.xen()) {
        channels.remove(port);
        Channel other = peer;
        if (other != null) {
          other.peer = null;
          peer = null;
        }
      }
      irq.close();
    }
  }
}

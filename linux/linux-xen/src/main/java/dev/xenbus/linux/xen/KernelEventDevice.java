package dev.xenbus.linux.xen;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.RawSpinLock;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// `/dev/xen/evtchn` (`drivers/xen/evtchn.c`).
final class KernelEventDevice implements EventDevice {
  private final KernelEvents events;
  private final RawSpinLock lock = new RawSpinLock();

  @GuardedBy("lock")
  private final TreeMap<Integer, EventChannel> channels = new TreeMap<>();

  KernelEventDevice(KernelEvents events) {
    this.events = events;
  }

  @Override
  public int bindInterdomain(Domid remote, int remotePort, Runnable onEvent)
      throws HypercallException {
    try {
      return keep(events.bindInterdomain(remote, remotePort, "evtchn", onEvent));
    } catch (KernelException e) {
      throw new HypercallException(e.errno(), "IOCTL_EVTCHN_BIND_INTERDOMAIN: " + e.getMessage());
    }
  }

  @Override
  public int bindVirq(int virq, Runnable onEvent) throws HypercallException {
    try {
      return keep(events.bindVirq(virq, "evtchn", onEvent));
    } catch (KernelException e) {
      throw new HypercallException(e.errno(), "IOCTL_EVTCHN_BIND_VIRQ: " + e.getMessage());
    }
  }

  private int keep(EventChannel channel) {
    lock.lock();
    try {
      channels.put(channel.port(), channel);
      return channel.port();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void notify(int port) {
    EventChannel channel = find(port);
    if (channel != null) {
      channel.send();
    }
  }

  private @Nullable EventChannel find(int port) {
    lock.lock();
    try {
      return channels.get(port);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void unbind(int port) {
    EventChannel channel;
    lock.lock();
    try {
      channel = channels.remove(port);
    } finally {
      lock.unlock();
    }
    if (channel != null) {
      channel.close();
    }
  }
}

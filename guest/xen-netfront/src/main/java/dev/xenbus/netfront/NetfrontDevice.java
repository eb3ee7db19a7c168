package dev.xenbus.netfront;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// One frontend device: the state machine.
///
/// | backend \ own state | Initialising | Connected | Closed |
/// |---|---|---|---|
/// | InitWait | connect, Connected | - | - |
/// | Connected | announce | announce | announce |
/// | Closing | Closed | Closed | Closed |
/// | Closed | Closed | Closed | - |
///
/// Mirrors `netback_changed` (`drivers/net/xen-netfront.c`). Threads: the bus calls one method at a
/// time.
final class NetfrontDevice implements FrontendDriver.Instance {
  /// How long one round of waiting for the backend takes (`XENNET_TIMEOUT`); rounds have no bound.
  private static final long ROUND_NANOS = Duration.ofSeconds(5).toNanos();

  private final Kernel kernel;
  private final XenbusDevice device;
  private final int queuesMax;
  private final NetfrontInterface net;

  // Woken by every change of the backend's state (`module_wq`).
  private final WaitQueue changes;
  private volatile int changeCount;

  private NetfrontDevice(XenbusDevice device, Kernel kernel, int queuesMax) {
    this.device = device;
    this.kernel = kernel;
    this.queuesMax = queuesMax;
    this.net = new NetfrontInterface(kernel, device);
    this.changes = kernel.cpu().waitQueue("xennet_wait");
  }

  /// Waits until there is a backend. Mirrors `xennet_create_dev`.
  static NetfrontDevice probe(XenbusDevice device, Kernel kernel, int queuesMax) {
    NetfrontDevice frontend = new NetfrontDevice(device, kernel, queuesMax);
    do {
      device.switchState(XenbusState.INITIALISING);
    } while (frontend.waitForBackend(
        EnumSet.complementOf(EnumSet.of(XenbusState.CLOSED, XenbusState.UNKNOWN))));
    return frontend;
  }

  /// Waits for one round until the backend is in one of the states.
  ///
  /// @return false once it is; true if it is time for another round
  private boolean waitForBackend(Set<XenbusState> states) {
    long deadline = kernel.clock().nanos() + ROUND_NANOS;
    while (true) {
      int seen = changeCount;
      if (states.contains(device.readOtherEndState())) {
        return false;
      }
      long left = deadline - kernel.clock().nanos();
      if (left <= 0) {
        return true;
      }
      changes.await(Task.State.D, left, () -> changeCount != seen);
    }
  }

  @Override
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer: the bus calls one method at a time
  public void otherEndChanged(XenbusState backendState) {
    changeCount++;
    changes.wakeAll();
    switch (backendState) {
      case INIT_WAIT -> {
        if (device.state() == XenbusState.INITIALISING && connect()) {
          device.switchState(XenbusState.CONNECTED);
        }
      }
      case CONNECTED -> net.announce();
      case CLOSED -> {
        if (device.state() != XenbusState.CLOSED) {
          device.frontendClosed();
        }
      }
      case CLOSING -> device.frontendClosed();
      case UNKNOWN, INITIALISING, INITIALISED, RECONFIGURING, RECONFIGURED, INVALID -> {
        // Whoever waits was woken; there is nothing else to do.
      }
    }
  }

  /// Sets up queues, tells the backend of them, and starts. Mirrors `xennet_connect` and
  /// `talk_to_netback`.
  ///
  /// @return whether it worked; if not, the device may be gone
  private boolean connect() {
    BackendFeatures features = BackendFeatures.read(device);
    if (!features.rxCopy()) {
      kernel.printk().info("backend does not support copying receive path");
      return false;
    }
    try {
      MacAddress mac = readMac();
      int count = Math.clamp(Math.min(features.queuesMax(), queuesMax), 1, queuesMax);
      List<NetfrontQueue> queues = net.createQueues(count, features.splitEventChannels());
      try {
        publish(queues, features);
        net.register(mac);
      } catch (KernelException e) {
        queues.forEach(NetfrontQueue::close);
        throw e;
      }
      net.connect(queues, features);
      return true;
    } catch (KernelException e) {
      device.failDevice(e.errno(), String.valueOf(e.getMessage()));
      net.disconnect();
      device.unregister();
      return false;
    }
  }

  private MacAddress readMac() throws KernelException {
    String path = device.nodePath() + "/mac";
    try {
      String text = device.xenbus().read(XenbusTransaction.NONE, device.nodePath(), "mac");
      return MacAddress.parse(text)
          .orElseThrow(() -> new KernelException(Errno.ENOENT, "parsing " + path));
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "parsing " + path, e);
    }
  }

  private void publish(List<NetfrontQueue> queues, BackendFeatures features)
      throws KernelException {
    Xenbus xenbus = device.xenbus();
    String dir = device.nodePath();
    try {
      if (features.xdpHeadroom()) {
        xenbus.write(XenbusTransaction.NONE, dir, "xdp-headroom", "0");
      }
      xenbus.transaction(
          tx -> {
            publish(tx, queues, features);
            return dir;
          });
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "completing transaction", e);
    }
  }

  private void publish(XenbusTransaction tx, List<NetfrontQueue> queues, BackendFeatures features)
      throws XenstoreException {
    Xenbus xenbus = device.xenbus();
    String dir = device.nodePath();
    if (features.queuesMax() > 0) {
      xenbus.write(tx, dir, "multi-queue-num-queues", Integer.toString(queues.size()));
    }
    for (NetfrontQueue queue : queues) {
      publish(tx, queue, queues.size() == 1 ? dir : dir + "/queue-" + queue.id());
    }
    xenbus.write(tx, dir, "request-rx-copy", "1");
    xenbus.write(tx, dir, "feature-rx-notify", "1");
    xenbus.write(tx, dir, "feature-sg", "1");
    xenbus.write(tx, dir, "feature-gso-tcpv4", "1");
    xenbus.write(tx, dir, "feature-gso-tcpv6", "1");
    xenbus.write(tx, dir, "feature-ipv6-csum-offload", "1");
  }

  private void publish(XenbusTransaction tx, NetfrontQueue queue, String dir)
      throws XenstoreException {
    Xenbus xenbus = device.xenbus();
    xenbus.write(tx, dir, "tx-ring-ref", Integer.toUnsignedString(queue.txRef()));
    xenbus.write(tx, dir, "rx-ring-ref", Integer.toUnsignedString(queue.rxRef()));
    if (queue.txPort() == queue.rxPort()) {
      xenbus.write(tx, dir, "event-channel", Integer.toString(queue.txPort()));
    } else {
      xenbus.write(tx, dir, "event-channel-tx", Integer.toString(queue.txPort()));
      xenbus.write(tx, dir, "event-channel-rx", Integer.toString(queue.rxPort()));
    }
  }

  /// Closes with the backend, for as long as that takes, then gives everything back. Mirrors
  /// `xennet_remove`.
  @Override
  public void remove() {
    closeBus();
    net.disconnect();
    net.unregister();
  }

  /// Mirrors `xennet_bus_close`: without a limit, so a backend that is stuck blocks the removal for
  /// ever.
  private void closeBus() {
    if (device.readOtherEndState() == XenbusState.CLOSED) {
      return;
    }
    do {
      device.switchState(XenbusState.CLOSING);
    } while (waitForBackend(closingStates()));
    if (device.readOtherEndState() == XenbusState.CLOSED) {
      return;
    }
    do {
      device.switchState(XenbusState.CLOSED);
    } while (waitForBackend(EnumSet.of(XenbusState.CLOSED, XenbusState.UNKNOWN)));
  }

  /// Closed too: the backend may have gone through Closing before anybody looked.
  private Set<XenbusState> closingStates() {
    return kernel.hasBug(KnownBug.NETFRONT_REMOVE_HANG)
        ? EnumSet.of(XenbusState.CLOSING, XenbusState.UNKNOWN)
        : EnumSet.of(XenbusState.CLOSING, XenbusState.CLOSED, XenbusState.UNKNOWN);
  }

  /// Gives everything back; the backend of the place where the guest goes on connects anew. Mirrors
  /// `netfront_resume`.
  @Override
  public void resume() {
    net.disconnect();
  }
}

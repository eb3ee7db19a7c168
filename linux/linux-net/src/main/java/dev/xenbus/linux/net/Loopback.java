package dev.xenbus.linux.net;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.WorkQueue;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// What this host sends to itself: a short queue that a work empties, so that sending never comes
/// back into the sender (`netif_rx` on `lo`).
final class Loopback {
  /// Most packets that wait (`netdev_max_backlog`); more are dropped.
  static final int PACKETS_MAX = 1000;

  /// Takes a frame whose checksums may be blank.
  @FunctionalInterface
  interface Input {
    void accept(byte[] frame, int length, boolean isTrusted);
  }

  private final WorkQueue works;
  private final Input input;
  private final Runnable work = this::deliver;
  private final SpinLock lock;

  @GuardedBy("lock")
  private final ArrayDeque<Packet> backlog = new ArrayDeque<>();

  Loopback(Cpu cpu, WorkQueue works, Input input) {
    this.works = works;
    this.input = input;
    this.lock = cpu.spinLock(LockClass.of("lo_backlog"));
  }

  /// Queues a packet, which it owns.
  void send(Packet packet) {
    boolean isQueued;
    lock.lock();
    try {
      isQueued = backlog.size() < PACKETS_MAX && backlog.add(packet);
    } finally {
      lock.unlock();
    }
    if (isQueued) {
      works.queue(work);
    } else {
      packet.free();
    }
  }

  private void deliver() {
    for (Packet packet = next(); packet != null; packet = next()) {
      packet.linearize();
      byte[] frame = packet.head();
      int length = packet.headLength();
      packet.free();
      input.accept(frame, length, true);
    }
  }

  private @Nullable Packet next() {
    lock.lock();
    try {
      return backlog.poll();
    } finally {
      lock.unlock();
    }
  }
}

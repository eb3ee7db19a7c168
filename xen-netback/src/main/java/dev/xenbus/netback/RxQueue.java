package dev.xenbus.netback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.ArrayDeque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The packets that wait for the guest's buffers; bounded in bytes, and each waits for a limited
/// time only. Any task puts packets in, the guest-rx thread takes them out.
///
/// Mirrors `xenvif_rx_queue_tail` and its kin (`drivers/net/xen-netback/rx.c`). Packets are freed
/// without the lock.
final class RxQueue {
  /// Bytes that may wait: half the ring's slots times a page (`XENVIF_RX_QUEUE_BYTES`).
  static final int BYTES_MAX = VifQueue.RING_SLOTS / 2 * 4096;

  private final SpinLock lock;

  @GuardedBy("lock")
  private final ArrayDeque<Waiting> packets = new ArrayDeque<>();

  @GuardedBy("lock")
  private long bytes;

  @GuardedBy("lock")
  private boolean isOpen = true;

  // Written under the lock; the waiting thread and the interrupt read it without.
  private volatile @Nullable Waiting head;

  /// A packet that waits.
  ///
  /// @param packet the packet
  /// @param expiresNanos when it is dropped, since boot
  /// @param hash its hash, if one is computed
  record Waiting(Packet packet, long expiresNanos, Optional<PacketHash> hash) {
    int bytes() {
      return packet.length();
    }
  }

  /// What became of a packet that was to wait.
  enum Outcome {
    /// It waits.
    QUEUED,
    /// There is no room.
    FULL,
    /// The queue takes no packets any more.
    CLOSED
  }

  RxQueue(Cpu cpu) {
    this.lock = cpu.spinLock(LockClass.of("queue->rx_queue.lock"));
  }

  /// Appends a packet; unless it is QUEUED the caller still owns it.
  Outcome add(Waiting waiting) {
    lock.lock();
    try {
      if (!isOpen) {
        return Outcome.CLOSED;
      }
      if (bytes >= BYTES_MAX) {
        return Outcome.FULL;
      }
      packets.add(waiting);
      bytes += waiting.bytes();
      head = packets.peek();
      return Outcome.QUEUED;
    } finally {
      lock.unlock();
    }
  }

  /// Returns the first packet, or null; it stays where it is.
  @Nullable Waiting peek() {
    return head;
  }

  /// Takes the first packet, or returns null.
  @Nullable Waiting poll() {
    lock.lock();
    try {
      Waiting first = packets.poll();
      if (first != null) {
        bytes -= first.bytes();
      }
      head = packets.peek();
      return first;
    } finally {
      lock.unlock();
    }
  }

  /// Takes no packets any more; those that wait can still be taken out.
  void close() {
    lock.lock();
    try {
      isOpen = false;
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many bytes wait.
  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  /// Returns whether there is no room.
  boolean isFull() {
    return bytes() >= BYTES_MAX;
  }
}

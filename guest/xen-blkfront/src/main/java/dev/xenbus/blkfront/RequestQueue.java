package dev.xenbus.blkfront;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockStatus;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.DiskOperations;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The requests of one disk: those that wait for room on a ring, and what comes of those that are
/// on one.
///
/// Bounded: the block core has at most as many requests as the disk has tags, each of as many parts
/// as its size asks for.
final class RequestQueue implements DiskOperations {
  /// How long to wait before another try, when there was no page or grant and nothing is
  /// outstanding whose end would bring one.
  private static final long RETRY_NANOS = 10_000_000;

  /// What becomes of a request.
  enum State {
    /// No backend yet: refused.
    DISCONNECTED,
    /// Served.
    CONNECTED,
    /// Kept until there is a backend again.
    SUSPENDED,
    /// The backend broke the rules: refused, and what is outstanding stays so.
    BROKEN,
    /// Going away: refused.
    CLOSED
  }

  private final Kernel kernel;
  private final String name;
  private final Runnable retry = this::retry;
  private final SpinLock lock;

  @GuardedBy("lock")
  private State state = State.DISCONNECTED;

  @GuardedBy("lock")
  private Features features = new Features(false, false, false, false, false, 0);

  @GuardedBy("lock")
  private List<BlkfrontRing> rings = List.of();

  @GuardedBy("lock")
  private int nextRing;

  @GuardedBy("lock")
  private final ArrayDeque<Transfer.Part> waiting = new ArrayDeque<>();

  /// @param name the device's, for the log
  RequestQueue(Kernel kernel, String name) {
    this.kernel = kernel;
    this.name = name;
    this.lock = kernel.cpu().spinLock(LockClass.of("blkfront"));
  }

  State state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  // --- from the block core --------------------------------------------------------------------

  /// Mirrors `blkif_queue_rq`. In the task that submits.
  @Override
  public void queue(BlockRequest request) {
    Transfer transfer = new Transfer(request);
    List<EventChannel> notify = new ArrayList<>();
    Errno refusal = null;
    boolean needsNothing = false;
    lock.lock();
    try {
      if (state != State.CONNECTED && state != State.SUSPENDED) {
        refusal = Errno.EIO;
      } else if (request.operation() == Operation.FLUSH && !features.canFlush()) {
        needsNothing = true;
      } else if (!isSupported(request.operation())) {
        refusal = Errno.EOPNOTSUPP;
      } else {
        waiting.addAll(transfer.split(features.sectorsMax()));
        issueLocked(notify);
      }
    } finally {
      lock.unlock();
    }
    notify.forEach(EventChannel::send);
    if (refusal != null || needsNothing) {
      request.done().completed(refusal);
    }
  }

  @GuardedBy("lock")
  private boolean isSupported(Operation operation) {
    return switch (operation) {
      case READ, WRITE, FLUSH -> true;
      case DISCARD -> features.discard();
      case SECURE_ERASE -> features.secureDiscard();
    };
  }

  /// Puts on the rings what fits, and makes it visible.
  @GuardedBy("lock")
  private void issueLocked(List<EventChannel> notify) {
    if (state != State.CONNECTED) {
      return;
    }
    while (!waiting.isEmpty()) {
      BlkfrontRing ring = ringWithRoom();
      if (ring == null) {
        break;
      }
      if (!ring.issue(waiting.getFirst(), features)) {
        kernel.systemWorkQueue().queueDelayed(retry, RETRY_NANOS);
        break;
      }
      waiting.removeFirst();
    }
    for (BlkfrontRing ring : rings) {
      EventChannel channel = ring.channel();
      if (ring.push() && channel != null) {
        notify.add(channel);
      }
    }
  }

  /// Returns the next ring in turn that has room.
  @GuardedBy("lock")
  private @Nullable BlkfrontRing ringWithRoom() {
    for (int i = 0; i < rings.size(); i++) {
      BlkfrontRing ring = rings.get(nextRing);
      nextRing = (nextRing + 1) % rings.size();
      if (!ring.isFull()) {
        return ring;
      }
    }
    return null;
  }

  private void retry() {
    List<EventChannel> notify = new ArrayList<>();
    lock.lock();
    try {
      issueLocked(notify);
    } finally {
      lock.unlock();
    }
    notify.forEach(EventChannel::send);
  }

  // --- from the backend -----------------------------------------------------------------------

  /// Takes what the backend answered. An event without answers ends as spurious, so that a backend
  /// that sends for nothing is slowed down; the interrupts of a device that the backend broke do
  /// not end, so that it is silent. Mirrors `blkif_interrupt`. Interrupt context.
  ///
  /// @param channel where the event came from
  void interrupt(BlkfrontRing ring, EventChannel channel) {
    List<BlkfrontRing.Answer> answers = new ArrayList<>();
    List<EventChannel> notify = new ArrayList<>();
    String fault = null;
    lock.lock();
    try {
      if (state == State.BROKEN) {
        return;
      }
      boolean isServed = state == State.CONNECTED || state == State.CLOSED;
      if (isServed && rings.contains(ring)) {
        fault = ring.consume(features.persistent(), answers);
      }
      if (fault != null) {
        state = State.BROKEN;
      } else {
        issueLocked(notify);
      }
    } finally {
      lock.unlock();
    }
    notify.forEach(EventChannel::send);
    answers.forEach(this::finish);
    if (fault != null) {
      kernel.printk().error("blkfront: " + name + ": " + fault);
      kernel.printk().error("blkfront: " + name + " disabled for further use");
      return;
    }
    channel.eoi(answers.isEmpty());
  }

  private void finish(BlkfrontRing.Answer answer) {
    int status = answer.status();
    Errno error =
        switch (status) {
          case BlockStatus.OKAY -> null;
          case BlockStatus.EOPNOTSUPP -> Errno.EOPNOTSUPP;
          default -> Errno.EIO;
        };
    switch (answer.operation()) {
      case BlockOperations.FLUSH_DISKCACHE, BlockOperations.WRITE_BARRIER -> {
        if (error != null) {
          withdrawFlush(answer.operation());
        }
        // A flush of ours is empty always: that it failed means that there is nothing to flush.
        boolean forgiven = status == BlockStatus.EOPNOTSUPP || status == BlockStatus.ERROR;
        answer.part().done(forgiven ? null : error);
      }
      case BlockOperations.DISCARD -> {
        if (status == BlockStatus.EOPNOTSUPP) {
          withdrawDiscard();
        }
        answer.part().done(error);
      }
      default -> answer.part().done(error);
    }
  }

  private void withdrawFlush(int operation) {
    String what = operation == BlockOperations.WRITE_BARRIER ? "barrier" : "flush disk cache";
    kernel.printk().warn("blkfront: " + name + ": " + what + " op failed");
    lock.lock();
    try {
      features = features.withoutFlush();
    } finally {
      lock.unlock();
    }
  }

  private void withdrawDiscard() {
    kernel.printk().warn("blkfront: " + name + ": discard op failed");
    lock.lock();
    try {
      features = features.withoutDiscard();
    } finally {
      lock.unlock();
    }
  }

  // --- from the device ------------------------------------------------------------------------

  /// Takes over rings whose backend is not connected yet.
  void rings(List<BlkfrontRing> fresh) {
    lock.lock();
    try {
      rings = List.copyOf(fresh);
      nextRing = 0;
    } finally {
      lock.unlock();
    }
  }

  /// Serves from now on; what was kept goes first, split anew if the limits are smaller.
  void connect(Features ofBackend) {
    List<EventChannel> notify = new ArrayList<>();
    lock.lock();
    try {
      features = ofBackend;
      state = State.CONNECTED;
      List<Transfer.Part> kept = new ArrayList<>(waiting);
      waiting.clear();
      for (Transfer.Part part : kept) {
        waiting.addAll(part.split(features.sectorsMax()));
      }
      issueLocked(notify);
    } finally {
      lock.unlock();
    }
    notify.forEach(EventChannel::send);
  }

  /// Keeps from now on: takes back what the backend has not answered, in front of what waits.
  ///
  /// @return the rings, which the caller closes
  List<BlkfrontRing> suspend() {
    lock.lock();
    try {
      List<Transfer.Part> outstanding = abandonLocked();
      for (Transfer.Part part : outstanding.reversed()) {
        waiting.addFirst(part);
      }
      if (state == State.CONNECTED || state == State.BROKEN) {
        state = State.SUSPENDED;
      }
      return takeRingsLocked();
    } finally {
      lock.unlock();
    }
  }

  /// Refuses from now on; what waits ends with an error, what is on a ring may still be answered.
  void close() {
    List<Transfer.Part> refused;
    lock.lock();
    try {
      state = state == State.BROKEN ? State.BROKEN : State.CLOSED;
      refused = List.copyOf(waiting);
      waiting.clear();
    } finally {
      lock.unlock();
    }
    refused.forEach(part -> part.done(Errno.EIO));
  }

  /// Ends everything with an error.
  ///
  /// @return the rings, which the caller closes
  List<BlkfrontRing> tearDown() {
    close();
    List<Transfer.Part> lost;
    List<BlkfrontRing> old;
    lock.lock();
    try {
      lost = abandonLocked();
      old = takeRingsLocked();
    } finally {
      lock.unlock();
    }
    kernel.systemWorkQueue().cancelSync(retry);
    lost.forEach(part -> part.done(Errno.EIO));
    return old;
  }

  @GuardedBy("lock")
  private List<Transfer.Part> abandonLocked() {
    List<Transfer.Part> parts = new ArrayList<>();
    for (BlkfrontRing ring : rings) {
      parts.addAll(ring.abandon());
    }
    return parts;
  }

  @GuardedBy("lock")
  private List<BlkfrontRing> takeRingsLocked() {
    List<BlkfrontRing> old = rings;
    rings = List.of();
    return old;
  }

  /// Runs something on the pool of pages, which this queue's lock guards.
  void underLock(Runnable body) {
    lock.lock();
    try {
      body.run();
    } finally {
      lock.unlock();
    }
  }
}

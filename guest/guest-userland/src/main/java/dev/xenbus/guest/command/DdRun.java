package dev.xenbus.guest.command;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// One run of `dd`: up to `depth` blocks are under way, each first read, then written.
///
/// Threads: the process `dd` alone; transfers end in any task and are queued.
final class DdRun {
  /// What a block waits for.
  private enum Phase {
    READ,
    WRITE
  }

  /// A block that is under way, in a buffer of its own.
  private static final class Slot {
    final Buffer buffer;
    Phase phase = Phase.READ;
    long block;
    int length;

    Slot(Buffer buffer) {
      this.buffer = buffer;
    }
  }

  /// The end of a transfer.
  ///
  /// @param slot whose
  /// @param error null if it worked
  private record Ended(Slot slot, @Nullable Errno error) {}

  private final Kernel kernel;
  private final DdOptions options;
  private final DdEnd input;
  private final DdEnd output;
  private final WaitQueue waiters;
  private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();
  private long nextBlock;
  private long fullIn;
  private long partialIn;
  private long fullOut;
  private long partialOut;
  private long bytes;
  private Optional<String> failure = Optional.empty();

  DdRun(Kernel kernel, DdOptions options, DdEnd input, DdEnd output) {
    this.kernel = kernel;
    this.options = options;
    this.input = input;
    this.output = output;
    this.waiters = kernel.cpu().waitQueue("blkdev_direct_IO");
  }

  /// Copies.
  ///
  /// @return the message of the first failure; empty if all went well
  /// @throws KernelException `ENOMEM`
  Optional<String> copy() throws KernelException {
    List<Slot> slots = new ArrayList<>();
    try {
      for (int i = 0; i < options.depth(); i++) {
        slots.add(new Slot(new Buffer(kernel.pages(), options.blockBytes())));
      }
      int busy = 0;
      for (Slot slot : slots) {
        busy += begin(slot) ? 1 : 0;
      }
      while (busy > 0) {
        busy -= advance(next()) ? 0 : 1;
      }
      if (options.flushes() && failure.isEmpty()) {
        flush(slots.getFirst());
      }
    } finally {
      slots.forEach(slot -> slot.buffer.close());
    }
    return failure;
  }

  private void flush(Slot slot) {
    try {
      output.flush(slot.buffer);
    } catch (KernelException e) {
      fail("fsync failed for '" + options.output() + "': " + e.errno().text());
    }
  }

  private void fail(String message) {
    if (failure.isEmpty()) {
      failure = Optional.of(message);
    }
  }

  /// Starts reading the next block.
  ///
  /// @return false if there is none any more
  private boolean begin(Slot slot) {
    boolean isEnough = options.count() >= 0 && nextBlock >= options.count();
    if (isEnough || failure.isPresent() || Task.current().signalPending()) {
      return false;
    }
    long position = (options.skip() + nextBlock) * options.blockBytes();
    long left = input.bytes() - position;
    if (left <= 0) {
      return false;
    }
    slot.block = nextBlock++;
    slot.length = (int) Math.min(options.blockBytes(), left);
    slot.phase = Phase.READ;
    input.start(position, slot.buffer, slot.length, error -> end(slot, error));
    return true;
  }

  private void end(Slot slot, @Nullable Errno error) {
    ended.add(new Ended(slot, error));
    waiters.wakeAll();
  }

  @KernelSymbol("blkdev_direct_IO")
  private Ended next() {
    while (true) {
      Ended first = ended.poll();
      if (first != null) {
        return first;
      }
      waiters.await(Task.State.D, WaitQueue.FOREVER, () -> !ended.isEmpty());
    }
  }

  /// Takes a block to its next transfer, or its slot to the next block.
  ///
  /// @return false if the slot is idle from now on
  private boolean advance(Ended transfer) {
    Slot slot = transfer.slot();
    boolean isFull = slot.length == options.blockBytes();
    if (transfer.error() != null) {
      boolean isRead = slot.phase == Phase.READ;
      fail(
          (isRead ? "error reading '" + options.input() : "error writing '" + options.output())
              + "': "
              + transfer.error().text());
      return false;
    }
    if (slot.phase == Phase.WRITE) {
      fullOut += isFull ? 1 : 0;
      partialOut += isFull ? 0 : 1;
      bytes += slot.length;
      return begin(slot);
    }
    fullIn += isFull ? 1 : 0;
    partialIn += isFull ? 0 : 1;
    return write(slot);
  }

  private boolean write(Slot slot) {
    long position = (options.seek() + slot.block) * options.blockBytes();
    if (output.bytes() - position < slot.length) {
      fail("error writing '" + options.output() + "': " + Errno.ENOSPC.text());
      return false;
    }
    slot.phase = Phase.WRITE;
    output.start(position, slot.buffer, slot.length, error -> end(slot, error));
    return true;
  }

  /// Returns the three lines that `dd` ends with.
  String summary(double seconds) {
    String size =
        bytes == 1
            ? "1 byte"
            : bytes < 1000
                ? bytes + " bytes"
                : bytes
                    + " bytes ("
                    + Sizes.human(bytes, false)
                    + (bytes < 1024 ? "" : ", " + Sizes.human(bytes, true))
                    + ")";
    return "%d+%d records in\n%d+%d records out\n%s copied, %s s, %s\n"
        .formatted(
            fullIn,
            partialIn,
            fullOut,
            partialOut,
            size,
            Sizes.general(seconds),
            Sizes.speed(bytes, seconds));
  }
}

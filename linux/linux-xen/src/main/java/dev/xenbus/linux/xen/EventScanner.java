package dev.xenbus.linux.xen;

import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.machine.Clock;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Finds the pending ports in an upcall, round-robin from the one after the last that was handled,
/// so that no port starves. Mirrors `evtchn_2l_handle_events` (`drivers/xen/events/events_2l.c`)
/// and the loop control of `events_base.c`.
///
/// Exclusive to the kernel's interrupt context.
final class EventScanner {
  private static final int WORD_SHIFT = 6;
  private static final int BITS = 64;

  /// How often the time is looked at (`EVTCHN` loop control, every 256 events).
  private static final int EVENTS_A_LOOK = 256;

  /// How long an upcall may run before EOIs are put off (`event_loop_timeout`).
  private static final long LOOP_NANOS_MAX = 2 * Clock.NANOS_PER_JIFFY;

  /// By how much they are put off then (`event_eoi_delay`).
  private static final long EOI_DELAY_NANOS = 10 * Clock.NANOS_PER_JIFFY;

  /// How often the selector is taken in one go. Beyond it the rest waits behind the other
  /// interrupts and timers of the kernel: a peer that sends without pause does not keep them from
  /// running.
  private static final int ROUNDS_MAX = 32;

  private final Supplier<SharedInfo> shared;
  private final Clock clock;
  private final IntConsumer deliver;
  private int lastPort;
  private SharedInfo info;
  private long events;
  private long begunNanos;
  private boolean isTooLong;
  private boolean isUnfinished;
  private @Nullable RuntimeException fault;

  /// @param shared returns the page of the domain that the kernel is in
  /// @param deliver handles one port
  EventScanner(Supplier<SharedInfo> shared, Clock clock, IntConsumer deliver) {
    this.shared = shared;
    this.info = shared.get();
    this.clock = clock;
    this.deliver = deliver;
  }

  /// Handles what is pending. A handler that throws costs only its own event; the first exception
  /// goes on to the caller in the end.
  ///
  /// @return whether there is more: then it is to be called again soon
  boolean run() {
    if (!isUnfinished) {
      events = 0;
      isTooLong = false;
      begunNanos = clock.nanos();
    }
    fault = null;
    info = shared.get();
    int rounds = 0;
    do {
      info.clearUpcallPending();
      scanSelector(info.takeSelector());
      rounds++;
    } while (info.isUpcallPending() && rounds < ROUNDS_MAX);
    isUnfinished = info.isUpcallPending();
    if (fault != null) {
      throw fault;
    }
    return isUnfinished;
  }

  /// Returns until when the EOI of an event handled now is put off; 0 if it is not.
  long eoiDueNanos() {
    return isTooLong ? clock.nanos() + EOI_DELAY_NANOS : 0;
  }

  private void scanSelector(long selector) {
    int shift = info.isThreeLevel() ? 2 * WORD_SHIFT : WORD_SHIFT;
    int start = (lastPort >> shift) & (BITS - 1);
    long left = Long.rotateRight(selector, start);
    while (left != 0) {
      int bit = (Long.numberOfTrailingZeros(left) + start) & (BITS - 1);
      left &= left - 1;
      if (info.isThreeLevel()) {
        scanSecondSelector(bit);
      } else {
        scanWord(bit);
      }
    }
  }

  private void scanSecondSelector(int word) {
    int start = lastPort >> (2 * WORD_SHIFT) == word ? (lastPort >> WORD_SHIFT) & (BITS - 1) : 0;
    long left = Long.rotateRight(info.takeSecondSelector(word), start);
    while (left != 0) {
      int bit = (Long.numberOfTrailingZeros(left) + start) & (BITS - 1);
      left &= left - 1;
      scanWord(word * BITS + bit);
    }
  }

  private void scanWord(int word) {
    int start = lastPort >> WORD_SHIFT == word ? (lastPort + 1) & (BITS - 1) : 0;
    long left = Long.rotateRight(info.pendingUnmasked(word), start);
    while (left != 0) {
      int bit = (Long.numberOfTrailingZeros(left) + start) & (BITS - 1);
      left &= left - 1;
      handle(word * BITS + bit);
    }
  }

  private void handle(int port) {
    lastPort = port;
    try {
      deliver.accept(port);
    } catch (RuntimeException e) {
      fault = fault == null ? e : fault;
    }
    events++;
    if (events % EVENTS_A_LOOK == 0) {
      isTooLong |= clock.nanos() - begunNanos > LOOP_NANOS_MAX;
    }
  }
}

package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// A message in an [Outbox] that is kept an eye on: an event, or a reply to a guest.
final class Frame {
  /// Where it starts in the stream.
  long start;

  final int length;

  /// Whether an equal event need not be queued beside it.
  final boolean mergeable;

  /// Whether it is an event, which may be dropped once its time is over.
  final boolean event;

  /// Hash of an event's payload.
  final int hash;

  final long deadlineNanos;
  final @Nullable Blame blame;

  /// The next one in the same bucket of the outbox's table of events.
  @Nullable Frame next;

  Frame(
      long start,
      int length,
      boolean event,
      boolean mergeable,
      int hash,
      long deadlineNanos,
      @Nullable Blame blame) {
    this.start = start;
    this.length = length;
    this.event = event;
    this.mergeable = mergeable;
    this.hash = hash;
    this.deadlineNanos = deadlineNanos;
    this.blame = blame;
  }

  long end() {
    return start + length;
  }
}

package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What waits to be sent to a client: messages, encoded one behind the other. Whoever moves the
/// bytes takes them from [#array] at [#offset] and says how many were [#consumed].
///
/// An event that equals one that waits is swallowed: clients count states, not events.
public final class Outbox {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int HEADER = XenstoreLimits.HEADER_BYTES;
  private static final int LENGTH_OFFSET = 12;
  private static final int BYTES_MIN = 512;

  /// An empty outbox keeps at most this much.
  private static final int BYTES_KEPT = 8192;

  private static final int BUCKETS_MIN = 16;

  private final @Nullable Domain charged;
  private byte[] bytes = Bytes.EMPTY;
  private int head;
  private int tail;
  private long base;
  private int open;
  private final ArrayDeque<Frame> frames = new ArrayDeque<>();
  private @Nullable Frame[] buckets = new Frame[0];
  private int merging;
  private @Nullable Runnable onFirst;
  private boolean merges = true;

  /// @param charged who pays for the bytes; null of a privileged client
  Outbox(@Nullable Domain charged) {
    this.charged = charged;
  }

  /// Sets what is called when an event is put into an outbox that was empty. A reply does not call
  /// it: who made the request executed knows that one comes.
  public void onFirstEvent(Runnable action) {
    onFirst = action;
  }

  /// Has events sent even if an equal one waits.
  void keepDuplicates() {
    merges = false;
  }

  /// Returns how many bytes wait.
  public int pending() {
    return tail - head;
  }

  /// Returns the array that the bytes are in, which the next message may replace.
  public byte[] array() {
    return bytes;
  }

  /// Returns where in [#array] the first of them is.
  public int offset() {
    return head;
  }

  /// Takes the first bytes away, as they were sent.
  ///
  /// @param count 0 to [#pending]
  public void consumed(int count) {
    head += count;
    long sent = base + head;
    while (!frames.isEmpty() && frames.getFirst().end() <= sent) {
      forget(frames.removeFirst());
    }
    if (head == tail) {
      base += head;
      head = 0;
      tail = 0;
      if (bytes.length > BYTES_KEPT) {
        bytes = Bytes.EMPTY;
      }
    }
  }

  /// Drops everything.
  void clear() {
    while (!frames.isEmpty()) {
      forget(frames.removeFirst());
    }
    base += tail;
    head = 0;
    tail = 0;
    bytes = Bytes.EMPTY;
  }

  private void forget(Frame frame) {
    if (frame.mergeable) {
      unlink(frame);
    }
    if (charged != null) {
      charged.add(Quota.MEMORY, -frame.length);
    }
    if (frame.blame != null) {
      frame.blame.release();
    }
  }

  // ---- replies

  void begin(int type, int requestId, int transactionId) {
    reserve(HEADER);
    open = tail;
    INT.set(bytes, tail, type);
    INT.set(bytes, tail + 4, requestId);
    INT.set(bytes, tail + 8, transactionId);
    tail += HEADER;
  }

  void put(int b) {
    reserve(1);
    bytes[tail++] = (byte) b;
  }

  void put(byte[] from, int start, int end) {
    int count = end - start;
    reserve(count);
    System.arraycopy(from, start, bytes, tail, count);
    tail += count;
  }

  void put(byte[] from) {
    put(from, 0, from.length);
  }

  /// Puts a decimal number, 0 or more.
  void putNumber(long number) {
    long left = number;
    int digits = 1;
    for (long rest = number / 10; rest > 0; rest /= 10) {
      digits++;
    }
    reserve(digits);
    for (int i = tail + digits - 1; i >= tail; i--) {
      bytes[i] = (byte) ('0' + left % 10);
      left /= 10;
    }
    tail += digits;
  }

  /// How many payload bytes the open message has so far.
  int payloadBytes() {
    return tail - open - HEADER;
  }

  /// Gives the open message up.
  void rewind() {
    tail = open;
  }

  /// Closes the open message.
  void endReply(@Nullable Blame blame) {
    INT.set(bytes, open + LENGTH_OFFSET, payloadBytes());
    if (charged != null) {
      int length = tail - open;
      charged.add(Quota.MEMORY, length);
      if (blame != null) {
        blame.take();
      }
      frames.addLast(new Frame(base + open, length, false, false, 0, Long.MAX_VALUE, blame));
    }
  }

  // ---- events

  /// Queues an event, unless it is too long for a message, an equal one waits, or its receiver has
  /// no memory left.
  void addEvent(
      Watch watch, byte[] path, int start, int end, long deadlineNanos, @Nullable Blame blame) {
    int cut = Math.min(watch.relativeCut(), end - start);
    byte[] token = watch.token();
    int payload = end - start - cut + token.length + 2;
    if (payload > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      return;
    }
    int from = start + cut;
    boolean mergeable = merges && path[start] != '@';
    int hash = mergeable ? 31 * Bytes.hash(path, from, end) + watch.tokenHash() : 0;
    if (mergeable && merging > 0 && isWaiting(path, from, end, token, hash)) {
      return;
    }
    int length = HEADER + payload;
    if (charged != null) {
      if (charged.lacksMemory(length)) {
        return;
      }
      charged.add(Quota.MEMORY, length);
    }
    if (blame != null) {
      blame.take();
    }
    if (head == tail && onFirst != null) {
      onFirst.run();
    }
    begin(MessageType.WATCH_EVENT.code(), 0, 0);
    put(path, from, end);
    put(0);
    put(token);
    put(0);
    INT.set(bytes, open + LENGTH_OFFSET, payload);
    Frame frame = new Frame(base + open, length, true, mergeable, hash, deadlineNanos, blame);
    frames.addLast(frame);
    if (mergeable) {
      link(frame);
    }
  }

  private boolean isWaiting(byte[] path, int start, int end, byte[] token, int hash) {
    int payload = end - start + token.length + 2;
    Frame frame = buckets[Bytes.spread(hash) & buckets.length - 1];
    for (; frame != null; frame = frame.next) {
      // One that was sent in part may have lost its first bytes: it is told again.
      if (frame.hash == hash && frame.length == HEADER + payload && frame.start >= base) {
        int at = (int) (frame.start - base) + HEADER;
        int middle = at + end - start;
        if (Arrays.equals(bytes, at, middle, path, start, end)
            && bytes[middle] == 0
            && Arrays.equals(bytes, middle + 1, at + payload - 1, token, 0, token.length)) {
          return true;
        }
      }
    }
    return false;
  }

  private void link(Frame frame) {
    if (merging == buckets.length) {
      buckets = new Frame[Math.max(BUCKETS_MIN, 2 * buckets.length)];
      merging = 0;
      for (Frame other : frames) {
        if (other.mergeable && other != frame) {
          insert(other);
        }
      }
    }
    insert(frame);
  }

  private void insert(Frame frame) {
    int bucket = Bytes.spread(frame.hash) & buckets.length - 1;
    frame.next = buckets[bucket];
    buckets[bucket] = frame;
    merging++;
  }

  private void unlink(Frame frame) {
    int bucket = Bytes.spread(frame.hash) & buckets.length - 1;
    Frame other = buckets[bucket];
    if (other == frame) {
      buckets[bucket] = frame.next;
    } else {
      while (other != null && other.next != frame) {
        other = other.next;
      }
      if (other != null) {
        other.next = frame.next;
      }
    }
    frame.next = null;
    merging--;
  }

  /// When the first waiting event of a guest must be dropped: nanoseconds, or the largest number.
  long nextDeadline() {
    for (Frame frame : frames) {
      if (frame.event && frame.start >= base + head) {
        return frame.deadlineNanos;
      }
    }
    return Long.MAX_VALUE;
  }

  /// Drops the events whose time is over and of which no byte was sent yet.
  void expire(long nowNanos) {
    if (frames.isEmpty() || nextDeadline() > nowNanos) {
      return;
    }
    byte[] kept = new byte[tail - head];
    int count = 0;
    long sent = base + head;
    int frameCount = frames.size();
    int copied = head;
    for (int i = 0; i < frameCount; i++) {
      Frame frame = frames.removeFirst();
      int at = (int) (frame.start - base);
      int stop = at + frame.length;
      int begin = Math.max(at, head);
      if (frame.event && frame.start >= sent && frame.deadlineNanos <= nowNanos) {
        System.arraycopy(bytes, copied, kept, count, begin - copied);
        count += begin - copied;
        copied = stop;
        forget(frame);
      } else {
        frame.start -= copied - head - count;
        frames.addLast(frame);
      }
    }
    System.arraycopy(bytes, copied, kept, count, tail - copied);
    count += tail - copied;
    base += head;
    bytes = kept;
    head = 0;
    tail = count;
  }

  private void reserve(int count) {
    if (bytes.length - tail >= count) {
      return;
    }
    int used = tail - head;
    if (bytes.length < used + count || used > bytes.length / 2) {
      int length = Math.max(BYTES_MIN, Math.max(2 * bytes.length, used + count));
      byte[] larger = new byte[length];
      System.arraycopy(bytes, head, larger, 0, used);
      bytes = larger;
    } else {
      System.arraycopy(bytes, head, bytes, 0, used);
    }
    base += head;
    open -= head;
    tail = used;
    head = 0;
  }
}

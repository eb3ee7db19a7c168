package dev.xenbus.linux.net;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.net.TcpSegment.Bytes;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One end of a TCP connection: a state machine without threads, clock or wire. What it wants sent
/// it adds to the list that it is given.
///
/// | state | segment | becomes |
/// |---|---|---|
/// | SYN_SENT | SYN+ACK of ours | ESTABLISHED, sends ACK |
/// | SYN_RECEIVED | ACK of ours | ESTABLISHED |
/// | ESTABLISHED | FIN | CLOSE_WAIT; a discarding end sends FIN: LAST_ACK |
/// | FIN_WAIT_1 | ACK of ours / FIN | FIN_WAIT_2 / CLOSING |
/// | FIN_WAIT_2 | FIN | CLOSED |
/// | CLOSING, LAST_ACK | ACK of ours | CLOSED |
/// | any | RST in the window | CLOSED |
///
/// Differs: no TIME_WAIT, no window scaling, no congestion window, no reassembly of what comes out
/// of order (it is sent again), and a time-out that starts at one second and is not measured.
///
/// Not safe for threads: [TcpStack] guards it. What is volatile may be read by anyone.
@SuppressWarnings("NonAtomicVolatileUpdate") // written under the lock of its stack alone
final class TcpPeer {
  /// States (`TCP_ESTABLISHED` and its like).
  enum State {
    SYN_SENT,
    SYN_RECEIVED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    CLOSING,
    CLOSE_WAIT,
    LAST_ACK,
    CLOSED
  }

  /// Most bytes that wait to be sent or acknowledged.
  static final int SEND_BYTES_MAX = 262_144;

  /// Bytes that it says it takes; it throws them away at once.
  static final int WINDOW = 65_535;

  /// Largest payload of one packet: 15 pages, so that head and payload fit into the 18 slots of a
  /// network ring.
  static final int GSO_BYTES_MAX = 61_440;

  /// First time-out; it doubles with each try.
  static final long RETRY_NANOS = 1_000_000_000L;

  /// How often a SYN is sent again (`tcp_syn_retries`).
  static final int SYN_TRIES_MAX = 6;

  /// How often data are sent again. Differs: the kernel's default (`tcp_retries2`) is 15.
  static final int DATA_TRIES_MAX = 8;

  private static final int SEGMENT_BYTES_DEFAULT = 536;
  private static final int SEGMENT_BYTES_MIN = 64;
  private static final int DUPLICATES_MAX = 3;

  /// A segment that the peer has not acknowledged.
  private static final class Flight {
    TcpSegment segment;
    long sentNanos;
    int tries;

    Flight(TcpSegment segment, long sentNanos) {
      this.segment = segment;
      this.sentNanos = sentNanos;
    }
  }

  private final boolean discards;
  private final int ownSegmentBytes;
  private volatile State state;
  private volatile @Nullable Errno error;
  private volatile long acknowledgedBytes;
  private volatile long retransmits;
  private volatile long receivedBytes;
  private volatile int queuedBytes;
  private volatile boolean finQueued;

  private int unacknowledged;
  private int next;
  private int expected;
  private int peerWindow;
  private int segmentBytes = SEGMENT_BYTES_DEFAULT;
  private int duplicates;
  private boolean finSent;

  /// While what was sent before a loss is not all acknowledged: what was next then.
  private int recoverUntil;

  private boolean recovers;
  private long heardNanos;
  private final ArrayDeque<Flight> flights = new ArrayDeque<>(2);
  private final ArrayDeque<TcpSegment> waiting = new ArrayDeque<>(2);

  private TcpPeer(State state, int initial, int ownSegmentBytes, boolean discards) {
    this.state = state;
    this.discards = discards;
    this.ownSegmentBytes = ownSegmentBytes;
    this.unacknowledged = initial;
    this.next = initial;
  }

  /// Makes the end that connects; sends SYN.
  ///
  /// @param initial its first sequence number
  static TcpPeer connect(int initial, int ownSegmentBytes, long now, List<TcpSegment> out) {
    TcpPeer peer = new TcpPeer(State.SYN_SENT, initial, ownSegmentBytes, false);
    peer.heardNanos = now;
    peer.sendSyn(TcpSegment.SYN, now, out);
    return peer;
  }

  /// Makes the end that a SYN connects to, which throws away what it gets; sends SYN and ACK.
  static TcpPeer accept(
      TcpSegment syn, int initial, int ownSegmentBytes, long now, List<TcpSegment> out) {
    TcpPeer peer = new TcpPeer(State.SYN_RECEIVED, initial, ownSegmentBytes, true);
    peer.heardNanos = now;
    peer.expected = syn.sequence() + 1;
    peer.learn(syn);
    peer.sendSyn(TcpSegment.SYN | TcpSegment.ACK, now, out);
    return peer;
  }

  State state() {
    return state;
  }

  /// Returns why it is closed; null if it is not, or was closed in peace.
  @Nullable Errno error() {
    return error;
  }

  long acknowledgedBytes() {
    return acknowledgedBytes;
  }

  long retransmits() {
    return retransmits;
  }

  long receivedBytes() {
    return receivedBytes;
  }

  /// Returns when the peer was last heard of, since boot.
  long heardNanos() {
    return heardNanos;
  }

  /// Returns how many bytes wait to be sent or acknowledged.
  int queuedBytes() {
    return queuedBytes;
  }

  /// Returns whether it takes data to send.
  boolean mayQueue() {
    return !finQueued && (state == State.ESTABLISHED || state == State.CLOSE_WAIT);
  }

  /// Returns whether it waits for an answer, so that [#tick] must be called.
  boolean isWaiting() {
    return state != State.CLOSED && (!flights.isEmpty() || !waiting.isEmpty());
  }

  private void learn(TcpSegment syn) {
    peerWindow = syn.window();
    if (syn.segmentBytes() > 0) {
      segmentBytes = Math.clamp(syn.segmentBytes(), SEGMENT_BYTES_MIN, ownSegmentBytes);
    }
  }

  /// Returns the payload bytes of a frame towards the peer.
  int segmentBytes() {
    return segmentBytes;
  }

  private void sendSyn(int flags, long now, List<TcpSegment> out) {
    TcpSegment syn =
        new TcpSegment(next, expected, flags, WINDOW, Bytes.NONE, 0, 0, ownSegmentBytes);
    next++;
    flights.add(new Flight(syn, now));
    out.add(syn);
  }

  /// Queues data, which must not change any more, and sends what the window allows.
  void send(byte[] data, long now, List<TcpSegment> out) {
    Bytes bytes = new Bytes(data);
    int pieceMax = Math.max(GSO_BYTES_MAX / segmentBytes, 1) * segmentBytes;
    for (int from = 0; from < data.length; from += pieceMax) {
      int length = Math.min(pieceMax, data.length - from);
      waiting.add(new TcpSegment(0, 0, TcpSegment.ACK, WINDOW, bytes, from, length, 0));
    }
    queuedBytes += data.length;
    push(now, false, out);
  }

  /// Sends FIN after what is queued.
  void close(long now, List<TcpSegment> out) {
    finQueued = true;
    if (state == State.SYN_SENT || state == State.CLOSED) {
      end(null);
      return;
    }
    push(now, false, out);
  }

  /// Forgets everything, for the given reason.
  void end(@Nullable Errno why) {
    if (state != State.CLOSED) {
      state = State.CLOSED;
      error = why;
      flights.clear();
      waiting.clear();
    }
  }

  private boolean isSynchronized() {
    return state != State.SYN_SENT && state != State.SYN_RECEIVED && state != State.CLOSED;
  }

  /// Sends queued data as far as the window goes.
  ///
  /// @param probes whether one piece is sent even into a closed window
  private void push(long now, boolean probes, List<TcpSegment> out) {
    if (!isSynchronized()) {
      return;
    }
    boolean isProbe = probes && flights.isEmpty();
    while (!waiting.isEmpty()) {
      int room = Math.max(peerWindow - (next - unacknowledged), isProbe ? segmentBytes : 0);
      TcpSegment first = waiting.peekFirst();
      int length = Math.min(first.length(), room);
      // Not a small piece into a nearly closed window, unless it is all (RFC 1122, 4.2.3.4).
      if (length < first.length() && length < segmentBytes) {
        return;
      }
      waiting.removeFirst();
      if (length < first.length()) {
        waiting.addFirst(piece(first, length, first.length() - length, 0));
      }
      transmit(piece(first, 0, length, TcpSegment.PSH), now, out);
      isProbe = false;
    }
    if (finQueued && !finSent) {
      sendFin(now, out);
    }
  }

  private static TcpSegment piece(TcpSegment of, int offset, int length, int moreFlags) {
    return new TcpSegment(
        of.sequence() + offset,
        of.acknowledgment(),
        of.flags() | moreFlags,
        of.window(),
        of.payload(),
        of.from() + offset,
        length,
        0);
  }

  private void transmit(TcpSegment data, long now, List<TcpSegment> out) {
    TcpSegment segment =
        new TcpSegment(
            next, expected, data.flags(), WINDOW, data.payload(), data.from(), data.length(), 0);
    next += segment.span();
    flights.add(new Flight(segment, now));
    out.add(segment);
  }

  private void sendFin(long now, List<TcpSegment> out) {
    finSent = true;
    state = state == State.CLOSE_WAIT ? State.LAST_ACK : State.FIN_WAIT_1;
    transmit(TcpSegment.control(TcpSegment.FIN | TcpSegment.ACK, 0, 0, WINDOW), now, out);
  }

  private void acknowledge(List<TcpSegment> out) {
    out.add(TcpSegment.control(TcpSegment.ACK, next, expected, WINDOW));
  }

  /// Takes a segment of the peer.
  void input(TcpSegment segment, long now, List<TcpSegment> out) {
    heardNanos = now;
    if (state == State.SYN_SENT) {
      inputSynSent(segment, now, out);
      return;
    }
    if (state == State.CLOSED) {
      return;
    }
    if (!isAcceptable(segment)) {
      // Nothing that takes no sequence number is answered: two ends that answer each other's
      // answers would never stop.
      if (!segment.has(TcpSegment.RST) && segment.span() > 0) {
        acknowledge(out);
      }
      return;
    }
    if (segment.has(TcpSegment.RST)) {
      end(Errno.ECONNRESET);
      return;
    }
    if (segment.has(TcpSegment.SYN)) {
      // A new life of the peer: it answers this with RST, and then connects (RFC 5961, 4.2).
      acknowledge(out);
      return;
    }
    if (!segment.has(TcpSegment.ACK) || !inputAck(segment, now, out)) {
      return;
    }
    inputData(segment, now, out);
  }

  private void inputSynSent(TcpSegment segment, long now, List<TcpSegment> out) {
    if (!segment.has(TcpSegment.ACK)) {
      return;
    }
    if (segment.acknowledgment() != next) {
      if (!segment.has(TcpSegment.RST)) {
        out.add(TcpSegment.control(TcpSegment.RST, segment.acknowledgment(), 0, 0));
      }
      return;
    }
    if (segment.has(TcpSegment.RST)) {
      end(Errno.ECONNREFUSED);
    } else if (segment.has(TcpSegment.SYN)) {
      expected = segment.sequence() + 1;
      unacknowledged = next;
      flights.clear();
      learn(segment);
      state = State.ESTABLISHED;
      acknowledge(out);
      push(now, false, out);
    }
  }

  /// Mirrors `tcp_sequence`: some of it lies in the window, or it is empty and lies just at it.
  private boolean isAcceptable(TcpSegment segment) {
    int before = segment.sequence() - expected;
    int after = segment.end() - expected;
    return before < WINDOW && after >= 0;
  }

  /// Takes the acknowledgment of a segment; false if the segment is to be ignored.
  private boolean inputAck(TcpSegment segment, long now, List<TcpSegment> out) {
    int acknowledgment = segment.acknowledgment();
    if (acknowledgment - next > 0) {
      acknowledge(out);
      return false;
    }
    if (state == State.SYN_RECEIVED) {
      if (acknowledgment != next) {
        out.add(TcpSegment.control(TcpSegment.RST, acknowledgment, 0, 0));
        return false;
      }
      state = State.ESTABLISHED;
    }
    peerWindow = segment.window();
    if (acknowledgment - unacknowledged > 0) {
      duplicates = 0;
      unacknowledged = acknowledgment;
      release(acknowledgment);
      recover(now, out);
      if (flights.isEmpty() && finSent) {
        finAcknowledged();
      }
    } else if (acknowledgment == unacknowledged && segment.span() == 0) {
      countDuplicate(now, out);
    }
    push(now, false, out);
    return state != State.CLOSED;
  }

  /// The peer keeps nothing that comes out of order: behind a loss everything is lost, and is sent
  /// again as soon as what was lost before it has arrived (RFC 6582).
  private void recover(long now, List<TcpSegment> out) {
    recovers &= unacknowledged - recoverUntil < 0;
    Flight first = flights.peekFirst();
    if (recovers && first != null) {
      again(first, now, out);
    }
  }

  private void release(int acknowledgment) {
    while (!flights.isEmpty()) {
      Flight first = flights.peekFirst();
      int covered = acknowledgment - first.segment.sequence();
      if (covered <= 0) {
        return;
      }
      int bytes = Math.min(covered, first.segment.length());
      acknowledgedBytes += bytes;
      queuedBytes -= bytes;
      if (covered < first.segment.span()) {
        first.segment = piece(first.segment, bytes, first.segment.length() - bytes, 0);
        first.tries = 0;
        return;
      }
      flights.removeFirst();
    }
  }

  private void finAcknowledged() {
    switch (state) {
      case FIN_WAIT_1 -> state = State.FIN_WAIT_2;
      case CLOSING, LAST_ACK -> end(null);
      default -> {}
    }
  }

  private void countDuplicate(long now, List<TcpSegment> out) {
    Flight first = flights.peekFirst();
    if (first != null && ++duplicates == DUPLICATES_MAX) {
      again(first, now, out);
    }
  }

  private void again(Flight flight, long now, List<TcpSegment> out) {
    if (!recovers) {
      recovers = true;
      recoverUntil = next;
    }
    TcpSegment old = flight.segment;
    flight.segment =
        new TcpSegment(
            old.sequence(),
            expected,
            old.flags(),
            WINDOW,
            old.payload(),
            old.from(),
            old.length(),
            old.segmentBytes());
    flight.sentNanos = now;
    flight.tries++;
    retransmits++;
    out.add(flight.segment);
  }

  private void inputData(TcpSegment segment, long now, List<TcpSegment> out) {
    if (segment.span() == 0) {
      return;
    }
    int known = expected - segment.sequence();
    if (known < 0 || known >= segment.span()) {
      // Out of order, or all known: says again what is expected.
      acknowledge(out);
      return;
    }
    receivedBytes += Math.max(segment.length() - known, 0);
    expected = segment.end();
    if (segment.has(TcpSegment.FIN)) {
      inputFin();
    }
    acknowledge(out);
    if (state == State.CLOSE_WAIT && discards) {
      finQueued = true;
      push(now, false, out);
    }
  }

  private void inputFin() {
    switch (state) {
      case ESTABLISHED -> state = State.CLOSE_WAIT;
      case FIN_WAIT_1 -> state = State.CLOSING;
      case FIN_WAIT_2 -> end(null);
      default -> {}
    }
  }

  /// Sends again what was not answered in time, and gives up at last.
  void tick(long now, List<TcpSegment> out) {
    Flight first = flights.peekFirst();
    if (first == null) {
      push(now, true, out);
      return;
    }
    if (now - first.sentNanos < RETRY_NANOS << Math.min(first.tries, DATA_TRIES_MAX)) {
      return;
    }
    int triesMax = first.segment.has(TcpSegment.SYN) ? SYN_TRIES_MAX : DATA_TRIES_MAX;
    if (first.tries >= triesMax) {
      end(Errno.ETIMEDOUT);
      return;
    }
    again(first, now, out);
  }
}

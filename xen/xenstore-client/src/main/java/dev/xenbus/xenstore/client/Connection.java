package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreErrors;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Requests out, answers and events in: any number of requests on their way, matched with their
/// answers by id. A store that breaks the protocol breaks the connection.
///
/// Whoever waits for something carries the bytes of all: one at a time reads and hands out what
/// came to those who wait for it, until it has what it wants itself; then another goes on. So a
/// connection that one task uses needs no second one. Only over a socket the carrier is always the
/// same, the connection's reader, because others should not wait outside of the machine.
///
/// Locks: one, held for moments; nothing else is taken within but the transport's.
final class Connection {
  /// Requests on their way; who wants more waits.
  private static final int IN_FLIGHT_MAX = 1 << 14;

  private final Clock clock;
  private final Mutex lock;
  private final WaitQueue changed;
  private final Transport transport;
  private final Callbacks callbacks;
  private final Watches watches;
  private final boolean onlyReaderCarries;

  // Exclusive to the carrier.
  private final MessageDecoder decoder = new MessageDecoder();
  private final ByteBuffer input =
      ByteBuffer.allocate(2 * XenstoreLimits.MESSAGE_BYTES_MAX).limit(0);

  // Guarded by the lock; the volatile ones are read without it in conditions of waits.
  private final Map<Integer, Pending> pending = new LinkedHashMap<>();
  private volatile int inFlight; // size of `pending`
  private byte[] output = new byte[XenstoreLimits.MESSAGE_BYTES_MAX];
  private volatile int outputBytes; // what of `output` is still to be written
  private boolean carried;
  private int lastRequestId;
  private volatile @Nullable IOException broken;
  private volatile Runnable told = () -> {};

  /// Who takes the answer to a request: in the carrier's task, without the lock; it does not wait.
  interface Answer {
    /// Takes what was answered.
    ///
    /// @throws IOException breaks the connection: the answer is malformed
    void answered(Message reply) throws IOException;

    /// Takes the store's refusal, or what broke the connection.
    void failed(IOException why);
  }

  private record Pending(MessageType type, TransactionId transaction, String path, Answer answer) {
    XenstoreException refusal(String name) {
      return new XenstoreException(
          XenstoreErrors.fromWire(name), type + " " + path + " tx=" + transaction, path);
    }
  }

  /// @param onlyReaderCarries whether nobody but the caller of [#carryUntilBroken] reads
  Connection(Cpu cpu, Transport transport, boolean onlyReaderCarries) {
    this.clock = cpu.machine().clock();
    this.lock = cpu.mutex(LockClass.of("xs_client"));
    this.changed = cpu.waitQueue("xs_client_wait");
    this.transport = transport;
    this.onlyReaderCarries = onlyReaderCarries;
    this.callbacks = new Callbacks(cpu, this);
    this.watches = new Watches(this);
  }

  Mutex lock() {
    return lock;
  }

  Callbacks callbacks() {
    return callbacks;
  }

  Watches watches() {
    return watches;
  }

  /// Sets what is called, in any context, when something may have come or the connection ended.
  void onActivity(Runnable listener) {
    if (onlyReaderCarries) {
      told = listener; // what came to the socket is of use once the reader has handed it out
    } else {
      transport.onActivity(listener);
    }
  }

  // ---- requests

  /// Sends a request. Waits, in state S, while too many are on their way or the store does not
  /// read.
  ///
  /// @param byCarrier whether an [Answer] sends it, which must not wait
  void send(
      MessageType type,
      TransactionId transaction,
      byte[] payload,
      Answer answer,
      boolean byCarrier) {
    String path = firstString(payload);
    if (payload.length > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      answer.failed(
          new XenstoreException(
              Errno.E2BIG, type + " " + path + " with " + payload.length + " bytes", path));
      return;
    }
    if (!byCarrier && inFlight >= IN_FLIGHT_MAX) {
      try {
        awaitUntil(() -> inFlight < IN_FLIGHT_MAX || broken != null, WaitQueue.FOREVER);
      } catch (InterruptedIOException e) {
        answer.failed(e);
        return;
      }
    }
    IOException failed = enqueue(type, payload, new Pending(type, transaction, path, answer));
    if (failed != null) {
      answer.failed(failed);
    } else if (outputBytes > 0) {
      transport.wake();
      if (!byCarrier) {
        awaitRoom();
      }
    }
  }

  /// @return why the request cannot be sent, or null
  private @Nullable IOException enqueue(MessageType type, byte[] payload, Pending request) {
    IOException wrong;
    lock.lock();
    try {
      IOException before = broken;
      if (before != null) {
        return isBroken(before);
      }
      int id = freeId();
      pending.put(id, request);
      inFlight = pending.size();
      append(Message.of(type, id, request.transaction, payload).encode());
      wrong = flush();
    } finally {
      lock.unlock();
    }
    if (wrong != null) {
      breakDown(wrong); // which fails this one too
    }
    return null;
  }

  /// An id that no request on its way has; 0 is left to those who do not care.
  private int freeId() {
    do {
      lastRequestId++;
    } while (lastRequestId == 0 || pending.containsKey(lastRequestId));
    return lastRequestId;
  }

  private static String firstString(byte[] payload) {
    int end = 0;
    while (end < payload.length && payload[end] != 0) {
      end++;
    }
    return new String(payload, 0, end, StandardCharsets.ISO_8859_1);
  }

  private void append(byte[] bytes) {
    int length = outputBytes;
    if (length + bytes.length > output.length) {
      output = Arrays.copyOf(output, Math.max(2 * output.length, length + bytes.length));
    }
    System.arraycopy(bytes, 0, output, length, bytes.length);
    outputBytes = length + bytes.length;
  }

  /// Writes what fits; the caller holds the lock.
  ///
  /// @return what went wrong, or null
  private @Nullable IOException flush() {
    if (outputBytes == 0) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.wrap(output, 0, outputBytes);
    try {
      transport.tryWrite(bytes);
    } catch (IOException e) {
      return e;
    }
    bytes.compact();
    outputBytes = bytes.position();
    return null;
  }

  /// What cannot be written at once is written by the carrier; who sent it waits, as with `write`.
  private void awaitRoom() {
    try {
      awaitUntil(() -> outputBytes == 0 || broken != null, WaitQueue.FOREVER);
    } catch (InterruptedIOException e) {
      // The request stays on its way; who waits for its answer meets the signal again.
    }
  }

  // ---- waiting, and carrying bytes meanwhile

  /// Waits, in state S.
  ///
  /// @param done what is waited for: reads volatiles
  /// @return false if the time is over
  /// @throws InterruptedIOException if a signal came first
  boolean awaitUntil(BooleanSupplier done, long timeoutNanos) throws InterruptedIOException {
    return awaitUntil(done, timeoutNanos, !onlyReaderCarries);
  }

  /// Reads and hands out what comes, until the connection is broken.
  void carryUntilBroken() {
    try {
      awaitUntil(() -> broken != null, WaitQueue.FOREVER, true);
    } catch (InterruptedIOException e) {
      breakDown(e);
    }
  }

  private boolean awaitUntil(BooleanSupplier done, long timeoutNanos, boolean mayCarry)
      throws InterruptedIOException {
    long deadline = deadline(timeoutNanos);
    lock.lock();
    try {
      boolean ended = done.getAsBoolean();
      while (!ended) {
        boolean timeLeft = deadline == WaitQueue.FOREVER || deadline > clock.nanos();
        boolean progress = false;
        if (mayCarry && !carried && broken == null) {
          progress = carry(done, deadline);
        } else if (timeLeft) {
          sleep(done, deadline);
        }
        ended = done.getAsBoolean();
        if (!ended && !timeLeft && !progress) {
          return false;
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private long deadline(long timeoutNanos) {
    if (timeoutNanos == WaitQueue.FOREVER) {
      return timeoutNanos;
    }
    long deadline = clock.nanos() + Math.max(0, timeoutNanos);
    return deadline < 0 ? WaitQueue.FOREVER : deadline;
  }

  private void sleep(BooleanSupplier done, long deadline) throws InterruptedIOException {
    long left = deadline == WaitQueue.FOREVER ? deadline : Math.max(0, deadline - clock.nanos());
    boolean signal = changed.sleep(Task.State.S, left, lock) == WaitQueue.Wake.SIGNAL;
    if (signal && !done.getAsBoolean()) {
      throw new InterruptedIOException("a signal came");
    }
  }

  /// Reads once, waiting for something to read; drops the lock meanwhile.
  ///
  /// @return whether something was read
  private boolean carry(BooleanSupplier done, long deadline) throws InterruptedIOException {
    carried = true;
    lock.unlock();
    try {
      return readOnce(done, deadline);
    } catch (InterruptedIOException e) {
      throw e; // nothing is lost
    } catch (IOException e) {
      breakDown(e);
      return true;
    } finally {
      lock.lock();
      carried = false;
      // Those whose answers came, and one who carries on.
      changed.wakeAll();
      told.run();
    }
  }

  private boolean readOnce(BooleanSupplier done, long deadline) throws IOException {
    while (!done.getAsBoolean() && broken == null) {
      boolean blocked = flushByCarrier();
      input.clear();
      int bytes;
      try {
        bytes = transport.tryRead(input);
      } finally {
        input.flip();
      }
      if (bytes > 0) {
        handOut();
        return true;
      }
      if (deadline != WaitQueue.FOREVER && deadline <= clock.nanos()) {
        return false;
      }
      if (Task.currentIfAny().filter(Task::signalPending).isPresent()) {
        throw new InterruptedIOException("a signal came");
      }
      transport.await(blocked, deadline);
    }
    return false;
  }

  /// @return whether something is left to be written
  private boolean flushByCarrier() throws IOException {
    if (outputBytes == 0) {
      return false;
    }
    lock.lock();
    try {
      IOException wrong = flush();
      if (wrong != null) {
        throw wrong;
      }
      if (outputBytes == 0) {
        changed.wakeAll();
      }
      return outputBytes > 0;
    } finally {
      lock.unlock();
    }
  }

  /// Has those who wait look again; the caller holds the lock.
  void nudge() {
    changed.wakeAll();
    if (carried) {
      transport.wake();
    }
  }

  // ---- what came

  private void handOut() throws IOException {
    while (true) {
      Message message;
      try {
        var next = decoder.next(input);
        if (next.isEmpty()) {
          return;
        }
        message = next.get();
      } catch (XenstoreException e) {
        // Not a refusal of the store's, but the end of the stream.
        throw new IOException("the store broke the protocol: " + e.getMessage(), e);
      }
      if (message.header().isWatchEvent()) {
        watches.arrived(message);
      } else {
        answered(message);
      }
    }
  }

  private void answered(Message message) throws IOException {
    MessageHeader header = message.header();
    Pending request;
    lock.lock();
    try {
      request = pending.remove(header.requestId());
      inFlight = pending.size();
    } finally {
      lock.unlock();
    }
    if (request == null) {
      throw new IOException("EBADF: the store answered " + header + " to no request");
    }
    if (header.isError()) {
      request.answer.failed(request.refusal(message.string()));
    } else if (header.type() == request.type.code()) {
      try {
        request.answer.answered(message);
      } catch (IOException e) {
        request.answer.failed(isBroken(e));
        throw e;
      }
    } else {
      IOException wrong = new IOException("EBADF: the store answered " + header + " to " + request);
      request.answer.failed(isBroken(wrong));
      throw wrong;
    }
  }

  // ---- the end

  private static IOException isBroken(IOException cause) {
    return new IOException("the connection to the store is broken: " + cause.getMessage(), cause);
  }

  /// @throws IOException if the connection is broken
  void checkUsable() throws IOException {
    IOException cause = broken;
    if (cause != null) {
      throw isBroken(cause);
    }
  }

  boolean isBroken() {
    return broken != null;
  }

  /// Ends the connection: whatever is on its way fails. Only the first cause counts.
  void breakDown(IOException cause) {
    end(cause, true);
  }

  /// Ends the connection on the user's wish.
  void close() {
    end(new IOException("closed"), false);
  }

  private void end(IOException cause, boolean lost) {
    List<Pending> failed;
    lock.lock();
    try {
      if (broken != null) {
        return;
      }
      broken = cause;
      failed = new ArrayList<>(pending.values());
      pending.clear();
      inFlight = 0;
      outputBytes = 0;
    } finally {
      lock.unlock();
    }
    transport.close();
    IOException why = isBroken(cause);
    failed.forEach(request -> request.answer.failed(why));
    lock.lock();
    try {
      watches.ended(lost ? why : null);
      changed.wakeAll();
    } finally {
      lock.unlock();
    }
  }
}

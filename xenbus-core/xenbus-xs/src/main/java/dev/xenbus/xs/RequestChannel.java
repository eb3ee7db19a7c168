package dev.xenbus.xs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreErrors;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Sends requests and waits for the replies; several may be on their way at once. Mirrors
/// `xs_send`, `xs_talkv` and `xs_wait_for_reply`.
///
/// Lock: `xb_write_mutex` for both lists and for the transitions of requests.
final class RequestChannel {
  private final Kernel kernel;
  private final SuspendGate gate;
  private final BooleanSupplier ok;
  private final WaitQueue ringWait;
  private final Mutex writeMutex;
  private final LimitedWarning typeWarning;

  /// `xb_write_list`.
  @GuardedBy("writeMutex")
  private final ArrayDeque<PendingRequest> toWrite = new ArrayDeque<>();

  /// `xs_reply_list`, by id.
  @GuardedBy("writeMutex")
  private final Map<Integer, PendingRequest> toAnswer = new LinkedHashMap<>();

  /// Whether `toWrite` has an entry: read without the lock by the thread `xenbus` when it waits.
  private volatile boolean anyToWrite;

  /// Makes a channel.
  ///
  /// @param ok whether the store can be talked to at all (`xenbus_ok`)
  /// @param ringWait where the thread `xenbus` waits (`xb_waitq`)
  RequestChannel(Kernel kernel, SuspendGate gate, BooleanSupplier ok, WaitQueue ringWait) {
    this.kernel = kernel;
    this.gate = gate;
    this.ok = ok;
    this.ringWait = ringWait;
    writeMutex = kernel.cpu().mutex(LockClass.of("xb_write_mutex"));
    typeWarning = new LimitedWarning(kernel, "xs_talkv");
  }

  /// Sends a request and waits, uninterruptibly and without time-out, for its reply.
  ///
  /// @return the reply's payload
  /// @throws XenstoreException the store's errno; `EIO` if the store cannot be talked to; `EINVAL`
  ///     if the reply is of another type
  @KernelSymbol("xs_talkv")
  byte[] call(MessageType type, TransactionId tx, byte[] payload, String about)
      throws XenstoreException {
    return call(PendingRequest.Kind.of(type), type, tx, payload, about);
  }

  /// As [#call], for what a user's file left behind: its transactions are not counted.
  byte[] callForUser(MessageType type, TransactionId tx, byte[] payload) throws XenstoreException {
    return call(PendingRequest.Kind.PLAIN, type, tx, payload, type + " " + tx);
  }

  private byte[] call(
      PendingRequest.Kind kind, MessageType type, TransactionId tx, byte[] payload, String about)
      throws XenstoreException {
    int id = gate.enter(kind);
    PendingRequest request =
        new PendingRequest(
            kind,
            id,
            Message.of(type, id, tx, payload).encode(),
            kernel.cpu().waitQueue("xs_wait_for_reply"),
            null);
    send(request);
    Errno failure = waitForReply(request);
    gate.exit(request);
    giveUpUnlessAnswered(request);
    if (failure != null) {
      throw new XenstoreException(failure, about);
    }
    if (request.isErrorReply()) {
      throw new XenstoreException(errnoOf(request.body()), about);
    }
    if (request.replyType() != type.code()) {
      typeWarning.warn(
          "xenbus: unexpected type [%d], expected [%d]"
              .formatted(request.replyType(), type.code()));
      throw new XenstoreException(Errno.EINVAL, about + ": reply of another type");
    }
    return request.body();
  }

  /// Sends a user's request; may wait for a suspend to end, but not for the reply.
  ///
  /// @param asked the user's header; its id stays with the user
  /// @param done called with the reply, in the thread that reads the ring
  @KernelSymbol("xenbus_dev_request_and_reply")
  void sendForUser(MessageHeader asked, byte[] payload, Consumer<PendingRequest> done) {
    int id = gate.enter(PendingRequest.Kind.PLAIN);
    MessageHeader header =
        new MessageHeader(asked.type(), id, asked.transactionId(), payload.length);
    send(
        new PendingRequest(
            PendingRequest.Kind.PLAIN,
            id,
            new Message(header, payload).encode(),
            kernel.cpu().waitQueue("xs_wait_for_reply"),
            request -> {
              gate.exit(request);
              done.accept(request);
            }));
  }

  private void send(PendingRequest request) {
    boolean first;
    writeMutex.lock();
    try {
      first = toWrite.isEmpty();
      toWrite.addLast(request);
      anyToWrite = true;
    } finally {
      writeMutex.unlock();
    }
    if (first) {
      ringWait.wakeAll();
    }
  }

  @KernelSymbol("xs_wait_for_reply")
  private @Nullable Errno waitForReply(PendingRequest request) {
    while (request.state() != PendingRequest.State.GOT_REPLY) {
      request
          .answered()
          .await(
              Task.State.D,
              WaitQueue.FOREVER,
              () -> request.state() == PendingRequest.State.GOT_REPLY || !ok.getAsBoolean());
      if (!ok.getAsBoolean()) {
        return Errno.EIO;
      }
    }
    return request.failure();
  }

  private void giveUpUnlessAnswered(PendingRequest request) {
    if (request.state() == PendingRequest.State.GOT_REPLY) {
      return;
    }
    writeMutex.lock();
    try {
      if (request.state() != PendingRequest.State.GOT_REPLY) {
        request.moveTo(PendingRequest.State.ABORTED);
      }
    } finally {
      writeMutex.unlock();
    }
  }

  private Errno errnoOf(byte[] body) {
    String name = SuspendGate.errorName(body);
    Errno errno = XenstoreErrors.fromWire(name);
    if (!errno.name().equals(name)) {
      kernel.printk().warn("xen store gave: unknown error " + name);
    }
    return errno;
  }

  /// Returns whether a request waits to be written; without the lock.
  boolean hasRequests() {
    return anyToWrite;
  }

  /// Returns the request that is to be written first; aborted ones are dropped.
  Optional<PendingRequest> nextToWrite() {
    writeMutex.lock();
    try {
      PendingRequest head = toWrite.peekFirst();
      while (head != null && head.state() == PendingRequest.State.ABORTED) {
        toWrite.removeFirst();
        head = toWrite.peekFirst();
      }
      anyToWrite = head != null;
      return Optional.ofNullable(head);
    } finally {
      writeMutex.unlock();
    }
  }

  /// The first request was written: the reply is awaited.
  void written(PendingRequest request) {
    writeMutex.lock();
    try {
      toWrite.remove(request);
      anyToWrite = !toWrite.isEmpty();
      if (request.state() == PendingRequest.State.QUEUED) {
        request.moveTo(PendingRequest.State.WAIT_REPLY);
        toAnswer.put(request.id(), request);
      }
    } finally {
      writeMutex.unlock();
    }
  }

  /// The first request could not be written.
  void failed(PendingRequest request) {
    writeMutex.lock();
    try {
      toWrite.remove(request);
      anyToWrite = !toWrite.isEmpty();
      if (request.state() == PendingRequest.State.QUEUED) {
        request.fail(Errno.EIO);
      }
    } finally {
      writeMutex.unlock();
    }
    request.tell();
  }

  /// A reply came.
  ///
  /// @return whether somebody had asked for it
  boolean answered(int id, int type, byte[] payload) {
    PendingRequest request;
    writeMutex.lock();
    try {
      request = toAnswer.remove(id);
      if (request != null && request.state() == PendingRequest.State.WAIT_REPLY) {
        request.reply(type, payload);
      }
    } finally {
      writeMutex.unlock();
    }
    if (request == null) {
      return false;
    }
    request.tell();
    return true;
  }

  /// Lets all waiters look again whether the store can be talked to (`xs_reboot_notify`).
  void wakeWaiters() {
    writeMutex.lock();
    try {
      toWrite.forEach(request -> request.answered().wakeAll());
      toAnswer.values().forEach(request -> request.answered().wakeAll());
    } finally {
      writeMutex.unlock();
    }
  }
}

package dev.xenbus.xs;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The thread `xenbus`: all traffic on the ring, in both directions. Each turn moves at most one
/// incoming message and one outgoing request, reads first. Mirrors `xenbus_thread`, `process_msg`
/// and `process_writes`.
///
/// What goes wrong with a message is the errno alone in the log, as the real thread has it: `-22`
/// for bytes that are no message, `-2` for a reply that nobody waits for, `-5` for impossible
/// indices.
///
/// Lock: `xs_response_mutex`, held from the first header byte of a message until it was dispatched,
/// over several turns if need be; a suspender holds it for the whole suspend.
final class ReplyReader {
  /// What becomes of a watch event.
  @FunctionalInterface
  interface EventSink {
    /// Takes an event; must not sleep.
    void accept(String path, String token);
  }

  private final StoreRing ring;
  private final RequestChannel requests;
  private final EventSink events;
  private final WaitQueue ringWait;
  private final Mutex responseMutex;
  private final LimitedWarning readWarning;
  private final LimitedWarning writeWarning;

  // Exclusive to the thread: the message that is being read, and the request that is being written.
  private final byte[] header = new byte[MessageHeader.BYTES];
  private int headerBytes;
  private boolean inMessage;
  private @Nullable MessageHeader messageHeader;
  private byte[] body = new byte[0];
  private int bodyBytes;
  private @Nullable PendingRequest writing;
  private int writtenBytes;

  ReplyReader(
      Kernel kernel,
      StoreRing ring,
      RequestChannel requests,
      WaitQueue ringWait,
      EventSink events) {
    this.ring = ring;
    this.requests = requests;
    this.ringWait = ringWait;
    this.events = events;
    responseMutex = kernel.cpu().mutex(LockClass.of("xs_response_mutex"));
    readWarning = new LimitedWarning(kernel, "xenbus_thread");
    writeWarning = new LimitedWarning(kernel, "xenbus_thread");
  }

  /// Returns the lock that keeps the thread from starting to read a message.
  Mutex responseMutex() {
    return responseMutex;
  }

  /// The thread's body.
  @KernelSymbol("xenbus_thread")
  int run(Task self) {
    while (true) {
      ringWait.await(Task.State.S, WaitQueue.FOREVER, () -> self.shouldStop() || hasWork());
      if (self.shouldStop()) {
        return 0;
      }
      Errno problem = processMessage();
      if (problem != null) {
        readWarning.warn("xenbus: error -%d while reading message".formatted(problem.number()));
      }
      processWrites();
    }
  }

  private boolean hasWork() {
    return ring.isReadable() || (requests.hasRequests() && ring.isWritable());
  }

  /// Reads what is there of one message, and dispatches it once it is complete.
  ///
  /// @return what went wrong, or null
  private @Nullable Errno processMessage() {
    if (!inMessage) {
      responseMutex.lock();
      if (!ring.isReadable()) {
        // Raced with a suspend, or woken for writing only.
        responseMutex.unlock();
        return null;
      }
      inMessage = true;
      headerBytes = 0;
      messageHeader = null;
    }
    try {
      return readOn();
    } catch (StoreRing.BrokenRing _) {
      endMessage();
      return Errno.EIO;
    }
  }

  private @Nullable Errno readOn() throws StoreRing.BrokenRing {
    MessageHeader current = messageHeader;
    if (current == null) {
      headerBytes += ring.read(header, headerBytes, header.length - headerBytes);
      if (headerBytes < header.length) {
        return null;
      }
      current = MessageHeader.readFrom(ByteBuffer.wrap(header));
      if (!current.isLengthValid()) {
        // The bytes that follow are taken for a header: there is no way to find the next one.
        endMessage();
        return Errno.EINVAL;
      }
      messageHeader = current;
      body = new byte[current.length()];
      bodyBytes = 0;
    }
    bodyBytes += ring.read(body, bodyBytes, body.length - bodyBytes);
    if (bodyBytes < body.length) {
      return null;
    }
    byte[] payload = body;
    Errno problem = dispatch(current, payload);
    endMessage();
    return problem;
  }

  private void endMessage() {
    inMessage = false;
    messageHeader = null;
    body = new byte[0];
    responseMutex.unlock();
  }

  private @Nullable Errno dispatch(MessageHeader from, byte[] payload) {
    if (from.type() == MessageType.WATCH_EVENT.code()) {
      return dispatchEvent(payload);
    }
    return requests.answered(from.requestId(), from.type(), payload) ? null : Errno.ENOENT;
  }

  /// An event's payload is exactly two strings, each with its NUL. Mirrors `xs_watch_msg`.
  private @Nullable Errno dispatchEvent(byte[] payload) {
    Optional<int[]> ends = twoStrings(payload);
    if (ends.isEmpty()) {
      return Errno.EINVAL;
    }
    int pathEnd = ends.get()[0];
    int tokenEnd = ends.get()[1];
    events.accept(
        new String(payload, 0, pathEnd, StandardCharsets.ISO_8859_1),
        new String(payload, pathEnd + 1, tokenEnd - pathEnd - 1, StandardCharsets.ISO_8859_1));
    return null;
  }

  private static Optional<int[]> twoStrings(byte[] payload) {
    int[] ends = new int[2];
    int found = 0;
    for (int i = 0; i < payload.length; i++) {
      if (payload[i] == 0) {
        if (found == 2) {
          return Optional.empty();
        }
        ends[found++] = i;
      }
    }
    return found == 2 && ends[1] == payload.length - 1 ? Optional.of(ends) : Optional.empty();
  }

  /// Writes on at the request in progress, or begins the next; a request that has to wait for room
  /// blocks those behind it, but not what comes in.
  private void processWrites() {
    if (!ring.isWritable()) {
      return;
    }
    PendingRequest request = writing;
    if (request == null) {
      Optional<PendingRequest> next = requests.nextToWrite();
      if (next.isEmpty()) {
        return;
      }
      request = next.get();
      writing = request;
      writtenBytes = 0;
    }
    if (request.state() == PendingRequest.State.ABORTED) {
      // Perhaps half written: the stream is broken then. Requests are aborted at shutdown only.
      writing = null;
      requests.failed(request);
      return;
    }
    byte[] message = request.message();
    try {
      writtenBytes += ring.write(message, writtenBytes, message.length - writtenBytes);
      if (writtenBytes == message.length) {
        writing = null;
        requests.written(request);
      }
    } catch (StoreRing.BrokenRing _) {
      writing = null;
      requests.failed(request);
      writeWarning.warn("xenbus: error -%d while writing message".formatted(Errno.EIO.number()));
    }
  }
}

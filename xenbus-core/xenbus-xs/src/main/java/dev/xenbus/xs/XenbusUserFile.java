package dev.xenbus.xs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.OpenFile;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/// One open file `/dev/xen/xenbus`: a process of the domain talks to the store in the wire's own
/// messages, beside the kernel. Requests are asynchronous: any number may be on their way, and
/// replies and watch events are read as they come. Mirrors `xenbus_dev_frontend.c`.
///
/// Differs: the replies' bookkeeping has a lock of its own, so that a writer that waits for the
/// reply to a WATCH cannot hold up the thread that reads the ring (C48); a user's TRANSACTION_START
/// that fails is counted out once, as it was counted in (C43); a request that cannot be written is
/// answered with `EIO`.
///
/// Threads: any task; [#read] and [#write] may be called at the same time.
///
/// Locks, outermost first: `msgbuffer_mutex` for what is being written, `reply_mutex` for the rest.
public final class XenbusUserFile implements OpenFile {
  /// The largest message, header included: a payload of 4080 bytes.
  public static final int MESSAGE_BYTES_MAX = 4096;

  private final XenbusXs xs;
  private final WaitQueue readWait;
  private final Mutex bufferMutex;
  private final Mutex replyMutex;

  @GuardedBy("bufferMutex")
  private final byte[] buffer = new byte[MESSAGE_BYTES_MAX];

  @GuardedBy("bufferMutex")
  private int buffered;

  @GuardedBy("bufferMutex")
  private final Map<String, XenbusWatch> watches = new LinkedHashMap<>();

  /// What [#read] returns next, in pieces.
  @GuardedBy("replyMutex")
  private final ArrayDeque<byte[]> replies = new ArrayDeque<>();

  /// The open transactions, with the number of suspends before each.
  @GuardedBy("replyMutex")
  private final Map<Integer, Long> transactions = new LinkedHashMap<>();

  /// The open file itself, and each request on its way.
  private final AtomicInteger references = new AtomicInteger(1);

  /// What is called, in any context, when [#read] would not wait any more.
  private volatile Runnable onReadable = () -> {};

  private volatile boolean readable;
  private volatile boolean closed;

  XenbusUserFile(XenbusXs xs) {
    this.xs = xs;
    var cpu = xs.kernel().cpu();
    readWait = cpu.waitQueue("xenbus_file_read");
    bufferMutex = cpu.mutex(LockClass.of("msgbuffer_mutex"));
    replyMutex = cpu.mutex(LockClass.of("reply_mutex"));
  }

  // --- reading --------------------------------------------------------------------------------

  /// Mirrors `xenbus_file_poll`.
  @Override
  public boolean isReadable() {
    return readable;
  }

  /// Mirrors `xenbus_file_poll`.
  @Override
  public WaitQueue.Wake awaitReadable(long timeoutNanos) {
    return readWait.await(Task.State.S, timeoutNanos, () -> readable || closed);
  }

  @Override
  public void onReadable(Runnable rouse) {
    onReadable = rouse;
  }

  /// Reads what there is, up to `bytesMax` bytes, perhaps of several messages; waits for the first.
  ///
  /// @param nonblocking whether it fails instead of waiting (`O_NONBLOCK`)
  /// @throws KernelException `EAGAIN` if there is nothing; `EINTR` if a signal ended the wait;
  ///     `EBADF` if the file is closed
  @Override
  @KernelSymbol("xenbus_file_read")
  public byte[] read(int bytesMax, boolean nonblocking) throws KernelException {
    ByteBuffer out = ByteBuffer.allocate(bytesMax);
    while (true) {
      replyMutex.lock();
      try {
        while (out.hasRemaining() && !replies.isEmpty()) {
          byte[] piece = replies.removeFirst();
          int taken = Math.min(piece.length, out.remaining());
          out.put(piece, 0, taken);
          if (taken < piece.length) {
            replies.addFirst(Arrays.copyOfRange(piece, taken, piece.length));
          }
        }
        readable = !replies.isEmpty();
      } finally {
        replyMutex.unlock();
      }
      if (out.position() > 0 || bytesMax == 0) {
        return Arrays.copyOf(out.array(), out.position());
      }
      if (closed) {
        throw new KernelException(Errno.EBADF, "/dev/xen/xenbus is closed");
      }
      if (nonblocking) {
        throw new KernelException(Errno.EAGAIN, "/dev/xen/xenbus has nothing to read");
      }
      if (awaitReadable(WaitQueue.FOREVER) == WaitQueue.Wake.SIGNAL) {
        throw new KernelException(Errno.EINTR, "/dev/xen/xenbus: a signal came");
      }
    }
  }

  private void queue(int type, int requestId, int tx, byte[] payload) {
    byte[] message =
        new Message(new MessageHeader(type, requestId, tx, payload.length), payload).encode();
    replyMutex.lock();
    try {
      replies.addLast(message);
      readable = true;
    } finally {
      replyMutex.unlock();
    }
    readWait.wakeAll();
    onReadable.run();
  }

  private void answer(MessageHeader to, int type, String text) {
    queue(type, to.requestId(), to.transactionId(), Message.payloadOf(text));
  }

  private void fail(MessageHeader to, Errno errno) {
    answer(to, MessageType.ERROR.code(), errno.name());
  }

  // --- writing --------------------------------------------------------------------------------

  /// Takes bytes of a request; acts once header and payload are complete, and drops bytes behind
  /// them.
  ///
  /// @throws KernelException `EINVAL` if the bytes do not fit the buffer, `E2BIG` if the message
  ///     cannot: what was written is dropped then; the errno of a watch that is refused; `EBADF` if
  ///     the file is closed
  @Override
  @KernelSymbol("xenbus_file_write")
  public void write(byte[] bytes) throws KernelException {
    if (closed) {
      throw new KernelException(Errno.EBADF, "/dev/xen/xenbus is closed");
    }
    bufferMutex.lock();
    try {
      if (bytes.length > MESSAGE_BYTES_MAX - buffered) {
        buffered = 0;
        throw new KernelException(Errno.EINVAL, bytes.length + " bytes do not fit the buffer");
      }
      System.arraycopy(bytes, 0, buffer, buffered, bytes.length);
      buffered += bytes.length;
      if (buffered < MessageHeader.BYTES) {
        return;
      }
      MessageHeader header = MessageHeader.readFrom(ByteBuffer.wrap(buffer));
      if (header.length() < 0 || header.length() > MESSAGE_BYTES_MAX - MessageHeader.BYTES) {
        buffered = 0;
        throw new KernelException(
            Errno.E2BIG, "payload of " + Integer.toUnsignedString(header.length()) + " bytes");
      }
      int end = MessageHeader.BYTES + header.length();
      if (buffered >= end) {
        buffered = 0;
        act(header, Arrays.copyOfRange(buffer, MessageHeader.BYTES, end));
      }
    } finally {
      bufferMutex.unlock();
    }
  }

  @GuardedBy("bufferMutex")
  private void act(MessageHeader header, byte[] payload) throws KernelException {
    if (header.type() == MessageType.WATCH.code() || header.type() == MessageType.UNWATCH.code()) {
      actOnWatch(header, new Message(header, payload));
    } else if (mayBeSent(header, payload)) {
      send(header, payload);
    }
  }

  /// Answers locally what must not reach the store.
  private boolean mayBeSent(MessageHeader header, byte[] payload) {
    int tx = header.transactionId();
    if (tx == 0) {
      return true;
    }
    boolean isEnd = header.type() == MessageType.TRANSACTION_END.code();
    boolean commits = Arrays.equals(payload, Message.payloadOf("T"));
    Long begun;
    replyMutex.lock();
    try {
      begun = transactions.get(tx);
      if (isEnd && begun != null && begun != xs.generation()) {
        transactions.remove(tx);
      }
    } finally {
      replyMutex.unlock();
    }
    if (begun == null) {
      fail(header, Errno.ENOENT);
      return false;
    }
    if (isEnd && !commits && !Arrays.equals(payload, Message.payloadOf("F"))) {
      fail(header, Errno.EINVAL);
      return false;
    }
    if (isEnd && begun != xs.generation()) {
      // The store that knew of it is gone.
      if (commits) {
        fail(header, Errno.EAGAIN);
      } else {
        answer(header, header.type(), "OK");
      }
      return false;
    }
    return true;
  }

  private void send(MessageHeader header, byte[] payload) {
    long generation = xs.generation();
    references.incrementAndGet();
    xs.requests().sendForUser(header, payload, request -> replied(header, request, generation));
  }

  /// A reply came, or the request failed; in the thread that reads the ring
  /// (`xenbus_dev_queue_reply`).
  private void replied(MessageHeader asked, PendingRequest request, long generation) {
    replyMutex.lock();
    try {
      noteTransaction(asked, request, generation);
    } finally {
      replyMutex.unlock();
    }
    queue(request.replyType(), asked.requestId(), asked.transactionId(), request.body());
    release();
  }

  @GuardedBy("replyMutex")
  private void noteTransaction(MessageHeader asked, PendingRequest request, long generation) {
    if (asked.type() == MessageType.TRANSACTION_START.code() && !request.isErrorReply()) {
      OptionalLong id = ScanNumber.decimal(SuspendGate.errorName(request.body()));
      if (id.isPresent()) {
        transactions.put((int) id.getAsLong(), generation);
      }
    } else if (asked.type() == MessageType.TRANSACTION_END.code()) {
      String error = request.isErrorReply() ? SuspendGate.errorName(request.body()) : "";
      // Whatever else went wrong, the store still has it.
      if (error.isEmpty() || error.equals("EAGAIN") || error.equals("ENOENT")) {
        transactions.remove(asked.transactionId());
      }
    }
  }

  // --- watches --------------------------------------------------------------------------------

  @KernelSymbol("xenbus_write_watch")
  @GuardedBy("bufferMutex")
  private void actOnWatch(MessageHeader header, Message message) throws KernelException {
    List<String> strings = message.strings();
    byte[] payload = message.payload();
    if (strings.size() < 2 || payload[payload.length - 1] != 0) {
      fail(header, Errno.EINVAL);
      return;
    }
    String path = strings.get(0);
    String token = strings.get(1);
    String key = path + "\0" + token;
    if (header.type() == MessageType.UNWATCH.code()) {
      XenbusWatch watch = watches.remove(key);
      if (watch != null) {
        watch.close();
      }
    } else if (!watches.containsKey(key)) {
      try {
        watches.put(key, xs.watch(path, changed -> fired(changed, token)));
      } catch (XenstoreException e) {
        throw new KernelException(e.errno(), "watch " + path, e);
      }
    } else {
      throw new KernelException(Errno.EEXIST, "watch " + path + " exists");
    }
    answer(header, header.type(), "OK");
  }

  /// Runs in `xenwatch`; the kernel's token is replaced by the user's.
  @KernelSymbol("watch_fired")
  private void fired(String path, String token) {
    queue(MessageType.WATCH_EVENT.code(), 0, 0, Message.payloadOf(path, token));
  }

  // --- closing --------------------------------------------------------------------------------

  /// Closes the file; a worker aborts its transactions and unregisters its watches, once no request
  /// is on its way. Not earlier than that, since the last reference may go in the thread that reads
  /// the ring. May be called twice.
  @Override
  @KernelSymbol("xenbus_file_release")
  public void close() {
    replyMutex.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      replyMutex.unlock();
    }
    readWait.wakeAll();
    onReadable.run();
    release();
  }

  private void release() {
    if (references.decrementAndGet() == 0) {
      xs.userWork(this::cleanUp);
    }
  }

  @KernelSymbol("xenbus_worker")
  private void cleanUp() {
    Map<Integer, Long> open;
    replyMutex.lock();
    try {
      open = new LinkedHashMap<>(transactions);
      transactions.clear();
      replies.clear();
      readable = false;
    } finally {
      replyMutex.unlock();
    }
    open.forEach(this::abort);
    bufferMutex.lock();
    try {
      watches.values().forEach(XenbusWatch::close);
      watches.clear();
    } finally {
      bufferMutex.unlock();
    }
  }

  private void abort(int tx, long begun) {
    if (begun != xs.generation()) {
      return;
    }
    try {
      xs.requests()
          .callForUser(
              MessageType.TRANSACTION_END,
              TransactionId.of(tx),
              "F\0".getBytes(StandardCharsets.ISO_8859_1));
    } catch (XenstoreException e) {
      xs.kernel().printk().warn("xenbus: cannot abort transaction " + tx + ": " + e.errno());
    }
  }
}

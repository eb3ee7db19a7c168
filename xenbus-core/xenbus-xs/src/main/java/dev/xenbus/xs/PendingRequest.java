package dev.xenbus.xs;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.WaitQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A request on its way to the store, and the reply to it. Mirrors `struct xb_req_data`.
///
/// | from / event | last byte written | reply comes | write fails | waiter gives up |
/// |---|---|---|---|---|
/// | QUEUED | WAIT_REPLY | impossible | GOT_REPLY with `EIO` | ABORTED |
/// | WAIT_REPLY | | GOT_REPLY | | ABORTED |
/// | GOT_REPLY | | dropped, logged | | |
/// | ABORTED | dropped unwritten | dropped | | |
///
/// Threads: transitions are made under `xb_write_mutex`; the reply's fields are written before
/// the volatile `state` and read after it.
final class PendingRequest {
  /// Where a request is.
  enum State {
    /// Waits to be written.
    QUEUED,
    /// Written; the reply is awaited.
    WAIT_REPLY,
    /// Answered, or failed on the way.
    GOT_REPLY,
    /// Nobody waits for it any more.
    ABORTED
  }

  /// What a request means for the count of users; a user's transactions are not counted.
  enum Kind {
    /// Counts while it is on its way.
    PLAIN,
    /// Starts a transaction of the kernel, which counts until it ends.
    START,
    /// Ends one.
    END;

    static Kind of(MessageType type) {
      return switch (type) {
        case TRANSACTION_START -> START;
        case TRANSACTION_END -> END;
        default -> PLAIN;
      };
    }
  }

  private final Kind kind;
  private final int id;
  private final byte[] message;
  private final WaitQueue answered;
  private final @Nullable Consumer<PendingRequest> callback;
  private volatile State state = State.QUEUED;

  private boolean errorReply;
  private int replyType;
  private byte[] body = new byte[0];
  private @Nullable Errno failure;

  /// Makes a request.
  ///
  /// @param message header and payload
  /// @param answered where its sender waits
  /// @param callback called with the reply, in the thread that reads the ring, if nobody waits
  PendingRequest(
      Kind kind,
      int id,
      byte[] message,
      WaitQueue answered,
      @Nullable Consumer<PendingRequest> callback) {
    this.kind = kind;
    this.callback = callback;
    this.id = id;
    this.message = message;
    this.answered = answered;
  }

  Kind kind() {
    return kind;
  }

  /// Tells whoever sent it that it has come to its end; without locks of the channel.
  void tell() {
    answered.wakeAll();
    Consumer<PendingRequest> told = callback;
    if (told != null) {
      told.accept(this);
    }
  }

  int id() {
    return id;
  }

  byte[] message() {
    return message;
  }

  State state() {
    return state;
  }

  void moveTo(State next) {
    state = next;
  }

  WaitQueue answered() {
    return answered;
  }

  /// Notes the reply; the waiter sees it once the state says so.
  void reply(int type, byte[] payload) {
    replyType = type;
    errorReply = type == MessageType.ERROR.code();
    body = payload;
    state = State.GOT_REPLY;
  }

  /// Notes that it could not be written.
  void fail(Errno errno) {
    failure = errno;
    errorReply = true;
    replyType = MessageType.ERROR.code();
    body = Message.payloadOf(errno.name());
    state = State.GOT_REPLY;
  }

  boolean isErrorReply() {
    return errorReply;
  }

  int replyType() {
    return replyType;
  }

  byte[] body() {
    return body;
  }

  @Nullable Errno failure() {
    return failure;
  }
}

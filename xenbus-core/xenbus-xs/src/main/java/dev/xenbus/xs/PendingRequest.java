package dev.xenbus.xs;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.WaitQueue;
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

  private final MessageType type;
  private final int id;
  private final byte[] message;
  private final WaitQueue answered;
  private volatile State state = State.QUEUED;

  private boolean errorReply;
  private int replyType;
  private byte[] body = new byte[0];
  private @Nullable Errno failure;

  /// Makes a request.
  ///
  /// @param message header and payload
  /// @param answered where its sender waits
  PendingRequest(MessageType type, int id, byte[] message, WaitQueue answered) {
    this.type = type;
    this.id = id;
    this.message = message;
    this.answered = answered;
  }

  MessageType type() {
    return type;
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

package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The request that is being executed, in the buffer that it came in, and its reply, in the outbox
/// that it goes to. One object serves all requests.
final class Request {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /// Replies up to this long are sent even if the client has no memory left.
  private static final int REPLY_FREE_BYTES = 16;

  /// Not to be changed.
  static final byte[] OK = Bytes.of("OK\0");

  private final PathRef path = new PathRef();
  private Client client;
  private View view;
  private @Nullable OpenTransaction transaction;
  private @Nullable Blame blame;
  private byte[] buffer = Bytes.EMPTY;
  private int type;
  private int requestId;
  private int transactionId;
  private int start;
  private int end;

  Request(Client anybody, View direct) {
    client = anybody;
    view = direct;
  }

  /// Takes the message that starts at `offset`, which is complete and not too long.
  void set(Client from, byte[] bytes, int offset, View direct, @Nullable Blame whose) {
    client = from;
    buffer = bytes;
    view = direct;
    transaction = null;
    blame = whose;
    type = (int) INT.get(bytes, offset);
    requestId = (int) INT.get(bytes, offset + 4);
    transactionId = (int) INT.get(bytes, offset + 8);
    start = offset + XenstoreLimits.HEADER_BYTES;
    end = start + (int) INT.get(bytes, offset + 12);
  }

  Client client() {
    return client;
  }

  int type() {
    return type;
  }

  int transactionId() {
    return transactionId;
  }

  /// The transaction that it is in; null outside.
  @Nullable OpenTransaction transaction() {
    return transaction;
  }

  void enter(OpenTransaction itsTransaction) {
    transaction = itsTransaction;
    if (itsTransaction instanceof Transaction nodes) {
      view = nodes;
    }
  }

  /// The whole message, header included; a copy.
  byte[] frame() {
    return Arrays.copyOfRange(buffer, start - XenstoreLimits.HEADER_BYTES, end);
  }

  /// Takes a message that [#frame] gave.
  void repeat(Client from, byte[] frame) {
    set(from, frame, 0, view, null);
  }

  View view() {
    return view;
  }

  // ---- payload

  byte[] buffer() {
    return buffer;
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  /// Where the next NUL is, or -1.
  int nul(int from) {
    for (int i = from; i < end; i++) {
      if (buffer[i] == 0) {
        return i;
      }
    }
    return -1;
  }

  int strings() {
    int count = 0;
    for (int i = start; i < end; i++) {
      count += buffer[i] == 0 ? 1 : 0;
    }
    return count;
  }

  /// The end of the only string.
  ///
  /// @throws Refused `EINVAL` unless the first NUL is the payload's last byte
  int onlyString() throws Refused {
    int nul = nul(start);
    if (nul < 0 || nul != end - 1) {
      throw Refused.EINVAL;
    }
    return nul;
  }

  /// The end of the first string.
  ///
  /// @throws Refused `EINVAL` if there is none
  int firstString() throws Refused {
    int nul = nul(start);
    if (nul < 0) {
      throw Refused.EINVAL;
    }
    return nul;
  }

  boolean endsWithNul() {
    return end > start && buffer[end - 1] == 0;
  }

  String text(int from, int to) {
    return Bytes.text(buffer, from, to);
  }

  /// All strings that end with a NUL.
  String[] texts() {
    String[] texts = new String[strings()];
    int at = start;
    for (int i = 0; i < texts.length; i++) {
      int nul = nul(at);
      texts[i] = text(at, nul);
      at = nul + 1;
    }
    return texts;
  }

  byte[] copy(int from, int to) {
    return from == to ? Bytes.EMPTY : Arrays.copyOfRange(buffer, from, to);
  }

  /// The path in the given part of the payload.
  ///
  /// @throws Refused `EINVAL` if it is malformed
  PathRef path(int from, int to, boolean special) throws Refused {
    path.set(client, buffer, from, to, special);
    return path;
  }

  /// The path of a node in the given part of the payload, a name with `@` being one below the root.
  ///
  /// @throws Refused `EINVAL` if it is malformed
  PathRef rootedPath(int from, int to) throws Refused {
    path.setRooted(client, buffer, from, to);
    return path;
  }

  /// The path that is the whole payload.
  ///
  /// @throws Refused `EINVAL` if there is more or less than one string, or it is no path
  PathRef onlyPath(boolean special) throws Refused {
    return path(start, onlyString(), special);
  }

  // ---- reply

  void ok() throws Refused {
    reply(OK);
  }

  void reply(byte[] payload) throws Refused {
    Outbox out = begin();
    out.put(payload);
    finish();
  }

  void reply(String text) throws Refused {
    reply(Bytes.of(text + "\0"));
  }

  /// Starts a reply with a payload to be put.
  Outbox begin() {
    Outbox out = client.out();
    out.begin(type, requestId, transactionId);
    return out;
  }

  /// Ends the reply that was begun.
  ///
  /// @throws Refused `E2BIG` if it is longer than a payload may be, `ENOMEM` if the client has no
  ///     memory left for it; the reply is taken back
  void finish() throws Refused {
    Outbox out = client.out();
    int bytes = out.payloadBytes();
    if (bytes > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      out.rewind();
      throw Refused.E2BIG;
    }
    if (bytes > REPLY_FREE_BYTES
        && !client.isPrivileged()
        && client.domain().lacksMemory(bytes + XenstoreLimits.HEADER_BYTES)) {
      out.rewind();
      throw Refused.ENOMEM;
    }
    out.endReply(blame);
  }

  void fail(Refused refused) {
    Outbox out = client.out();
    out.begin(MessageType.ERROR.code(), requestId, transactionId);
    out.put(refused.wireName());
    out.endReply(blame);
  }
}

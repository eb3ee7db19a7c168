package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A client as a test drives it. In payloads and answers `|` stands for NUL; an error is its name.
final class Peer {
  private static final int REQUEST_ID = 77;

  private final Store store;
  final Client client;
  private final MessageDecoder decoder = new MessageDecoder();

  /// What came in so far, in order: `reply X` and `event PATH TOKEN`.
  final List<String> inbox = new ArrayList<>();

  Peer(Store store, Client client) {
    this.store = store;
    this.client = client;
  }

  /// Sends a request, does not look at what comes back.
  void post(int type, int transaction, String payload) {
    byte[] bytes = payload.replace('|', '\0').getBytes(StandardCharsets.ISO_8859_1);
    byte[] frame =
        Message.of(MessageType.READ, REQUEST_ID, TransactionId.of(transaction), bytes).encode();
    ByteBuffer.wrap(frame).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(0, type);
    byte[] shifted = new byte[frame.length + 3];
    System.arraycopy(frame, 0, shifted, 3, frame.length);
    while (!store.answer(client, shifted, 3)) {
      store.setTime(store.time() + Holds.HOLD_NANOS);
      store.refresh(client);
    }
  }

  /// Sends a request once and returns whether it was executed.
  boolean tryPost(MessageType type, int transaction, String payload) {
    byte[] bytes = payload.replace('|', '\0').getBytes(StandardCharsets.ISO_8859_1);
    byte[] frame = Message.of(type, REQUEST_ID, TransactionId.of(transaction), bytes).encode();
    return store.answer(client, frame, 0);
  }

  /// Takes everything that waits.
  void drain() {
    Outbox out = client.out();
    ByteBuffer bytes = ByteBuffer.wrap(out.array(), out.offset(), out.pending());
    try {
      for (Optional<Message> m = decoder.next(bytes); m.isPresent(); m = decoder.next(bytes)) {
        inbox.add(describe(m.get()));
      }
    } catch (XenstoreException e) {
      throw new AssertionError(e);
    }
    out.consumed(out.pending());
  }

  private static String describe(Message message) {
    if (message.header().isWatchEvent()) {
      return "event " + String.join(" ", message.strings());
    }
    if (message.header().requestId() != REQUEST_ID) {
      throw new AssertionError("request id " + message.header().requestId());
    }
    String text = new String(message.payload(), StandardCharsets.ISO_8859_1).replace('\0', '|');
    boolean strip = message.header().isError() || text.equals("OK|");
    return "reply " + (strip ? text.substring(0, text.length() - 1) : text);
  }

  /// Sends a request and returns its reply; events stay in the inbox.
  String ask(MessageType type, int transaction, String payload) {
    return ask(type.code(), transaction, payload);
  }

  String ask(int type, int transaction, String payload) {
    drain();
    int before = inbox.size();
    post(type, transaction, payload);
    drain();
    for (int i = before; i < inbox.size(); i++) {
      if (inbox.get(i).startsWith("reply ")) {
        return inbox.get(i).substring(6);
      }
    }
    throw new AssertionError("no reply to " + payload);
  }

  /// Returns the events that came in since the last call, as `PATH TOKEN`.
  List<String> events() {
    drain();
    List<String> events =
        inbox.stream().filter(m -> m.startsWith("event ")).map(m -> m.substring(6)).toList();
    inbox.clear();
    return events;
  }

  String read(String path) {
    return ask(MessageType.READ, 0, path + "|");
  }

  String read(int tx, String path) {
    return ask(MessageType.READ, tx, path + "|");
  }

  String write(String path, String value) {
    return write(0, path, value);
  }

  String write(int tx, String path, String value) {
    return ask(MessageType.WRITE, tx, path + "|" + value);
  }

  String mkdir(String path) {
    return mkdir(0, path);
  }

  String mkdir(int tx, String path) {
    return ask(MessageType.MKDIR, tx, path + "|");
  }

  String rm(String path) {
    return rm(0, path);
  }

  String rm(int tx, String path) {
    return ask(MessageType.RM, tx, path + "|");
  }

  String directory(String path) {
    return ask(MessageType.DIRECTORY, 0, path + "|");
  }

  String directory(int tx, String path) {
    return ask(MessageType.DIRECTORY, tx, path + "|");
  }

  String part(String path, int offset) {
    return ask(MessageType.DIRECTORY_PART, 0, path + "|" + offset + "|");
  }

  String perms(String path) {
    return ask(MessageType.GET_PERMS, 0, path + "|");
  }

  /// @param perms such as `n0 r5`
  String chmod(String path, String perms) {
    return chmod(0, path, perms);
  }

  String chmod(int tx, String path, String perms) {
    return ask(MessageType.SET_PERMS, tx, path + "|" + perms.replace(' ', '|') + "|");
  }

  String watch(String path, String token) {
    return ask(MessageType.WATCH, 0, path + "|" + token + "|");
  }

  String watch(String path, String token, String depth) {
    return ask(MessageType.WATCH, 0, path + "|" + token + "|" + depth + "|");
  }

  String unwatch(String path, String token) {
    return ask(MessageType.UNWATCH, 0, path + "|" + token + "|");
  }

  /// Starts a transaction and returns its id.
  int start() {
    String id = ask(MessageType.TRANSACTION_START, 0, "|");
    return Integer.parseInt(id.substring(0, id.length() - 1));
  }

  String commit(int tx) {
    return ask(MessageType.TRANSACTION_END, tx, "T|");
  }

  String abort(int tx) {
    return ask(MessageType.TRANSACTION_END, tx, "F|");
  }

  String control(String words) {
    return ask(MessageType.CONTROL, 0, words + "|");
  }
}

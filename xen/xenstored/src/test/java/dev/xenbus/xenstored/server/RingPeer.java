package dev.xenbus.xenstored.server;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.abi.xenstore.XenstoreRing;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The guest's end of a store ring, well-behaved unless told otherwise. `|` stands for NUL.
final class RingPeer {
  private static final VarHandle FIELD = XenstoreRing.FIELD.varHandle();
  private static final int RING = XenstoreRing.RING_BYTES;
  // A simulated machine may let any time pass before the daemon runs.
  private static final long PATIENCE_NANOS = WaitQueue.FOREVER;

  private final FakeXen.Guest guest;
  private final MessageDecoder decoder = new MessageDecoder();
  private ByteBuffer received = ByteBuffer.allocate(0);

  /// Whether it notifies as Linux does: of room on the reply ring only if the ring was full.
  boolean sparing;

  RingPeer(FakeXen.Guest guest) {
    this.guest = guest;
  }

  int get(long field) {
    return (int) FIELD.getVolatile(guest.page, field);
  }

  void set(long field, int value) {
    FIELD.setVolatile(guest.page, field, value);
  }

  void kick() {
    guest.toDaemon.run();
  }

  static byte[] frame(MessageType type, int id, String payload) {
    byte[] bytes = payload.replace('|', '\0').getBytes(StandardCharsets.ISO_8859_1);
    return Message.of(type, id, TransactionId.NONE, bytes).encode();
  }

  /// Puts bytes on the request ring, a chunk at a time, waiting for room.
  void send(byte[] bytes, int chunk) {
    int sent = 0;
    while (sent < bytes.length) {
      int want = Math.min(chunk, bytes.length - sent);
      await(() -> RING - (get(XenstoreRing.REQ_PROD) - get(XenstoreRing.REQ_CONS)) >= want);
      int prod = get(XenstoreRing.REQ_PROD);
      for (int i = 0; i < want; i++) {
        guest.page.set(ValueLayout.JAVA_BYTE, (prod + i) & (RING - 1), bytes[sent + i]);
      }
      set(XenstoreRing.REQ_PROD, prod + want);
      sent += want;
      kick();
    }
  }

  private void await(java.util.function.BooleanSupplier condition) {
    if (guest.notified.await(Task.State.S, PATIENCE_NANOS, condition) != WaitQueue.Wake.READY) {
      throw new AssertionError("the daemon does not move");
    }
  }

  /// Waits for the next message.
  Message receive() throws XenstoreException {
    return receive(PATIENCE_NANOS).orElseThrow();
  }

  /// Waits so long for the next message; empty if none comes.
  Optional<Message> receive(int timeoutMillis) throws XenstoreException {
    return receive(timeoutMillis * 1_000_000L);
  }

  private Optional<Message> receive(long patienceNanos) throws XenstoreException {
    while (true) {
      Optional<Message> message = decoder.next(received);
      if (message.isPresent()) {
        return message;
      }
      if (guest.notified.await(
              Task.State.S,
              patienceNanos,
              () -> get(XenstoreRing.RSP_PROD) != get(XenstoreRing.RSP_CONS))
          != WaitQueue.Wake.READY) {
        return Optional.empty();
      }
      int cons = get(XenstoreRing.RSP_CONS);
      int count = get(XenstoreRing.RSP_PROD) - cons;
      byte[] bytes = new byte[count];
      for (int i = 0; i < count; i++) {
        bytes[i] =
            guest.page.get(ValueLayout.JAVA_BYTE, XenstoreRing.REPLIES + ((cons + i) & (RING - 1)));
      }
      set(XenstoreRing.RSP_CONS, cons + count);
      if (!sparing || get(XenstoreRing.RSP_PROD) - cons >= RING) {
        kick();
      }
      received = ByteBuffer.wrap(bytes);
    }
  }

  /// Sends a request and waits for its reply; events on the way are passed over.
  String ask(MessageType type, String payload) throws XenstoreException {
    send(frame(type, 9, payload), RING);
    Message message = receive();
    while (message.header().isWatchEvent()) {
      message = receive();
    }
    return new String(message.payload(), StandardCharsets.ISO_8859_1).replace('\0', '|');
  }

  MemorySegment page() {
    return guest.page;
  }
}

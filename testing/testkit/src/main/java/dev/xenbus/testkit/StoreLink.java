package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.io.XenstoreInterface;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.machine.Irq;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One kernel's ring to a [TestStore], the store's end of it.
///
/// Threads: the store's, under its lock; [#open] any.
public final class StoreLink {
  private static final int CHUNK_BYTES = 1024;

  private final TestStore store;
  private final TestKernel kernel;
  private final MemorySegment page;
  private final XenstoreInterface ring;
  private final MessageDecoder decoder = new MessageDecoder();
  private final ArrayDeque<byte[]> output = new ArrayDeque<>();
  private int outputOffset;
  private final Map<String, String> watches = new LinkedHashMap<>();
  private final Map<Integer, StoreTree.Transaction> transactions = new LinkedHashMap<>();
  private volatile @Nullable Irq irq;

  /// How many more bytes of requests are taken; guarded by the store's lock.
  private int intake = Integer.MAX_VALUE;

  StoreLink(TestStore store, TestKernel kernel, MemorySegment page) {
    this.store = store;
    this.kernel = kernel;
    this.page = page;
    ring = new XenstoreInterface(page, () -> {});
  }

  /// Returns the shared page.
  public MemorySegment page() {
    return page;
  }

  /// Opens the kernel's event channel to the store.
  public EventChannel open(String name, Runnable handler) {
    Irq opened = kernel.cpu().irq(name, handler);
    irq = opened;
    return new EventChannel() {
      @Override
      public int port() {
        return 1;
      }

      @Override
      public void send() {
        store.rouse();
      }

      @Override
      public void eoi(boolean spurious) {}

      @Override
      public void disable() {
        opened.mask();
      }

      @Override
      public void enable() {
        opened.unmask();
      }

      @Override
      public void close() {
        irq = null;
        opened.close();
      }
    };
  }

  Domid domid() {
    return kernel.domid();
  }

  /// Takes so many bytes of requests from now on and no more, as a store that is slow.
  void intake(int bytes) {
    intake = bytes;
  }

  private int takeRequests(byte[] into) {
    int taken = ring.requests().take(into, 0, Math.min(into.length, intake));
    if (taken > 0 && intake != Integer.MAX_VALUE) {
      intake -= taken;
    }
    return taken;
  }

  String absolute(String path) {
    return path.startsWith("/") || path.startsWith("@") ? path : home() + "/" + path;
  }

  private String home() {
    return "/local/domain/" + domid();
  }

  Map<String, String> watches() {
    return watches;
  }

  Map<Integer, StoreTree.Transaction> transactions() {
    return transactions;
  }

  /// Moves what can be moved; returns whether anything was.
  boolean pump() throws XenstoreException {
    boolean moved = false;
    byte[] chunk = new byte[CHUNK_BYTES];
    int taken = takeRequests(chunk);
    while (taken > 0) {
      moved = true;
      ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, taken);
      Optional<Message> message = decoder.next(bytes);
      while (message.isPresent()) {
        store.handle(this, message.get());
        message = decoder.next(bytes);
      }
      taken = takeRequests(chunk);
    }
    moved |= writeOutput();
    if (moved) {
      notifyKernel();
    }
    return moved;
  }

  private boolean writeOutput() {
    boolean moved = false;
    while (!output.isEmpty()) {
      byte[] head = output.getFirst();
      int put = ring.responses().put(head, outputOffset, head.length - outputOffset);
      if (put <= 0) {
        break;
      }
      moved = true;
      outputOffset += put;
      if (outputOffset == head.length) {
        output.removeFirst();
        outputOffset = 0;
      }
    }
    return moved;
  }

  private void notifyKernel() {
    Irq line = irq;
    if (line != null) {
      line.raise();
    }
  }

  void reply(int typeCode, int requestId, int tx, byte[] payload) {
    Message message =
        new Message(
            new dev.xenbus.abi.xenstore.MessageHeader(typeCode, requestId, tx, payload.length),
            payload);
    output.addLast(message.encode());
  }

  void raw(byte[] bytes) {
    output.addLast(bytes);
  }

  /// Sends an event for each watch that the path concerns.
  void fire(String path, boolean removed) {
    watches.forEach(
        (token, watched) -> {
          String full = absolute(watched);
          if (path.equals(full) || path.startsWith(full + "/")) {
            event(relative(path, watched), token);
          } else if (removed && full.startsWith(path + "/")) {
            event(watched, token);
          }
        });
  }

  void event(String path, String token) {
    reply(MessageType.WATCH_EVENT.code(), 0, 0, Message.payloadOf(path, token));
  }

  private String relative(String path, String watched) {
    return watched.startsWith("/") || watched.startsWith("@")
        ? path
        : path.substring(home().length() + 1);
  }

  Optional<StoreTree.Transaction> transaction(TransactionId id) {
    return Optional.ofNullable(transactions.get(id.value()));
  }
}

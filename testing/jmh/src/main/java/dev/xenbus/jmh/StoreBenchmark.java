package dev.xenbus.jmh;

import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Store;
import dev.xenbus.xenstored.store.StoreHost;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// The store's core without threads, rings or sockets: a request's frame in, its reply and events
/// into the outboxes, which are emptied.
///
/// `children` is how many nodes stand beside the one that is used, in the same folder: a write must
/// not depend on it.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class StoreBenchmark {
  /// How many clients watch the node of [#writeWatched].
  private static final int WATCHERS = 100;

  /// Nodes beside the one that is used.
  @Param({"10", "100000"})
  public int children;

  private Store store;
  private Client client;
  private final Client[] watchers = new Client[WATCHERS];
  private byte[] read;
  private byte[] write;
  private byte[] writeOther;
  private byte[] writeWatched;
  private byte[] directory;
  private byte[] start;

  /// Fills the store.
  @Setup
  public void fill() {
    store = new Store(new Nowhere());
    client = store.connect();
    for (int i = 0; i < children; i++) {
      ask(frame(MessageType.WRITE, 0, "/folder/n" + i + "\0value"));
    }
    ask(frame(MessageType.WRITE, 0, "/small/node\0value"));
    ask(frame(MessageType.WRITE, 0, "/watched\0value"));
    for (int i = 0; i < WATCHERS; i++) {
      watchers[i] = store.connect();
      store.answer(watchers[i], frame(MessageType.WATCH, 0, "/watched\0token\0"), 0);
    }
    read = frame(MessageType.READ, 0, "/folder/n5\0");
    write = frame(MessageType.WRITE, 0, "/folder/n5\0other");
    writeOther = frame(MessageType.WRITE, 0, "/small/node\0other");
    writeWatched = frame(MessageType.WRITE, 0, "/watched\0other");
    directory = frame(MessageType.DIRECTORY, 0, "/small\0");
    start = frame(MessageType.TRANSACTION_START, 0, "\0");
  }

  /// READ of a node.
  @Benchmark
  public int read() {
    return ask(read);
  }

  /// WRITE of a node in a folder of so many.
  @Benchmark
  public int write() {
    return ask(write);
  }

  /// WRITE of a node beside the large folder.
  @Benchmark
  public int writeOther() {
    return ask(writeOther);
  }

  /// DIRECTORY of a folder with one child.
  @Benchmark
  public int directory() {
    return ask(directory);
  }

  /// WRITE of a node with a hundred watchers, whose events are taken.
  @Benchmark
  public int writeWatched() {
    int bytes = ask(writeWatched);
    for (Client watcher : watchers) {
      bytes += empty(watcher);
    }
    return bytes;
  }

  /// TRANSACTION_START and TRANSACTION_END without anything between.
  @Benchmark
  public int emptyTransaction() {
    return end(begin());
  }

  /// A transaction that reads a node and writes it.
  @Benchmark
  public int readModifyWrite() {
    int transaction = begin();
    ask(frame(MessageType.READ, transaction, "/folder/n5\0"));
    ask(frame(MessageType.WRITE, transaction, "/folder/n5\0other"));
    return end(transaction);
  }

  private int begin() {
    store.answer(client, start, 0);
    // The reply's payload is the number in decimal, and a NUL.
    int at = client.out().offset() + 16;
    int number = 0;
    for (byte digit = client.out().array()[at]; digit != 0; digit = client.out().array()[++at]) {
      number = number * 10 + digit - '0';
    }
    empty(client);
    return number;
  }

  private int end(int transaction) {
    return ask(frame(MessageType.TRANSACTION_END, transaction, "T\0"));
  }

  private int ask(byte[] frame) {
    store.answer(client, frame, 0);
    return empty(client);
  }

  private static int empty(Client of) {
    int bytes = of.out().pending();
    of.out().consumed(bytes);
    return bytes;
  }

  private static byte[] frame(MessageType type, int transaction, String payload) {
    return Message.of(
            type, 1, TransactionId.of(transaction), payload.getBytes(StandardCharsets.ISO_8859_1))
        .encode();
  }

  /// A world without domains.
  private static final class Nowhere implements StoreHost {
    @Override
    public Optional<DomainStatus> status(int domid) {
      return Optional.empty();
    }

    @Override
    public void connectRing(Client ring, int port) throws HypercallException {
      throw new UnsupportedOperationException("there are no domains");
    }

    @Override
    public void disconnected(Client gone) {}

    @Override
    public void log(String line) {}

    @Override
    public boolean openTrace(String file) {
      return false;
    }

    @Override
    public boolean report(String file, String text) {
      return false;
    }
  }
}

package dev.xenbus.bench;

import dev.xenbus.bench.Row.Mode;
import dev.xenbus.machine.Clock;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Puts a load on one server for a while, all clients in the calling thread.
final class Load {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final int SAMPLES_MAX = 1 << 20;
  private static final int FILL_BATCH = 256;

  /// What was seen.
  ///
  /// @param operationsPerSecond operations that ended, each second
  /// @param p50Micros half of them took at most so long
  /// @param p99Micros 99 of 100 did
  record Seen(double operationsPerSecond, double p50Micros, double p99Micros) {}

  private final Clock clock;
  private final Path socket;
  private final long[] samples = new long[SAMPLES_MAX];
  private int sampleCount;
  private long operations;

  Load(Clock clock, Path socket) {
    this.clock = clock;
    this.socket = socket;
  }

  /// Fills the store with so many nodes, a thousand in a folder.
  void fill(int leaves) throws IOException {
    try (Connection connection = new Connection(socket)) {
      for (int from = 0; from < leaves; from += FILL_BATCH) {
        int count = Math.min(FILL_BATCH, leaves - from);
        for (int i = from; i < from + count; i++) {
          byte[] payload = Client.bytes(Client.leaf(i) + "\0" + "0123456789abcdef");
          connection.put(Connection.WRITE, 0, payload);
        }
        connection.flush();
        for (int i = 0; i < count; i++) {
          connection.await();
        }
      }
    }
  }

  /// Runs a row.
  ///
  /// @param warmNanos how long before it counts
  /// @param nanos how long it counts
  Seen run(Row row, long warmNanos, long nanos) throws IOException {
    return row.mode() == Mode.FANOUT ? fanOut(row, warmNanos, nanos) : all(row, warmNanos, nanos);
  }

  private Seen all(Row row, long warmNanos, long nanos) throws IOException {
    List<Client> clients = new ArrayList<>();
    try (Selector selector = Selector.open()) {
      long[] begun = new long[row.clients()];
      for (int i = 0; i < row.clients(); i++) {
        Client client = new Client(new Connection(socket), row, i);
        clients.add(client);
        if (row.leaves() == 0) {
          client.prepare();
        }
        client.connection.channel.configureBlocking(false);
        client.connection.channel.register(selector, SelectionKey.OP_READ, i);
      }
      long start = clock.nanos();
      for (int i = 0; i < clients.size(); i++) {
        begun[i] = start;
        clients.get(i).begin();
      }
      long counts = start + warmNanos;
      long end = counts + nanos;
      for (long now = start; now < end; ) {
        selector.select();
        now = clock.nanos();
        for (SelectionKey key : selector.selectedKeys()) {
          int i = (Integer) key.attachment();
          int ended = clients.get(i).ready();
          if (ended > 0) {
            long then = clock.nanos();
            if (then >= counts) {
              note(then - begun[i], ended);
            }
            begun[i] = then;
            clients.get(i).begin();
          }
        }
        selector.selectedKeys().clear();
      }
      return seen(clock.nanos() - counts);
    } finally {
      for (Client client : clients) {
        client.connection.close();
      }
    }
  }

  /// One connection writes, all others watch and take their events.
  private Seen fanOut(Row row, long warmNanos, long nanos) throws IOException {
    List<Connection> watchers = new ArrayList<>();
    try (Connection writer = new Connection(socket);
        Selector selector = Selector.open()) {
      byte[] write = Client.bytes("/bench/node\0x");
      writer.send(Connection.WRITE, 0, write);
      writer.await();
      for (int i = 0; i < row.clients(); i++) {
        Connection watcher = new Connection(socket);
        watchers.add(watcher);
        watcher.send(Connection.WATCH, 0, Client.bytes("/bench/node\0token\0"));
        watcher.await();
        watcher.await();
        watcher.channel.configureBlocking(false);
        watcher.channel.register(selector, SelectionKey.OP_READ, watcher);
      }
      long counts = clock.nanos() + warmNanos;
      long end = counts + nanos;
      for (long begun = clock.nanos(); begun < end; begun = clock.nanos()) {
        writer.send(Connection.WRITE, 0, write);
        int left = watchers.size();
        while (left > 0) {
          selector.select();
          for (SelectionKey key : selector.selectedKeys()) {
            Connection watcher = (Connection) key.attachment();
            for (boolean more = watcher.next(true); more; more = watcher.next(false)) {
              left--;
            }
          }
          selector.selectedKeys().clear();
        }
        writer.await();
        long then = clock.nanos();
        if (begun >= counts) {
          note(then - begun, 1);
        }
      }
      return seen(clock.nanos() - counts);
    } finally {
      for (Connection watcher : watchers) {
        watcher.close();
      }
    }
  }

  private void note(long nanos, int ended) {
    operations += ended;
    if (sampleCount < SAMPLES_MAX) {
      samples[sampleCount++] = nanos;
    }
  }

  private Seen seen(long nanos) {
    Arrays.sort(samples, 0, sampleCount);
    return new Seen((double) operations * NANOS_PER_SECOND / nanos, quantile(0.5), quantile(0.99));
  }

  private double quantile(double part) {
    return sampleCount == 0 ? 0 : samples[(int) (part * (sampleCount - 1))] / 1000.0;
  }
}

package dev.xenbus.bench;

import dev.xenbus.bench.Row.Mode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// One client that does the same over and over; driven by [Load] whenever its socket has something.
final class Client {
  private static final int NODES = 16;
  private static final byte[] VALUE = bytes("0123456789abcdef");
  private static final byte[] NOTHING = {0};
  private static final byte[] COMMIT = bytes("T\0");

  final Connection connection;
  private final Row row;
  private final byte[][] reads;
  private final byte[][] writes;
  private int round;
  private int step;
  private int transaction;
  private int repliesLeft;

  Client(Connection connection, Row row, int number) {
    this.connection = connection;
    this.row = row;
    int count = row.leaves() > 0 ? 1 << 10 : NODES;
    reads = new byte[count][];
    writes = new byte[count][];
    for (int i = 0; i < count; i++) {
      String path = pathOf(row, number, i);
      reads[i] = bytes(path + "\0");
      writes[i] = bytes(path + "\0" + new String(VALUE, StandardCharsets.ISO_8859_1));
    }
  }

  private static String pathOf(Row row, int number, int index) {
    if (row.mode() == Mode.RMW_ONE || row.mode() == Mode.FANOUT) {
      return "/bench/node";
    }
    // A prime step spreads a client's nodes over the many.
    return row.leaves() > 0
        ? leaf((int) ((number * 7919L + index * 104_729L) % row.leaves()))
        : "/bench/c" + number + "/n" + index;
  }

  /// Returns the path of one of many nodes, a thousand in a folder.
  static String leaf(int index) {
    return "/bench/many/f" + index / 1000 + "/n" + index % 1000;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Makes its nodes, on a blocking socket.
  void prepare() throws IOException {
    for (byte[] write : writes) {
      connection.send(Connection.WRITE, 0, write);
      connection.await();
    }
  }

  /// Sends the first request of an operation.
  void begin() throws IOException {
    round++;
    step = 0;
    switch (row.mode()) {
      case READ -> batch(Connection.READ, reads);
      case WRITE, FANOUT -> batch(Connection.WRITE, writes);
      case RMW, RMW_ONE -> {
        repliesLeft = 1;
        connection.send(Connection.START, 0, NOTHING);
      }
    }
  }

  private void batch(int type, byte[][] payloads) throws IOException {
    repliesLeft = row.batch();
    if (row.batch() == 1) {
      connection.send(type, 0, payloads[round % payloads.length]);
      return;
    }
    for (int i = 0; i < row.batch(); i++) {
      connection.put(type, 0, payloads[(round + i) % payloads.length]);
    }
    connection.flush();
  }

  /// Takes what the socket has.
  ///
  /// @return operations that ended: 0, or 1, or a whole batch
  int ready() throws IOException {
    boolean reads = true;
    while (connection.next(reads)) {
      reads = false;
      if (connection.type != Connection.EVENT && reply()) {
        return row.batch();
      }
    }
    return 0;
  }

  /// Takes a reply; returns whether the operation is over.
  private boolean reply() throws IOException {
    if (row.mode() != Mode.RMW && row.mode() != Mode.RMW_ONE) {
      check();
      return --repliesLeft == 0;
    }
    int node = round % reads.length;
    switch (step++) {
      case 0 -> {
        check();
        transaction = connection.number();
        connection.send(Connection.READ, transaction, reads[node]);
      }
      case 1 -> {
        check();
        connection.send(Connection.WRITE, transaction, writes[node]);
      }
      case 2 -> {
        check();
        connection.send(Connection.END, transaction, COMMIT);
      }
      default -> {
        if (connection.type != Connection.ERROR) {
          return true;
        }
        if (!connection.text().equals("EAGAIN\0")) {
          check();
        }
        step = 0;
        connection.send(Connection.START, 0, NOTHING);
      }
    }
    return false;
  }

  private void check() throws IOException {
    if (connection.type == Connection.ERROR) {
      throw new IOException("the server answered " + connection.text());
    }
  }
}

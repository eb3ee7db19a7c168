package dev.xenbus.bench;

import java.util.List;

/// One kind of load.
///
/// @param mode what each client does
/// @param clients how many connections
/// @param batch requests that are sent at once before their replies are read
/// @param leaves nodes that the store holds beside those of the clients
public record Row(Mode mode, int clients, int batch, int leaves) {
  /// What a client does, over and over.
  public enum Mode {
    /// Reads one of its own nodes.
    READ,
    /// Writes one of its own nodes.
    WRITE,
    /// A transaction that reads and writes one of its own nodes; again if it conflicts.
    RMW,
    /// The same, all clients on one node.
    RMW_ONE,
    /// One client writes a node that all others watch; done when all have the event.
    FANOUT
  }

  /// Returns the rows that are measured unless others are asked for.
  public static List<Row> usual() {
    return List.of(
        new Row(Mode.READ, 1, 1, 0),
        new Row(Mode.READ, 8, 1, 0),
        new Row(Mode.READ, 64, 1, 0),
        new Row(Mode.WRITE, 8, 1, 0),
        new Row(Mode.WRITE, 64, 1, 0),
        new Row(Mode.RMW, 8, 1, 0),
        new Row(Mode.RMW, 64, 1, 0),
        new Row(Mode.RMW_ONE, 8, 1, 0),
        new Row(Mode.READ, 1, 64, 0),
        new Row(Mode.READ, 8, 64, 0),
        new Row(Mode.FANOUT, 1, 1, 0),
        new Row(Mode.FANOUT, 100, 1, 0),
        new Row(Mode.FANOUT, 1000, 1, 0),
        new Row(Mode.READ, 8, 1, 100_000),
        new Row(Mode.WRITE, 8, 1, 100_000),
        new Row(Mode.RMW, 8, 1, 100_000));
  }

  @Override
  public String toString() {
    String what =
        switch (mode) {
          case READ -> "read";
          case WRITE -> "write";
          case RMW -> "read-modify-write";
          case RMW_ONE -> "read-modify-write, one node";
          case FANOUT -> "write with watchers";
        };
    return what
        + ", "
        + clients
        + (batch == 1 ? "" : ", " + batch + " a batch")
        + (leaves == 0 ? "" : ", " + leaves + " nodes beside");
  }
}

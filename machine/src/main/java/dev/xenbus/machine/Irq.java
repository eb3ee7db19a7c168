package dev.xenbus.machine;

/// An interrupt line: edges collapse while one is pending; pending is cleared before the handler.
public interface Irq extends AutoCloseable {
  /// Raises it; from any context. Never blocks.
  void raise();

  /// Keeps the handler from starting; an edge that comes meanwhile stays pending.
  void mask();

  /// Undoes [#mask]; a pending edge is delivered.
  void unmask();

  /// Frees the line; waits for a running handler unless called from inside of it.
  @Override
  void close();
}

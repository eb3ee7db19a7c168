package dev.xenbus.linux.api;

/// One bound port of a kernel.
public interface EventChannel extends AutoCloseable {
  /// Returns the local port.
  int port();

  /// Sends to the other end; nothing happens if nobody is bound. Never blocks.
  void send();

  /// Ends the interrupt of a channel bound with late EOI: it may fire again.
  ///
  /// @param spurious whether the event brought no work
  void eoi(boolean spurious);

  /// Keeps the handler from running, and waits for it if it runs (`disable_irq`). Nests.
  void disable();

  /// Undoes one [#disable]; a pending event is delivered.
  void enable();

  /// Closes the port; waits for a running handler unless called from inside of it.
  @Override
  void close();
}

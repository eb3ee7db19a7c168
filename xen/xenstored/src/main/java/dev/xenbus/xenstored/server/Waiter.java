package dev.xenbus.xenstored.server;

/// How the loop waits for something to do.
interface Waiter {
  /// Wakes the loop; from any context. One that comes before the wait is not lost.
  void rouse();

  /// Looks for sockets that are ready, without waiting.
  void look();

  /// Waits until roused, until a socket is ready, or until the given time since boot.
  void await(long deadlineNanos);

  /// Frees what it needs.
  void close();
}

package dev.xenbus.testkit;

import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.machine.Task;

/// A domain that sends events without pause, and what becomes of them at the other end.
public final class EventStorm {
  private static final long PAUSE_NANOS = 1_000_000;

  private final SharedInfo target;
  private final int port;
  private final EventChannel from;

  /// @param target the page of the domain that is stormed
  /// @param port its port
  /// @param from the end of the one who storms
  public EventStorm(SharedInfo target, int port, EventChannel from) {
    this.target = target;
    this.port = port;
    this.from = from;
  }

  /// Returns the end of the one who storms.
  public EventChannel from() {
    return from;
  }

  /// Sends an event every millisecond.
  ///
  /// @return how many of them were handled: the others came while one was pending
  public int send(int millis) {
    int handled = 0;
    for (int i = 0; i < millis; i++) {
      from.send();
      Task.sleep(PAUSE_NANOS);
      handled += target.isPending(port) ? 0 : 1;
    }
    return handled;
  }

  /// Returns whether the port is masked: events stay pending.
  public boolean isMasked() {
    return target.isMasked(port);
  }
}

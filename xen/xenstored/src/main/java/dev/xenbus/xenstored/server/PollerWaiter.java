package dev.xenbus.xenstored.server;

import dev.xenbus.machine.Poller;

/// Waits for rings and pipes: in both machines.
final class PollerWaiter implements Waiter {
  private final Poller poller;

  PollerWaiter(Poller poller) {
    this.poller = poller;
  }

  @Override
  public void rouse() {
    poller.rouse();
  }

  @Override
  public void look() {}

  @Override
  public void await(long deadlineNanos) {
    poller.await(deadlineNanos);
  }

  @Override
  public void close() {}
}

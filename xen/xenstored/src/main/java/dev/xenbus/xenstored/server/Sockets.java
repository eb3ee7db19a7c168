package dev.xenbus.xenstored.server;

import dev.xenbus.machine.OutsideWait;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/// The selector of the daemon's sockets, in live machines.
final class Sockets implements OutsideWait, AutoCloseable {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Selector selector;

  /// What a key of the selector is for.
  interface Ready {
    void ready(SelectionKey key);
  }

  /// @throws IOException if the system has no more selectors
  Sockets() throws IOException {
    selector = Selector.open();
  }

  Selector selector() {
    return selector;
  }

  private static void onReady(SelectionKey key) {
    ((Ready) key.attachment()).ready(key);
  }

  /// Looks which sockets are ready, without waiting.
  ///
  /// @return how many were
  int look() {
    try {
      return selector.selectNow(Sockets::onReady);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void await(long timeoutNanos) {
    try {
      if (timeoutNanos == WaitQueue.FOREVER) {
        selector.select(Sockets::onReady);
      } else if (timeoutNanos > 0) {
        selector.select(Sockets::onReady, 1 + timeoutNanos / NANOS_PER_MILLI);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void wake() {
    selector.wakeup();
  }

  @Override
  public void close() {
    try {
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

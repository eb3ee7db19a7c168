package dev.xenbus.xenstored.server;

import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/// Waits for sockets too: live machines only.
final class SelectorWaiter implements Waiter {
  /// At least this often the loop looks whether its kernel is still there.
  private static final long SLEEP_MILLIS_MAX = 500;

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Selector selector;
  private final Clock clock;
  private volatile boolean roused;
  private volatile boolean asleep;

  /// What a key of the selector is for.
  interface Ready {
    void ready(SelectionKey key);
  }

  SelectorWaiter(Selector selector, Clock clock) {
    this.selector = selector;
    this.clock = clock;
  }

  private static void onReady(SelectionKey key) {
    ((Ready) key.attachment()).ready(key);
  }

  Selector selector() {
    return selector;
  }

  @Override
  public void rouse() {
    // The flag is out before `asleep` is read; the sleeper says that it sleeps before it reads the
    // flag. Both are volatile, so one of the two sees the other.
    roused = true;
    if (asleep) {
      selector.wakeup();
    }
  }

  @Override
  public void look() {
    try {
      selector.selectNow(SelectorWaiter::onReady);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void await(long deadlineNanos) {
    long millis = SLEEP_MILLIS_MAX;
    if (deadlineNanos != WaitQueue.FOREVER) {
      long left = (deadlineNanos - clock.nanos()) / NANOS_PER_MILLI + 1;
      millis = Math.clamp(left, 1, SLEEP_MILLIS_MAX);
    }
    asleep = true;
    try {
      if (roused) {
        selector.selectNow(SelectorWaiter::onReady);
      } else if (selector.select(SelectorWaiter::onReady, millis) == 0) {
        Task.relax();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      asleep = false;
      roused = false;
    }
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

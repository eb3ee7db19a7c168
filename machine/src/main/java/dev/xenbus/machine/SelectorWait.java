package dev.xenbus.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/// A selector of sockets, as where a task waits. Live machines only.
///
/// Threads: one task waits and looks; [#wake] from any thread.
public final class SelectorWait implements OutsideWait, AutoCloseable {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Selector selector;

  /// What is told, in the task that waits, that a key is ready: the key's attachment, if it has
  /// one.
  @FunctionalInterface
  public interface Ready {
    /// Does what there is to do.
    void ready(SelectionKey key);
  }

  /// Opens a selector.
  ///
  /// @throws IOException if the system has no more selectors
  public SelectorWait() throws IOException {
    selector = Selector.open();
  }

  /// Returns the selector, to register channels with.
  public Selector selector() {
    return selector;
  }

  private static void onReady(SelectionKey key) {
    if (key.attachment() instanceof Ready told) {
      told.ready(key);
    }
  }

  /// Looks which sockets are ready, without waiting.
  ///
  /// @return how many were
  public int look() {
    try {
      return selector.selectNow(SelectorWait::onReady);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void await(long timeoutNanos) {
    try {
      if (timeoutNanos == WaitQueue.FOREVER) {
        selector.select(SelectorWait::onReady);
      } else if (timeoutNanos > 0) {
        selector.select(SelectorWait::onReady, 1 + timeoutNanos / NANOS_PER_MILLI);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void wake() {
    selector.wakeup();
  }

  /// Closes the selector, and frees the channels that are closed already.
  @Override
  public void close() {
    try {
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.xenbus.xenstore.client;

import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the store will have answered to a request that is on its way.
///
/// It comes to an end in any case: with the result, with the store's refusal
/// ([XenstoreException]), or, if the connection breaks first, with another [IOException].
///
/// Threads: any number of tasks may wait for it; on a live machine threads from outside too.
///
/// Locks: its connection's, for moments.
///
/// @param <T> the result
public final class Reply<T> {
  private final Connection connection;
  private final List<Runnable> callbacks = new ArrayList<>(); // guarded by the connection's lock
  private @Nullable T value; // written before `done`
  private @Nullable IOException failure; // written before `done`
  private volatile boolean done;
  private volatile boolean noticed;

  Reply(Connection connection) {
    this.connection = connection;
  }

  /// Waits, in state S, for the result.
  ///
  /// @throws XenstoreException the store's refusal
  /// @throws InterruptedIOException if a signal came first; the connection stays usable, and the
  ///     request may be carried out all the same
  /// @throws IOException if the connection broke
  public T await() throws IOException {
    noticed = true;
    connection.awaitUntil(() -> done, WaitQueue.FOREVER);
    return result();
  }

  /// Waits, in state S, at most for the given time.
  ///
  /// @param timeoutNanos 0 to look only
  /// @return whether the answer is there, so that [#await] does not wait
  /// @throws InterruptedIOException if a signal came first
  public boolean awaitDone(long timeoutNanos) throws InterruptedIOException {
    return connection.awaitUntil(() -> done, timeoutNanos);
  }

  /// Returns whether the answer is there, so that [#await] does not wait.
  public boolean isDone() {
    return done;
  }

  /// Has one of the two called once the answer is there: in a task of the connection's own, which
  /// calls one callback after the other in the order in which they became due. A callback may wait
  /// for requests; further ones wait for it meanwhile.
  ///
  /// @param result takes the result
  /// @param refused takes the store's refusal, or what broke the connection
  /// @return this
  public Reply<T> whenDone(Consumer<? super T> result, Consumer<IOException> refused) {
    noticed = true;
    connection.callbacks().start();
    Runnable callback =
        () -> {
          T told;
          try {
            told = result();
          } catch (IOException e) {
            refused.accept(e);
            return;
          }
          result.accept(told);
        };
    connection.lock().lock();
    try {
      if (done) {
        connection.callbacks().add(callback);
      } else {
        callbacks.add(callback);
      }
    } finally {
      connection.lock().unlock();
    }
    return this;
  }

  @SuppressWarnings("NullAway") // null only if T is nullable
  private T result() throws IOException {
    IOException why = failure;
    if (why instanceof XenstoreException refusal) {
      throw refusal.retold();
    }
    if (why != null) {
      throw new IOException(why.getMessage(), why);
    }
    return value;
  }

  /// Returns whether it failed and nobody has asked, nor wants to be told.
  boolean failedUnnoticed() {
    return done && failure != null && !noticed;
  }

  boolean isNoticed() {
    return noticed;
  }

  void complete(T result) {
    end(result, null);
  }

  void fail(IOException why) {
    end(null, why);
  }

  private void end(@Nullable T result, @Nullable IOException why) {
    connection.lock().lock();
    try {
      if (!done) {
        value = result;
        failure = why;
        done = true;
        callbacks.forEach(connection.callbacks()::add);
        callbacks.clear();
      }
    } finally {
      connection.lock().unlock();
    }
  }
}

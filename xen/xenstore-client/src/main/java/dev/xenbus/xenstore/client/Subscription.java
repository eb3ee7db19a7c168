package dev.xenbus.xenstore.client;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// A watch on a path, and its events in the order in which they came. The first one comes at once,
/// also if there is no such node.
///
/// Events say that something changed, not what: read the node. Several changes may show as one
/// event.
///
/// Threads: any number of tasks; on a live machine threads from outside too. Each event goes to
/// one.
///
/// Locks: its connection's, for moments.
public final class Subscription implements AutoCloseable {
  private final Connection connection;
  private final String path;
  private final String token;
  private final @Nullable WatchListener listener;

  // Guarded by the connection's lock; the volatile ones are read without it in conditions.
  private final Queue<WatchEvent> events = new ArrayDeque<>();
  private volatile int waiting; // size of `events`
  private volatile boolean closed;
  private volatile boolean telling;

  Subscription(Connection connection, String path, String token, @Nullable WatchListener listener) {
    this.connection = connection;
    this.path = path;
    this.token = token;
    this.listener = listener;
  }

  /// Returns the watched path.
  public String path() {
    return path;
  }

  String token() {
    return token;
  }

  /// Waits, in state S, for the next event.
  ///
  /// @throws InterruptedIOException if a signal came first; no event is lost
  /// @throws IOException if all events were taken and the connection is broken or this is closed
  public WatchEvent next() throws IOException {
    return await(WaitQueue.FOREVER).orElseThrow();
  }

  /// Waits, in state S, for the next event, at most for the given time.
  ///
  /// @param timeoutNanos 0 to look only
  /// @return the event, or empty if the time is over
  /// @throws InterruptedIOException if a signal came first; no event is lost
  /// @throws IOException if all events were taken and the connection is broken or this is closed
  public Optional<WatchEvent> await(long timeoutNanos) throws IOException {
    if (listener != null) {
      throw new IllegalStateException("the events of " + path + " go to a listener");
    }
    boolean ready =
        connection.awaitUntil(() -> waiting > 0 || closed || connection.isBroken(), timeoutNanos);
    Optional<WatchEvent> event = take();
    if (event.isEmpty() && ready) {
      connection.checkUsable();
      if (closed) {
        throw new IOException("the watch on " + path + " is closed");
      }
      return await(timeoutNanos); // somebody else was faster
    }
    return event;
  }

  private Optional<WatchEvent> take() {
    connection.lock().lock();
    try {
      Optional<WatchEvent> event = Optional.ofNullable(events.poll());
      waiting = events.size();
      return event;
    } finally {
      connection.lock().unlock();
    }
  }

  /// Takes an event in; the caller holds the lock.
  void arrived(WatchEvent event) {
    events.add(event);
    waiting = events.size();
    if (listener != null) {
      connection.callbacks().add(this::tell);
    }
  }

  int waiting() {
    return waiting;
  }

  /// Tells the listener of one event.
  private void tell() {
    WatchEvent event;
    connection.lock().lock();
    try {
      event = events.poll();
      waiting = events.size();
      telling = event != null;
    } finally {
      connection.lock().unlock();
    }
    if (event == null || listener == null) {
      return; // closed meanwhile
    }
    try {
      listener.event(event);
    } finally {
      connection.lock().lock();
      try {
        telling = false;
        connection.nudge();
      } finally {
        connection.lock().unlock();
      }
    }
  }

  /// The connection broke; the caller holds the lock.
  void lost(IOException cause) {
    WatchListener told = listener;
    if (told != null) {
      connection.callbacks().add(() -> told.lost(cause));
    }
  }

  /// Ends it without asking the store; the caller holds the lock.
  void drop() {
    closed = true;
    events.clear();
    waiting = 0;
    connection.nudge();
  }

  /// Removes the watch. From now on there is no event, also none that was on its way; a listener
  /// that is being told of one is waited for, unless it is the caller. May be called twice, and
  /// after the connection broke.
  @Override
  public void close() {
    boolean first;
    connection.lock().lock();
    try {
      first = !closed;
      drop();
      connection.watches().forget(this);
    } finally {
      connection.lock().unlock();
    }
    if (first) {
      Reply<Ok> unwatched = new Reply<>(connection);
      AsyncCalls.ask(
          connection, TransactionId.NONE, MessageType.UNWATCH, unwatched, _ -> Ok.OK, path, token);
    }
    if (telling && !connection.callbacks().isCurrent()) {
      try {
        boolean ended = connection.awaitUntil(() -> !telling, WaitQueue.FOREVER);
        assert ended;
      } catch (InterruptedIOException e) {
        // Whoever sent the signal wants the caller to end, rather than to wait for the listener.
      }
    }
  }
}

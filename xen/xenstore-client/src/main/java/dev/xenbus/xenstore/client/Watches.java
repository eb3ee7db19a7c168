package dev.xenbus.xenstore.client;

import dev.xenbus.abi.xenstore.Message;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// Where the events of a connection go: to the subscription that has their token, or else into one
/// queue.
///
/// Guarded by the connection's lock.
final class Watches {
  /// Events that are kept for a client that does not take them; further ones break the connection.
  private static final int EVENTS_MAX = 1 << 20;

  /// Tokens of subscriptions; those that programs choose should not begin so.
  private static final String TOKEN_PREFIX = "xs-client:";

  private final Connection connection;
  private final Map<String, Subscription> subscriptions = new LinkedHashMap<>();
  private final Queue<WatchEvent> others = new ArrayDeque<>();
  private volatile int waiting; // size of `others`
  private long lastToken;

  Watches(Connection connection) {
    this.connection = connection;
  }

  /// How many events without a subscription wait; read without the lock.
  int waiting() {
    return waiting;
  }

  /// Makes a subscription that waits for its events already.
  Subscription add(String path, @Nullable WatchListener listener) {
    connection.lock().lock();
    try {
      Subscription made = new Subscription(connection, path, TOKEN_PREFIX + ++lastToken, listener);
      subscriptions.put(made.token(), made);
      return made;
    } finally {
      connection.lock().unlock();
    }
  }

  /// Events of it that are still on their way go nowhere; the caller holds the lock.
  void forget(Subscription subscription) {
    subscriptions.remove(subscription.token());
  }

  /// Takes an event in; called by the carrier, without the lock.
  void arrived(Message message) throws IOException {
    List<String> strings = message.strings();
    if (strings.size() < 2) {
      throw new IOException("EPROTO: malformed event");
    }
    WatchEvent event = new WatchEvent(strings.get(0), strings.get(1));
    connection.lock().lock();
    try {
      Subscription subscription = subscriptions.get(event.token());
      int queued = subscription == null ? waiting : subscription.waiting();
      if (queued >= EVENTS_MAX) {
        throw new IOException("EPROTO: too many events that nobody takes");
      }
      if (subscription != null) {
        subscription.arrived(event);
      } else if (!event.token().startsWith(TOKEN_PREFIX)) {
        others.add(event);
        waiting = others.size();
      }
    } finally {
      connection.lock().unlock();
    }
  }

  /// Takes the next event that has no subscription.
  Optional<WatchEvent> poll() {
    connection.lock().lock();
    try {
      Optional<WatchEvent> event = Optional.ofNullable(others.poll());
      waiting = others.size();
      return event;
    } finally {
      connection.lock().unlock();
    }
  }

  /// Forgets the events with a token that wait already.
  void dropEvents(String token) {
    connection.lock().lock();
    try {
      others.removeIf(event -> event.token().equals(token));
      waiting = others.size();
    } finally {
      connection.lock().unlock();
    }
  }

  /// The watch of a subscription could not be set.
  void dropOne(Subscription subscription) {
    connection.lock().lock();
    try {
      subscription.drop();
      forget(subscription);
    } finally {
      connection.lock().unlock();
    }
  }

  /// All watches were removed.
  void dropAll() {
    connection.lock().lock();
    try {
      subscriptions.values().forEach(Subscription::drop);
      subscriptions.clear();
    } finally {
      connection.lock().unlock();
    }
  }

  /// The connection ended; the caller holds the lock.
  ///
  /// @param why what broke it; null if it was closed
  void ended(@Nullable IOException why) {
    if (why != null) {
      subscriptions.values().forEach(subscription -> subscription.lost(why));
    }
    subscriptions.clear();
  }
}

package dev.xenbus.xenstore.client;

import java.io.IOException;

/// Who is told of the events of a [Subscription].
///
/// It is called in a task of the connection's own, one call after the other, and may wait for
/// requests; further calls wait for it meanwhile.
@FunctionalInterface
public interface WatchListener {
  /// Takes an event. The first one comes at once, with the path that is watched.
  void event(WatchEvent event);

  /// The connection broke: no further event will come. Not called when the subscription or the
  /// client is closed.
  ///
  /// @param cause what broke it
  default void lost(IOException cause) {}
}

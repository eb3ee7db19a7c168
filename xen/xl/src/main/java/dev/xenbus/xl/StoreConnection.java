package dev.xenbus.xl;

import dev.xenbus.xenstore.client.StoreOperations;
import dev.xenbus.xenstore.client.WatchEvent;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.util.Optional;

/// What the toolstack asks of XenStore: one connection, requests one at a time, and a way to hear
/// of events without waiting for them alone.
///
/// Every request throws [dev.xenbus.abi.xenstore.XenstoreException] if the store refuses it, and
/// another [IOException] if the connection is broken.
///
/// Threads: one process owns it; only the `rouse` of [#onEvent] is called from elsewhere.
interface StoreConnection extends AutoCloseable {
  /// Returns the requests outside of transactions.
  StoreOperations nodes();

  /// Does work in a transaction, again while others change what it looked at.
  <T> T transaction(XenstoreClient.Work<T> work) throws IOException;

  void watch(String path, String token) throws IOException;

  void unwatch(String path, String token) throws IOException;

  String homeOf(int domid) throws IOException;

  void introduce(int domid, long frame, int port) throws IOException;

  /// Tells the daemon that a domain goes on, so that it hears of its next stop.
  void resume(int domid) throws IOException;

  /// Takes the next event if one has come; never waits.
  Optional<WatchEvent> pollEvent() throws IOException;

  /// Sets what is called, in any context, when an event may have come or the connection ended.
  void onEvent(Runnable rouse);

  @Override
  void close();
}

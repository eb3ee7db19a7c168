package dev.xenbus.xl;

import dev.xenbus.machine.Pipe;
import dev.xenbus.xenstore.client.StoreOperations;
import dev.xenbus.xenstore.client.WatchEvent;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.util.Optional;

/// A connection over a stream of the machine.
final class ClientConnection implements StoreConnection {
  private final XenstoreClient client;

  /// Speaks through a stream, which it closes at its end.
  ClientConnection(Pipe pipe) {
    this.client = new XenstoreClient(pipe);
  }

  @Override
  public StoreOperations nodes() {
    return client;
  }

  @Override
  public <T> T transaction(XenstoreClient.Work<T> work) throws IOException {
    return client.transaction(work);
  }

  @Override
  public void watch(String path, String token) throws IOException {
    client.watch(path, token);
  }

  @Override
  public void unwatch(String path, String token) throws IOException {
    client.unwatch(path, token);
  }

  @Override
  public String homeOf(int domid) throws IOException {
    return client.getDomainPath(domid);
  }

  @Override
  public void introduce(int domid, long frame, int port) throws IOException {
    client.introduce(domid, frame, port);
  }

  @Override
  public void resume(int domid) throws IOException {
    client.resume(domid);
  }

  @Override
  public Optional<WatchEvent> pollEvent() throws IOException {
    return client.awaitEvent(0);
  }

  @Override
  public void onEvent(Runnable rouse) {
    client.onActivity(rouse);
  }

  @Override
  public void close() {
    client.close();
  }
}

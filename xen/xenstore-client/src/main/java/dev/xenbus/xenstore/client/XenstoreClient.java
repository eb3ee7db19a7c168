package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A connection to the store (`struct xs_handle`).
///
/// Used by one task at a time: tasks that want the store at once each open a connection. A call
/// waits for its reply in state S; a signal that comes meanwhile breaks the connection and throws
/// `InterruptedIOException`.
public final class XenstoreClient implements StoreOperations, AutoCloseable {
  /// How often a transaction is begun before it is given up as `EAGAIN`.
  public static final int TRANSACTION_ATTEMPTS_MAX = 1000;

  private static final byte[] ONE_NUL = {0};

  private final Wire wire;
  private final NodeCalls nodes;

  /// Work to be done in a transaction: it may run several times, until nobody interferes.
  ///
  /// @param <T> its result
  @FunctionalInterface
  public interface Work<T> {
    /// Reads and writes through `transaction` alone.
    ///
    /// @throws IOException drops the transaction and is passed on
    T run(StoreOperations transaction) throws IOException;
  }

  /// Work without a result.
  @FunctionalInterface
  public interface Action {
    /// Reads and writes through `transaction` alone.
    ///
    /// @throws IOException drops the transaction and is passed on
    void run(StoreOperations transaction) throws IOException;
  }

  /// Makes a client that speaks through a stream of the machine, which it closes at its end.
  ///
  /// @param pipe the client's end
  public XenstoreClient(Pipe pipe) {
    this.wire = new Wire(new PipeStream(pipe));
    this.nodes = new NodeCalls(wire, TransactionId.NONE);
  }

  // ---- nodes

  @Override
  public byte[] readBytes(String path) throws IOException {
    return nodes.readBytes(path);
  }

  @Override
  public void writeBytes(String path, byte[] value) throws IOException {
    nodes.writeBytes(path, value);
  }

  @Override
  public List<String> directory(String path) throws IOException {
    return nodes.directory(path);
  }

  @Override
  public void mkdir(String path) throws IOException {
    nodes.mkdir(path);
  }

  @Override
  public void rm(String path) throws IOException {
    nodes.rm(path);
  }

  @Override
  public Permissions getPermissions(String path) throws IOException {
    return nodes.getPermissions(path);
  }

  @Override
  public void setPermissions(String path, Permissions permissions) throws IOException {
    nodes.setPermissions(path, permissions);
  }

  // ---- transactions

  /// Does work in a transaction and returns its result. While others change what it looked at, the
  /// work is done again.
  ///
  /// @throws XenstoreException `EAGAIN` after [#TRANSACTION_ATTEMPTS_MAX] attempts; `ENOSPC`,
  ///     `ENOMEM` at the commit; what the work throws
  public <T> T transaction(Work<T> work) throws IOException {
    for (int attempt = 1; ; attempt++) {
      TransactionId id = begin();
      T result;
      boolean done = false;
      try {
        result = work.run(new NodeCalls(wire, id));
        done = true;
      } finally {
        if (!done) {
          abort(id);
        }
      }
      if (commit(id, attempt)) {
        return result;
      }
    }
  }

  /// Does work in a transaction, again while others change what it looked at.
  ///
  /// @throws XenstoreException `EAGAIN` after [#TRANSACTION_ATTEMPTS_MAX] attempts; `ENOSPC`,
  ///     `ENOMEM` at the commit; what the work throws
  public void inTransaction(Action work) throws IOException {
    boolean done =
        transaction(
            tx -> {
              work.run(tx);
              return true;
            });
    assert done;
  }

  private TransactionId begin() throws IOException {
    Message reply = wire.call(MessageType.TRANSACTION_START, TransactionId.NONE, ONE_NUL);
    try {
      return TransactionId.of(Integer.parseUnsignedInt(reply.string()));
    } catch (NumberFormatException e) {
      throw new IOException("EPROTO: no transaction id: " + reply.string(), e);
    }
  }

  private boolean commit(TransactionId id, int attempt) throws IOException {
    try {
      wire.call(MessageType.TRANSACTION_END, id, Message.payloadOf("T"));
      return true;
    } catch (XenstoreException e) {
      if (e.errno() != Errno.EAGAIN || attempt >= TRANSACTION_ATTEMPTS_MAX) {
        throw e;
      }
      return false;
    }
  }

  /// Drops a transaction on the way out of a failure, which is the one to be told of.
  private void abort(TransactionId id) {
    try {
      wire.call(MessageType.TRANSACTION_END, id, Message.payloadOf("F"));
    } catch (IOException e) {
      // The failure that led here goes on; a connection that broke drops its transactions anyway.
    }
  }

  // ---- watches

  /// Sets a watch; one event follows at once. The path may be that of a node that does not exist,
  /// or
  /// a name with `@`.
  ///
  /// @param token comes back with each event
  /// @throws XenstoreException `EEXIST` if there is such a watch; `EINVAL`, `ENOSPC`
  public void watch(String path, String token) throws IOException {
    ask(MessageType.WATCH, path, token);
  }

  /// Sets a watch that sees so many levels below its path.
  ///
  /// @param depth 0 for the node itself alone
  /// @throws XenstoreException `EEXIST` if there is such a watch; `EINVAL`, also if the store knows
  ///     no depths; `ENOSPC`
  public void watch(String path, String token, int depth) throws IOException {
    ask(MessageType.WATCH, path, token, Integer.toString(depth));
  }

  /// Removes a watch. Events that wait already stay.
  ///
  /// @throws XenstoreException `ENOENT` if there is no such watch; `EINVAL`
  public void unwatch(String path, String token) throws IOException {
    ask(MessageType.UNWATCH, path, token);
  }

  /// Forgets the events with a token that wait already.
  public void dropEvents(String token) {
    wire.dropEvents(token);
  }

  /// Removes all watches and transactions of this connection.
  public void resetWatches() throws IOException {
    ask(MessageType.RESET_WATCHES, "");
  }

  /// Waits for an event.
  ///
  /// @throws IOException if the connection is broken; `InterruptedIOException` if a signal came,
  ///     which leaves the connection usable
  public WatchEvent awaitEvent() throws IOException {
    return awaitEvent(WaitQueue.FOREVER).orElseThrow();
  }

  /// Waits for an event, at most for the given time.
  ///
  /// @param timeoutNanos 0 to look only
  /// @return the event, or empty if the time is over
  /// @throws IOException if the connection is broken; `InterruptedIOException` if a signal came,
  ///     which leaves the connection usable
  public Optional<WatchEvent> awaitEvent(long timeoutNanos) throws IOException {
    Clock clock = Task.current().cpu().machine().clock();
    return wire.event(timeoutNanos, clock.nanos(), clock::nanos);
  }

  // ---- domains

  /// Makes a domain's ring known to the store.
  ///
  /// @param frame guest frame of its store page
  /// @param port its event channel port
  /// @throws XenstoreException `EINVAL`, `EACCES`
  public void introduce(int domid, long frame, int port) throws IOException {
    ask(
        MessageType.INTRODUCE,
        Integer.toString(domid),
        Long.toString(frame),
        Integer.toString(port));
  }

  /// Ends the store's service for a domain.
  ///
  /// @throws XenstoreException `ENOENT` if it is not introduced; `EINVAL`, `EACCES`
  public void release(int domid) throws IOException {
    ask(MessageType.RELEASE, Integer.toString(domid));
  }

  /// Tells the store that a suspended domain runs again.
  ///
  /// @throws XenstoreException `ENOENT` if it is not introduced; `EINVAL`, `EACCES`
  public void resume(int domid) throws IOException {
    ask(MessageType.RESUME, Integer.toString(domid));
  }

  /// Gives a domain the rights of another.
  ///
  /// @throws XenstoreException `ENOENT` if one of them is not introduced; `EINVAL`, `EACCES`
  public void setTarget(int domid, int target) throws IOException {
    ask(MessageType.SET_TARGET, Integer.toString(domid), Integer.toString(target));
  }

  /// Returns the path of a domain's home.
  public String getDomainPath(int domid) throws IOException {
    return ask(MessageType.GET_DOMAIN_PATH, Integer.toString(domid)).string();
  }

  /// Returns whether a domain is introduced.
  ///
  /// @throws XenstoreException `EACCES`
  public boolean isDomainIntroduced(int domid) throws IOException {
    return ask(MessageType.IS_DOMAIN_INTRODUCED, Integer.toString(domid)).string().equals("T");
  }

  /// Sends a command to the daemon and returns its answer.
  ///
  /// @param words the command and its arguments, such as `quota`, `5`
  /// @throws XenstoreException `EINVAL` if it knows no such command; `EACCES`
  public String control(String... words) throws IOException {
    return ask(MessageType.CONTROL, words).string();
  }

  private Message ask(MessageType type, String... strings) throws IOException {
    return wire.call(type, TransactionId.NONE, NodeCalls.payload(type, strings));
  }

  /// Ends the connection; may be called twice.
  @Override
  public void close() {
    wire.close();
  }
}

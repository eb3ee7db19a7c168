package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A connection to the store (`struct xs_handle`).
///
/// Each request can be made in two ways: the methods of the client wait for the answer; those of
/// [#async] return it as a [Reply], so that many requests are on their way at once. Both are the
/// same requests, and the store carries them out in the order in which they were sent.
///
/// What goes wrong is told in one of two ways. The store refuses a request: [XenstoreException]
/// with its errno and path; nothing else is touched. Or the connection breaks, because the store
/// went or broke the protocol: another [IOException], for all requests on their way, for all that
/// follow, and for whoever waits for events.
///
/// Watches come in two forms. A [Subscription] brings the events of one path. Below it lies what
/// the protocol has: [#watch] with a token of the caller's, and one queue, [#awaitEvent].
///
/// Threads: any number of tasks may use a client; on a live machine threads from outside too. A
/// wait is one in state S: a signal ends it with `InterruptedIOException` and leaves the connection
/// usable.
///
/// Locks: one (`xs_client`), for moments, taken inside of all others.
public final class XenstoreClient implements StoreOperations, AutoCloseable {
  /// How often a transaction is begun before it is given up as `EAGAIN`.
  public static final int TRANSACTION_ATTEMPTS_MAX = 1000;

  private static final byte[] ONE_NUL = {0};

  private final Connection connection;
  private final AsyncOperations async;
  private final NodeCalls nodes;
  private final @Nullable SocketReader reader;

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

  /// Makes a client that speaks through a stream of the machine, for the kernel whose task the
  /// caller is.
  ///
  /// @param pipe the client's end; the client closes it, and has its [Pipe#onActivity]
  /// @throws IllegalStateException if the caller is no task of a machine
  public XenstoreClient(Pipe pipe) {
    this(Task.current().cpu(), pipe);
  }

  /// Makes a client that speaks through a stream of the machine. It needs no task of its own: who
  /// waits for an answer reads what comes.
  ///
  /// @param cpu the kernel that it belongs to
  /// @param pipe the client's end; the client closes it, and has its [Pipe#onActivity]
  public XenstoreClient(Cpu cpu, Pipe pipe) {
    this(new Connection(cpu, new PipeTransport(cpu, pipe), false), null);
  }

  private XenstoreClient(Connection connection, @Nullable SocketReader reader) {
    this.connection = connection;
    this.reader = reader;
    this.async = new AsyncCalls(connection, TransactionId.NONE);
    this.nodes = new NodeCalls(async);
  }

  /// Connects to the store's usual socket: `$XENSTORED_PATH`, else `$XENSTORED_RUNDIR/socket`, else
  /// `/run/xenstored/socket`.
  ///
  /// @throws IOException if nobody serves it
  public static XenstoreClient open() throws IOException {
    return open(usualSocket(System.getenv()));
  }

  /// Connects to a Unix socket of any `xenstored`, for a program of its own: from any thread. The
  /// client has a live machine of its own, whose threads end with [#close], and do not keep a
  /// program running.
  ///
  /// @throws IOException if nobody serves it
  public static XenstoreClient open(Path socket) throws IOException {
    LiveMachine machine = new LiveMachine();
    boolean done = false;
    try {
      XenstoreClient client = open(machine.cpu("xs"), socket, machine::close);
      done = true;
      return client;
    } finally {
      if (!done) {
        machine.close();
      }
    }
  }

  /// Connects to a Unix socket of any `xenstored`, for a program that has a live machine already:
  /// the connection's reader is the task `emu-xs-reader` of `cpu`.
  ///
  /// @throws UnsupportedOperationException if time is virtual
  /// @throws IOException if nobody serves the socket, or there can be no task
  public static XenstoreClient open(Cpu cpu, Path socket) throws IOException {
    return open(cpu, socket, () -> {});
  }

  private static XenstoreClient open(Cpu cpu, Path socket, Runnable atEnd) throws IOException {
    if (cpu.machine().isSimulated()) {
      throw new UnsupportedOperationException(socket + ": virtual time has no sockets");
    }
    SocketTransport transport = new SocketTransport(cpu, socket);
    Connection connection = new Connection(cpu, transport, true);
    return new XenstoreClient(connection, SocketReader.start(cpu, transport, connection, atEnd));
  }

  /// Returns where the store's socket usually is.
  ///
  /// @param environment of the program
  public static Path usualSocket(Map<String, String> environment) {
    String path = environment.get("XENSTORED_PATH");
    if (path != null) {
      return Path.of(path);
    }
    return Path.of(environment.getOrDefault("XENSTORED_RUNDIR", "/run/xenstored"), "socket");
  }

  /// Sets what is called, in any context, when an event may have come that [#awaitEvent] does not
  /// wait for, or when the connection ended: for tasks that wait for several things at once.
  ///
  /// @param rouse usually `poller::rouse`
  public void onActivity(Runnable rouse) {
    connection.onActivity(rouse);
  }

  // ---- nodes

  @Override
  public AsyncOperations async() {
    return async;
  }

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
  /// Requests that the work sends with [StoreOperations#async] are a part of it: one that was
  /// refused, and whose answer the work did not look at, drops the transaction too.
  ///
  /// @throws XenstoreException `EAGAIN` after [#TRANSACTION_ATTEMPTS_MAX] attempts; `ENOSPC`,
  ///     `ENOMEM` at the commit; what the work throws
  public <T> T transaction(Work<T> work) throws IOException {
    return transaction(TRANSACTION_ATTEMPTS_MAX, work);
  }

  /// Does work in a transaction, beginning it at most so many times.
  ///
  /// @param attemptsMax 1 or more
  /// @throws XenstoreException `EAGAIN` after so many attempts; `ENOSPC`, `ENOMEM` at the commit;
  ///     what the work throws
  public <T> T transaction(int attemptsMax, Work<T> work) throws IOException {
    if (attemptsMax < 1) {
      throw new IllegalArgumentException(attemptsMax + " attempts: 1 or more are wanted");
    }
    for (int attempt = 1; ; attempt++) {
      TransactionId id = begin();
      T result;
      boolean done = false;
      try {
        AsyncCalls calls = new AsyncCalls(connection, id);
        result = work.run(new NodeCalls(calls));
        calls.settle();
        done = true;
      } finally {
        if (!done) {
          abort(id);
        }
      }
      if (commit(id, attempt == attemptsMax)) {
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
    String id = call(MessageType.TRANSACTION_START, TransactionId.NONE, ONE_NUL).await().string();
    try {
      return TransactionId.of(Integer.parseUnsignedInt(id));
    } catch (NumberFormatException e) {
      throw new IOException("EPROTO: no transaction id: " + id, e);
    }
  }

  private boolean commit(TransactionId id, boolean last) throws IOException {
    try {
      call(MessageType.TRANSACTION_END, id, Message.payloadOf("T")).await();
      return true;
    } catch (XenstoreException e) {
      if (e.errno() != Errno.EAGAIN || last) {
        throw e;
      }
      return false;
    }
  }

  /// Drops a transaction on the way out of a failure, which is the one to be told of; so nobody
  /// waits for the answer.
  private void abort(TransactionId id) {
    Reply<Message> _ = call(MessageType.TRANSACTION_END, id, Message.payloadOf("F"));
  }

  // ---- watches

  /// Watches a path, all levels below it too. It may be that of a node that does not exist, or a
  /// name with `@`.
  ///
  /// @throws XenstoreException `EINVAL`, `ENOSPC`
  public Subscription subscribe(String path) throws IOException {
    return subscribe(path, null, path);
  }

  /// Watches a path and so many levels below it.
  ///
  /// @param depth 0 for the node itself alone
  /// @throws XenstoreException `EINVAL`, also if the store knows no depths; `ENOSPC`
  public Subscription subscribe(String path, int depth) throws IOException {
    return subscribe(path, null, path, Integer.toString(depth));
  }

  /// Watches a path, all levels below it too, and has somebody told of the events.
  ///
  /// @throws XenstoreException `EINVAL`, `ENOSPC`
  public Subscription subscribe(String path, WatchListener listener) throws IOException {
    return subscribe(path, listener, path);
  }

  /// Watches a path and so many levels below it, and has somebody told of the events.
  ///
  /// @param depth 0 for the node itself alone
  /// @throws XenstoreException `EINVAL`, also if the store knows no depths; `ENOSPC`
  public Subscription subscribe(String path, int depth, WatchListener listener) throws IOException {
    return subscribe(path, listener, path, Integer.toString(depth));
  }

  private Subscription subscribe(
      String path, @Nullable WatchListener listener, String... pathAndDepth) throws IOException {
    if (listener != null) {
      connection.callbacks().start();
    }
    Subscription made = connection.watches().add(path, listener);
    List<String> strings = new ArrayList<>(List.of(pathAndDepth));
    strings.add(1, made.token());
    boolean done = false;
    try {
      ask(MessageType.WATCH, strings.toArray(String[]::new));
      done = true;
      return made;
    } finally {
      if (!done) {
        connection.watches().dropOne(made);
      }
    }
  }

  /// Sets a watch; one event follows at once. The path may be that of a node that does not exist,
  /// or a name with `@`.
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
    connection.watches().dropEvents(token);
  }

  /// Removes all watches and transactions of this connection; its subscriptions are closed.
  public void resetWatches() throws IOException {
    ask(MessageType.RESET_WATCHES, "");
    connection.watches().dropAll();
  }

  /// Waits for an event that no subscription takes.
  ///
  /// @throws IOException if the connection is broken; `InterruptedIOException` if a signal came,
  ///     which leaves the connection usable
  public WatchEvent awaitEvent() throws IOException {
    return awaitEvent(WaitQueue.FOREVER).orElseThrow();
  }

  /// Waits for an event that no subscription takes, at most for the given time.
  ///
  /// @param timeoutNanos 0 to look only
  /// @return the event, or empty if the time is over
  /// @throws IOException if the connection is broken; `InterruptedIOException` if a signal came,
  ///     which leaves the connection usable
  public Optional<WatchEvent> awaitEvent(long timeoutNanos) throws IOException {
    Watches watches = connection.watches();
    while (true) {
      boolean ready =
          connection.awaitUntil(() -> watches.waiting() > 0 || connection.isBroken(), timeoutNanos);
      Optional<WatchEvent> event = watches.poll();
      if (event.isPresent() || !ready) {
        return event;
      }
      connection.checkUsable(); // else somebody else was faster
    }
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
    Reply<Message> reply = new Reply<>(connection);
    AsyncCalls.ask(connection, TransactionId.NONE, type, reply, message -> message, strings);
    return reply.await();
  }

  private Reply<Message> call(MessageType type, TransactionId transaction, byte[] payload) {
    Reply<Message> reply = new Reply<>(connection);
    connection.send(type, transaction, payload, new Whole(reply), false);
    return reply;
  }

  /// An answer that is the result as it is.
  private record Whole(Reply<Message> reply) implements Connection.Answer {
    @Override
    public void answered(Message message) {
      reply.complete(message);
    }

    @Override
    public void failed(IOException why) {
      reply.fail(why);
    }
  }

  /// Ends the connection: what is on its way fails, callbacks that are due are called, and then the
  /// client's tasks have ended; from a callback, they end after it. May be called twice.
  @Override
  public void close() {
    connection.close();
    connection.callbacks().end(reader == null ? () -> {} : reader::end);
  }
}

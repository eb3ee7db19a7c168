package dev.xenbus.xenstored.server;

import dev.xenbus.machine.Clock;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.SelectorWait;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Store;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// The daemon's one task: as long as some endpoint has something to do, each of them gets one turn
/// after the other; then it waits.
///
/// [#signal], [#post] and [#stop] may be called from any context; everything else is exclusive to
/// the task.
public final class ServerLoop {
  /// So many requests are executed at most before sockets are looked at again.
  private static final int TURNS_PER_LOOK = 16;

  /// A daemon that never waits meets no primitive of the machine: so often it does all the same, to
  /// notice that its kernel is gone.
  private static final int ROUNDS_PER_POINT = 1024;

  /// Under load, those who wait for time to pass are looked at so often.
  private static final long RECHECK_NANOS = 1_000_000;

  private static final String ROUND = "xenstored round";
  private static final int BUFFER_BYTES = Input.BYTES;

  private final Machine machine;
  private final Clock clock;
  private final Poller poller;
  private final @Nullable SelectorWait sockets;
  private final BytePool pool = new BytePool();
  private final ByteBuffer readBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final ByteBuffer writeBuffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final Queue<Endpoint> signalled = new ConcurrentLinkedQueue<>();
  private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
  private final Map<Client, Endpoint> endpoints = new LinkedHashMap<>();
  private final List<Endpoint> waiting = new ArrayList<>();
  private final LogSink log;
  private final ArrayDeque<Endpoint> active = new ArrayDeque<>();
  private @Nullable Store store;
  private @Nullable AccessLog accessLog;
  private long nextRecheckNanos;
  private long rounds;
  private volatile boolean stopping;

  /// Where lines of the daemon's log go.
  @FunctionalInterface
  public interface LogSink {
    /// Takes a line, without a newline.
    void line(String text);
  }

  /// @param poller what it waits at
  /// @param sockets the sockets at which that poller waits too; null where there are none
  ServerLoop(Machine machine, Poller poller, @Nullable SelectorWait sockets, LogSink log) {
    this.machine = machine;
    this.clock = machine.clock();
    this.poller = poller;
    this.sockets = sockets;
    this.log = log;
  }

  /// Gives it the store that it serves, before it runs.
  void serve(Store served) {
    store = served;
  }

  /// Gives it the log that it flushes whenever it has nothing else to do.
  void setAccessLog(AccessLog opened) {
    accessLog = opened;
  }

  Store store() {
    Store served = store;
    if (served == null) {
      throw new IllegalStateException("no store yet");
    }
    return served;
  }

  BytePool pool() {
    return pool;
  }

  ByteBuffer readBuffer() {
    return readBuffer;
  }

  ByteBuffer writeBuffer() {
    return writeBuffer;
  }

  void log(String line) {
    log.line(line);
  }

  // ---- from any context

  /// Says that an endpoint may have something to do.
  void signal(Endpoint endpoint) {
    signalled.add(endpoint);
    poller.rouse();
  }

  /// Has something done by the task between two requests.
  void post(Runnable work) {
    posted.add(work);
    poller.rouse();
  }

  /// Asks the task to end.
  void stop() {
    stopping = true;
    poller.rouse();
  }

  // ---- the task

  /// Makes an endpoint known and gives it a first turn.
  void add(Endpoint endpoint) {
    endpoints.put(endpoint.client(), endpoint);
    activate(endpoint);
  }

  /// Adds a stream within the machine: a privileged connection.
  void addPipe(Pipe pipe) {
    add(new PipeEndpoint(this, store().connect(), pipe));
  }

  void forget(Endpoint endpoint) {
    endpoints.remove(endpoint.client());
  }

  @Nullable Endpoint endpointOf(Client client) {
    return endpoints.get(client);
  }

  int endpointCount() {
    return endpoints.size();
  }

  void activate(Endpoint endpoint) {
    if (!endpoint.active) {
      endpoint.active = true;
      active.addLast(endpoint);
    }
  }

  /// Runs until stopped.
  @KernelSymbol("main_loop")
  int run(Task self) {
    while (!stopping && !self.shouldStop()) {
      long now = clock.nanos();
      store().setTime(now);
      takeSignals();
      if (active.isEmpty() || now >= nextRecheckNanos) {
        recheckWaiting();
      }
      if (++rounds % ROUNDS_PER_POINT == 0) {
        machine.point(ROUND);
      }
      if (active.isEmpty()) {
        if (accessLog != null) {
          accessLog.flush();
        }
        poller.await(deadline());
        continue;
      }
      turns();
      if (!active.isEmpty() && sockets != null) {
        sockets.look();
      }
    }
    return 0;
  }

  private void takeSignals() {
    for (Runnable work = posted.poll(); work != null; work = posted.poll()) {
      work.run();
    }
    for (Endpoint e = signalled.poll(); e != null; e = signalled.poll()) {
      activate(e);
    }
  }

  /// Gives turns until all had one, or it is time to look who else is there.
  private void turns() {
    int count = Math.max(TURNS_PER_LOOK, active.size());
    for (int i = 0; i < count && !active.isEmpty(); i++) {
      Endpoint endpoint = active.removeFirst();
      endpoint.active = false;
      if (turn(endpoint)) {
        activate(endpoint);
      } else if (endpoint.mustWait() && !endpoint.waiting) {
        endpoint.waiting = true;
        waiting.add(endpoint);
      }
      takeResumed();
    }
  }

  private void takeResumed() {
    Optional<Client> client = store().nextResumed();
    while (client.isPresent()) {
      Endpoint endpoint = endpoints.get(client.get());
      if (endpoint != null) {
        activate(endpoint);
      }
      client = store().nextResumed();
    }
  }

  /// A bug of ours costs the connection that met it, not the daemon.
  private boolean turn(Endpoint endpoint) {
    try {
      return endpoint.turn();
    } catch (RuntimeException e) {
      log("a request of domain " + endpoint.client().domid() + " failed: " + e);
      endpoint.close();
      return false;
    }
  }

  /// Endpoints that wait for time to pass or for others to read: tries them again.
  private void recheckWaiting() {
    if (!waiting.isEmpty()) {
      waiting.removeIf(this::needsNoWaiting);
    }
    nextRecheckNanos = clock.nanos() + RECHECK_NANOS;
  }

  private boolean needsNoWaiting(Endpoint endpoint) {
    store().refresh(endpoint.client());
    if (!endpoint.mustWait() || (endpoint.isStalled() && endpoint.client().mayBeServed())) {
      endpoint.waiting = false;
      activate(endpoint);
      return true;
    }
    return false;
  }

  private long deadline() {
    long deadline = WaitQueue.FOREVER;
    for (Endpoint endpoint : waiting) {
      deadline = Math.min(deadline, store().nextChange(endpoint.client()));
    }
    return deadline;
  }

  /// Closes every connection; called when the task ends, or instead of it.
  void end() {
    for (Endpoint endpoint : List.copyOf(endpoints.values())) {
      endpoint.flushQuietly();
      endpoint.close();
    }
    for (Runnable work = posted.poll(); work != null; work = posted.poll()) {
      work.run();
    }
    if (sockets != null) {
      sockets.close();
    }
  }
}

package dev.xenbus.xenstore.client;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/// The task `emu-xs-callback` of a connection, which the first callback starts: it calls what wants
/// to be told of answers and events, one after the other, so that a callback may wait for requests.
///
/// A callback that throws costs its own call and nothing else.
final class Callbacks {
  private static final System.Logger LOG = System.getLogger(Callbacks.class.getName());

  private final Cpu cpu;
  private final Connection connection;
  private final Queue<Runnable> due = new ArrayDeque<>(); // guarded by the connection's lock
  private volatile int waiting; // size of `due`
  private @Nullable Task task; // guarded by the connection's lock
  private volatile boolean ending;
  private volatile Runnable last = () -> {};

  Callbacks(Cpu cpu, Connection connection) {
    this.cpu = cpu;
    this.connection = connection;
  }

  /// Starts the task if there is none yet.
  ///
  /// @throws IllegalStateException if none can be made
  void start() {
    Task made = null;
    connection.lock().lock();
    try {
      if (task == null && !ending) {
        made = cpu.kthread("emu-xs-callback", this::run);
        task = made;
      }
    } catch (NoThread e) {
      throw new IllegalStateException(e.getMessage(), e);
    } finally {
      connection.lock().unlock();
    }
    if (made != null) {
      made.wake();
    }
  }

  /// Adds a callback; the caller holds the connection's lock and wakes the connection's waiters.
  void add(Runnable callback) {
    due.add(callback);
    waiting = due.size();
    connection.nudge();
  }

  private int run(Task self) {
    try {
      while (true) {
        connection.awaitUntil(() -> waiting > 0 || ending, WaitQueue.FOREVER);
        Runnable next = take();
        if (next == null) {
          last.run();
          return 0;
        }
        call(next);
      }
    } catch (InterruptedIOException e) {
      return 1; // a kernel thread takes no signals
    }
  }

  private @Nullable Runnable take() {
    connection.lock().lock();
    try {
      Runnable next = due.poll();
      waiting = due.size();
      return next;
    } finally {
      connection.lock().unlock();
    }
  }

  private static void call(Runnable callback) {
    try {
      callback.run();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a callback of the store's client threw", e);
    }
  }

  /// Returns whether the caller is the task.
  boolean isCurrent() {
    Task mine;
    connection.lock().lock();
    try {
      mine = task;
    } finally {
      connection.lock().unlock();
    }
    return mine != null && Task.currentIfAny().filter(mine::equals).isPresent();
  }

  /// Calls what is due already, then ends the task.
  ///
  /// @param afterwards called then; by the task itself if it is the caller, else before this
  /// returns
  void end(Runnable afterwards) {
    boolean byItself = isCurrent();
    Task mine;
    connection.lock().lock();
    try {
      if (byItself) {
        last = afterwards;
      }
      ending = true;
      mine = task;
      connection.nudge();
    } finally {
      connection.lock().unlock();
    }
    if (byItself) {
      return;
    }
    if (mine != null) {
      mine.stop();
    }
    afterwards.run();
  }
}

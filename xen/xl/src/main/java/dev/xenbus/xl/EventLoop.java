package dev.xenbus.xl;

import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Body;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstore.client.WatchEvent;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// What a toolstack process waits on: watches of its own store connection, time-outs and child
/// processes, all in one thread (`libxl_event.c`).
///
/// Threads: one process owns it; children only rouse it.
final class EventLoop implements AutoCloseable {
  private static final int FIRST_SLOTS = 4;

  /// What is called back.
  @FunctionalInterface
  interface Handler {
    /// Handles what happened.
    void run() throws IOException, LibxlException;
  }

  /// What is called back for each event of a watch.
  @FunctionalInterface
  interface PathHandler {
    /// Handles a change.
    ///
    /// @param path what changed, absolute if the watch's is
    void changed(String path) throws IOException, LibxlException;
  }

  /// What is called back when a child has ended.
  @FunctionalInterface
  interface ChildHandler {
    /// Handles the exit code.
    void exited(int pid, int exitCode) throws IOException, LibxlException;
  }

  /// What a child process does.
  @FunctionalInterface
  interface ChildBody {
    /// Runs in the child.
    ///
    /// @param output where it prints
    /// @return the exit code
    int run(TextOutput output);
  }

  /// A registered watch.
  ///
  /// @param path what is watched
  /// @param token `<slot>/<counter>`, hexadecimal
  /// @param slot its place in the table of slots
  /// @param handler called for each event
  record Watch(String path, String token, int slot, PathHandler handler) {}

  /// A time-out that has not come yet.
  ///
  /// @param deadlineNanos when it comes, since boot
  /// @param number tells it from others
  /// @param handler called then
  record Timeout(long deadlineNanos, int number, Handler handler) {}

  /// Starts processes that are collected when they have ended.
  @FunctionalInterface
  interface Spawner {
    /// Starts one.
    Task start(String comm, Body body) throws NoThread;
  }

  private static final class Child {
    private final ChildHandler handler;
    private int exitCode = 1;
    private volatile boolean exited; // written after the exit code

    Child(ChildHandler handler) {
      this.handler = handler;
    }
  }

  private final StoreConnection store;
  private final Spawner spawner;
  private final Clock clock;
  private final Poller poller;
  private final TextOutput childOutput;

  // All exclusive to the process that owns the loop.
  private final Map<String, Watch> watches = new LinkedHashMap<>();
  private final Deque<Integer> freeSlots = new ArrayDeque<>();
  private final List<Timeout> timeouts = new ArrayList<>();
  private final Map<Task, Child> children = new LinkedHashMap<>();
  private int slots;
  private int watchCounter;
  private int timeoutCounter;

  /// Makes a loop on which nothing is waited for.
  ///
  /// @param childOutput where children print
  EventLoop(StoreConnection store, Cpu cpu, Spawner spawner, TextOutput childOutput) {
    this.store = store;
    this.spawner = spawner;
    this.clock = cpu.machine().clock();
    this.poller = cpu.poller("poll_schedule_timeout");
    this.childOutput = childOutput;
    store.onEvent(poller::rouse);
  }

  /// Sets a watch; its first event comes at once.
  Watch watch(String path, Handler handler) throws IOException {
    return watchPaths(path, _ -> handler.run());
  }

  /// Sets a watch whose handler wants to know what changed; its first event comes at once.
  Watch watchPaths(String path, PathHandler handler) throws IOException {
    if (freeSlots.isEmpty()) {
      growSlots();
    }
    int slot = freeSlots.pop();
    String token = Integer.toHexString(slot) + "/" + Integer.toHexString(watchCounter++);
    Watch watch = new Watch(path, token, slot, handler);
    watches.put(token, watch);
    store.watch(path, token);
    return watch;
  }

  /// Removes a watch; nothing happens if it was removed before.
  void unwatch(Watch watch) throws IOException {
    if (watches.remove(watch.token()) != null) {
      freeSlots.push(watch.slot());
      store.unwatch(watch.path(), watch.token());
    }
  }

  // The last slot made is the first one used, as in libxl's list of free slots.
  private void growSlots() {
    int wanted = slots == 0 ? FIRST_SLOTS : (slots + 1) * FIRST_SLOTS;
    while (slots < wanted) {
      freeSlots.push(slots++);
    }
  }

  /// Arms a time-out.
  Timeout after(long nanos, Handler handler) {
    Timeout timeout = new Timeout(clock.nanos() + nanos, timeoutCounter++, handler);
    timeouts.add(timeout);
    return timeout;
  }

  /// Disarms a time-out; nothing happens if it came already.
  void cancel(Timeout timeout) {
    timeouts.removeIf(armed -> armed.number() == timeout.number());
  }

  /// Starts a child process.
  ///
  /// @param comm its name in `ps`
  /// @throws NoThread if it cannot be made
  Task child(String comm, ChildBody body, ChildHandler handler) throws NoThread {
    Child child = new Child(handler);
    Task task =
        spawner.start(
            comm,
            _ -> {
              try {
                child.exitCode = body.run(childOutput);
                return child.exitCode;
              } finally {
                child.exited = true;
                poller.rouse();
              }
            });
    children.put(task, child);
    return task;
  }

  /// Handles what happens until `done`.
  ///
  /// @throws Interrupted if the process is sent a signal
  void runUntil(BooleanSupplier done) throws IOException, LibxlException {
    while (!done.getAsBoolean()) {
      if (Task.current().signalPending()) {
        throw new Interrupted();
      }
      if (!dispatchOnce()) {
        poller.await(nextDeadline());
      }
    }
  }

  // Store first, then children, then time: a state that is there in time counts.
  private boolean dispatchOnce() throws IOException, LibxlException {
    return dispatchEvent() || dispatchChild() || dispatchTimeout();
  }

  private boolean dispatchEvent() throws IOException, LibxlException {
    Optional<WatchEvent> event = store.pollEvent();
    if (event.isEmpty()) {
      return false;
    }
    Watch watch = watches.get(event.get().token());
    if (watch != null) { // an event of a watch that was just removed is nobody's
      watch.handler().changed(event.get().path());
    }
    return true;
  }

  private boolean dispatchChild() throws IOException, LibxlException {
    for (Map.Entry<Task, Child> entry : children.entrySet()) {
      if (entry.getValue().exited) {
        Task task = entry.getKey();
        children.remove(task);
        entry.getValue().handler.exited(task.pid(), entry.getValue().exitCode);
        return true;
      }
    }
    return false;
  }

  private boolean dispatchTimeout() throws IOException, LibxlException {
    Optional<Timeout> first =
        timeouts.stream().min(Comparator.comparingLong(Timeout::deadlineNanos));
    if (first.isEmpty() || first.get().deadlineNanos() > clock.nanos()) {
      return false;
    }
    cancel(first.get());
    first.get().handler().run();
    return true;
  }

  private long nextDeadline() {
    return timeouts.stream().mapToLong(Timeout::deadlineNanos).min().orElse(WaitQueue.FOREVER);
  }

  @Override
  public void close() {
    store.close();
  }
}

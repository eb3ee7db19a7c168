package dev.xenbus.xs;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestMachines;
import java.util.concurrent.atomic.AtomicBoolean;

/// A task that suspends xenbus, and goes on once it is told to.
final class Suspender {
  private final AtomicBoolean suspended = new AtomicBoolean();
  private final AtomicBoolean goesOn = new AtomicBoolean();
  private final Task task;

  private Suspender(XsBench bench, boolean cancels) throws NoThread {
    task =
        bench.spawn(
            "suspender",
            () -> {
              try {
                bench.xs.suspend();
                suspended.set(true);
                TestMachines.await(goesOn::get);
                if (cancels) {
                  bench.xs.cancelSuspend();
                } else {
                  bench.xs.resume();
                }
              } catch (KernelException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  /// Starts one that resumes.
  static Suspender resuming(XsBench bench) throws NoThread {
    return new Suspender(bench, false);
  }

  /// Starts one that cancels the suspend.
  static Suspender cancelling(XsBench bench) throws NoThread {
    return new Suspender(bench, true);
  }

  boolean isSuspended() {
    return suspended.get();
  }

  /// Returns whether it waits for a callback to end.
  boolean waitsForCallback() {
    return waitsAt("unregister_xenbus_watch");
  }

  /// Returns whether it waits for those who were let in before it.
  boolean drains() {
    return waitsAt("xs_suspend_enter");
  }

  /// Returns whether it waits for the rest of a message.
  boolean waitsForReader() {
    return waitsAt("xs_response_mutex");
  }

  private boolean waitsAt(String place) {
    return task.state() == Task.State.D && task.wchan().contains(place);
  }

  /// Has it go on, and waits for its end.
  void end() {
    goesOn.set(true);
    task.stop();
  }
}

package dev.xenbus.xs.mtwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.machine.AllSchedules;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.testkit.TestXen;
import dev.xenbus.xs.watch.RegisteredWatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The thread protocol of the series under every schedule with few choices that are not the usual
/// one: where an entry and its thread are made and end while events, devices and unregistering meet
/// them. With `-Ddelays=3` these are 390,000 schedules.
class EveryScheduleTest {
  private static final int DELAYS = Integer.getInteger("delays", 2);
  private static final long RUNS_MAX = 10_000_000;
  private static final long TIMEOUT_NANOS = 1_000_000_000;
  private static final Domid FIRST = Domid.of(1);

  /// What a test does, as the main task of a fresh machine.
  private interface Program {
    void play(World world) throws NoThread;
  }

  /// A kernel with a dispatcher, and what its callbacks did.
  private static final class World {
    final TestKernel kernel;
    final MtwatchDispatcher dispatcher;
    final List<String> ran = new ArrayList<>();
    private final SpinLock watchesLock;
    private final Set<RegisteredWatch> watches = new LinkedHashSet<>();
    private int tokens;

    World(Machine machine) throws NoThread {
      kernel = new TestKernel(machine, new TestXen(), Domid.DOM0);
      watchesLock = kernel.cpu().spinLock(LockClass.of("watches_lock"));
      dispatcher = new MtwatchDispatcher(kernel);
      dispatcher.start();
    }

    /// A watch of guest 1, whose callback has a point in its middle.
    RegisteredWatch watch(String path) {
      boolean[] isRunning = new boolean[1];
      RegisteredWatch watch =
          new RegisteredWatch(
              path,
              Integer.toString(tokens++),
              WatchOptions.DEFAULT.with(new WatchOptions.OwnedBy(FIRST)),
              changed -> {
                assertFalse(isRunning[0], "two callbacks of a watch at once");
                isRunning[0] = true;
                Task.current().wake();
                assertEquals("xen-mtwatch-1", Task.current().comm());
                ran.add(changed);
                isRunning[0] = false;
              },
              this::unregister);
      watches.add(watch);
      return watch;
    }

    private void unregister(RegisteredWatch watch, boolean isFirst) {
      watchesLock.lock();
      try {
        watches.remove(watch);
      } finally {
        watchesLock.unlock();
      }
      dispatcher.drain(watch);
    }

    /// What the thread does that reads the ring.
    void fire(RegisteredWatch watch, String path) {
      watchesLock.lock();
      try {
        if (watches.contains(watch)) {
          dispatcher.dispatch(watch, path);
        }
      } finally {
        watchesLock.unlock();
      }
    }

    Task spawn(String comm, Runnable what) throws NoThread {
      return kernel.spawn(comm, what);
    }

    /// Waits for the ends of tasks, then of the guest's entry, and looks for what is left.
    void end(Task... tasks) {
      for (Task task : tasks) {
        TestMachines.await(() -> task.state() == Task.State.Z);
      }
      TestMachines.await(() -> dispatcher.queues().size() == 1);
      TestMachines.await(
          () -> kernel.cpu().machine().tasks().stream().noneMatch(t -> t.comm().contains("-1")));
      assertEquals(List.of(), dispatcher.close(TIMEOUT_NANOS));
    }
  }

  private static void everySchedule(Program program) {
    long runs =
        AllSchedules.run(
            SimulatedMachine.Options.fair(),
            DELAYS,
            RUNS_MAX,
            machine -> {
              try {
                machine.run(
                    () -> {
                      program.play(new World(machine));
                      return 0;
                    });
              } catch (MachineFailure e) {
                throw new AssertionError("by " + machine.schedule(), e);
              }
            });
    assertTrue(runs > 100, () -> runs + " schedules are not many");
  }

  /// The entry is made by an event, its thread by a worker, and both end behind the last event;
  /// meanwhile a device comes and goes.
  @Test
  void entryThatEndsWhileEventsAndDevicesCome() {
    everySchedule(
        world -> {
          RegisteredWatch watch = world.watch("/a");
          Task reader =
              world.spawn(
                  "reader",
                  () -> {
                    world.fire(watch, "/a/1");
                    world.fire(watch, "/a/2");
                  });
          Task bus =
              world.spawn(
                  "bus",
                  () -> {
                    world.dispatcher.deviceAdded(FIRST);
                    world.dispatcher.deviceRemoved(FIRST);
                  });
          world.end(reader, bus);
          assertEquals(List.of("/a/1", "/a/2"), world.ran);
        });
  }

  /// Events of a watch that is unregistered meanwhile: none begins, nor goes on, once that is done;
  /// those of another watch all run.
  @Test
  void watchThatIsUnregisteredWhileItsEventsCome() {
    everySchedule(
        world -> {
          RegisteredWatch watch = world.watch("/a");
          RegisteredWatch other = world.watch("/b");
          List<String> afterwards = new ArrayList<>();
          Task reader =
              world.spawn(
                  "reader",
                  () -> {
                    world.fire(watch, "/a/1");
                    world.fire(other, "/b/1");
                    world.fire(watch, "/a/2");
                  });
          Task closer =
              world.spawn(
                  "closer",
                  () -> {
                    watch.close();
                    int ended = world.ran.size();
                    afterwards.add(Integer.toString(ended));
                  });
          world.end(reader, closer);
          int ended = Integer.parseInt(afterwards.getFirst());
          assertEquals(1, Collections.frequency(world.ran, "/b/1"));
          List<String> late = world.ran.subList(ended, world.ran.size());
          assertTrue(late.stream().allMatch("/b/1"::equals), late::toString);
        });
  }

  /// The last device goes, and the guest comes again, while its thread ends.
  @Test
  void guestThatComesAgainWhileItsThreadEnds() {
    everySchedule(
        world -> {
          RegisteredWatch watch = world.watch("/a");
          world.dispatcher.deviceAdded(FIRST);
          Task reader = world.spawn("reader", () -> world.fire(watch, "/a/1"));
          Task bus =
              world.spawn(
                  "bus",
                  () -> {
                    world.dispatcher.deviceRemoved(FIRST);
                    world.dispatcher.deviceAdded(FIRST);
                    world.fire(watch, "/a/2");
                    world.dispatcher.deviceRemoved(FIRST);
                  });
          world.end(reader, bus);
          assertEquals(List.of("/a/1", "/a/2"), world.ran.stream().sorted().toList());
        });
  }
}

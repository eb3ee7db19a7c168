package dev.xenbus.machine;

import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Bugs that were planted: random walk and PCT find each within [#SEEDS] seeds, and nothing in the
/// repaired twin.
@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PlantedBugsTest {
  /// Within so many seeds each bug must be found; the repaired twin must pass all of them.
  private static final int SEEDS = 400;

  private static final long SECOND = 1_000_000_000L;

  /// A program with a bug, or without it.
  enum Planted {
    LOST_WAKE_UP {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        WaitQueue queue = cpu.waitQueue("q");
        SpinLock lock = cpu.spinLock(LockClass.of("l"));
        boolean[] ready = {false};
        Task consumer =
            start(
                cpu,
                "consumer",
                self -> {
                  if (repaired) {
                    lock.lock();
                    while (!ready[0]) {
                      queue.sleep(Task.State.S, WaitQueue.FOREVER, lock);
                    }
                    lock.unlock();
                  } else if (!ready[0]) {
                    // The check is outside of the lock that the sleep drops.
                    lock.lock();
                    queue.sleep(Task.State.S, WaitQueue.FOREVER, lock);
                    lock.unlock();
                  }
                  return 0;
                });
        lock.lock();
        ready[0] = true;
        lock.unlock();
        queue.wakeOne();
        consumer.waitFor();
      }
    },
    ABBA {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        Mutex a = cpu.mutex(LockClass.of("a"));
        Mutex b = cpu.mutex(LockClass.of("b"));
        Task other = start(cpu, "other", self -> SimulationTest.Abba.both(a, b));
        SimulationTest.Abba.both(repaired ? a : b, repaired ? b : a);
        other.waitFor();
      }
    },
    FREED_BY_THREAD_THAT_NEVER_RAN {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        // As in XSA-350: a thread that is stopped before it first ran does not run its clean-up.
        boolean[] freed = {false};
        Task thread =
            start(
                cpu,
                "thread",
                self -> {
                  freed[0] = true;
                  return 0;
                });
        Task.point("between");
        if (thread.stop() != 0 && repaired) {
          freed[0] = true;
        }
        Bug.unless(freed[0], "leaked");
      }
    },
    TIMER_AFTER_FREE {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        boolean[] freed = {false};
        Timer timer =
            cpu.timer(
                "t",
                TimerKind.NORMAL,
                () -> {
                  Task.point("object");
                  Bug.unless(!freed[0], "used after it was freed");
                });
        timer.arm(1000);
        Task.sleep(1000);
        if (repaired || timer.isPending()) {
          timer.cancel();
        }
        Task.point("object");
        freed[0] = true;
        Task.sleep(1000);
      }
    },
    READERS_THAT_BOTH_WANT_TO_WRITE {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        RwSemaphore semaphore = cpu.rwSemaphore(LockClass.of("s"));
        Body body =
            self -> {
              semaphore.read().lock();
              Task.point("look");
              if (repaired) {
                semaphore.read().unlock();
              }
              semaphore.write().lock();
              semaphore.write().unlock();
              if (!repaired) {
                semaphore.read().unlock();
              }
              return 0;
            };
        Task one = start(cpu, "one", body);
        Task two = start(cpu, "two", body);
        one.waitFor();
        two.waitFor();
      }
    },
    COUNT_DROPPED_TWICE {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        SpinLock lock = cpu.spinLock(LockClass.of("ref"));
        int[] count = {2};
        int[] freed = {0};
        Body put =
            self -> {
              if (repaired) {
                lock.lock();
                int left = --count[0];
                lock.unlock();
                freed[0] += left == 0 ? 1 : 0;
              } else {
                count[0]--;
                Task.point("count");
                freed[0] += count[0] == 0 ? 1 : 0;
              }
              return 0;
            };
        List<Task> tasks = List.of(start(cpu, "one", put), start(cpu, "two", put));
        tasks.forEach(Task::waitFor);
        Bug.unless(freed[0] == 1, "freed " + freed[0] + " times");
      }
    },
    FLUSH_UNDER_THE_LOCK_OF_THE_WORK {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        Mutex lock = cpu.mutex(LockClass.of("l"));
        WorkQueue queue = cpu.workQueue("w", 1);
        queue.queue(
            () -> {
              lock.lock();
              lock.unlock();
            });
        Task.point("between");
        if (repaired) {
          queue.flush();
          lock.lock();
        } else {
          lock.lock();
          queue.flush();
        }
        lock.unlock();
        queue.close();
      }
    },
    RING_WITHOUT_FINAL_CHECK {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        int[] produced = {0};
        boolean[] wantsEvent = {false};
        Poller poller = cpu.poller("ring");
        Task consumer =
            start(
                cpu,
                "consumer",
                self -> {
                  int consumed = 0;
                  while (consumed < 3) {
                    Task.point("produced");
                    consumed = produced[0];
                    Task.point("wantsEvent");
                    wantsEvent[0] = true;
                    Task.point("produced");
                    boolean more = repaired && produced[0] != consumed;
                    if (consumed < 3 && !more) {
                      poller.await(WaitQueue.FOREVER);
                    }
                  }
                  return 0;
                });
        for (int i = 0; i < 3; i++) {
          Task.point("produced");
          produced[0]++;
          Task.point("wantsEvent");
          if (wantsEvent[0]) {
            wantsEvent[0] = false;
            poller.rouse();
          }
        }
        consumer.waitFor();
      }
    },
    PUBLISHED_BEFORE_IT_WAS_MADE {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        int[] device = {0};
        boolean[] registered = {false};
        Task prober =
            start(
                cpu,
                "prober",
                self -> {
                  Task.point("registered");
                  if (registered[0]) {
                    Bug.unless(device[0] == 7, "device used before it was made");
                  }
                  return 0;
                });
        if (repaired) {
          device[0] = 7;
          Task.point("device");
          registered[0] = true;
        } else {
          registered[0] = true;
          Task.point("device");
          device[0] = 7;
        }
        prober.waitFor();
      }
    },
    WAKE_ONE_FOR_TWO_KINDS_OF_WAITERS {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        WaitQueue queue = cpu.waitQueue("q");
        SpinLock lock = cpu.spinLock(LockClass.of("l"));
        int[] stage = {0};
        List<Task> tasks = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
          int wanted = i;
          tasks.add(
              start(
                  cpu,
                  "waiter" + i,
                  self -> {
                    lock.lock();
                    while (stage[0] < wanted) {
                      queue.sleep(Task.State.S, WaitQueue.FOREVER, lock);
                    }
                    lock.unlock();
                    return 0;
                  }));
        }
        for (int i = 1; i <= 2; i++) {
          lock.lock();
          stage[0] = i;
          lock.unlock();
          if (repaired) {
            queue.wakeAll();
          } else {
            queue.wakeOne();
          }
        }
        tasks.forEach(Task::waitFor);
      }
    },
    REPLY_INTO_BUFFER_OF_WHO_GAVE_UP {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        Completion done = cpu.completion("done");
        SpinLock lock = cpu.spinLock(LockClass.of("l"));
        boolean[] abandoned = {false};
        boolean[] reused = {false};
        Task server =
            start(
                cpu,
                "server",
                self -> {
                  Task.sleep(SECOND);
                  lock.lock();
                  boolean wanted = !repaired || !abandoned[0];
                  Bug.unless(!wanted || !reused[0], "reply written into a reused buffer");
                  if (wanted) {
                    done.complete();
                  }
                  lock.unlock();
                  return 0;
                });
        if (done.await(SECOND) == WaitQueue.Wake.TIMEOUT) {
          lock.lock();
          abandoned[0] = true;
          reused[0] = !done.isDone();
          lock.unlock();
        }
        server.waitFor();
      }
    },
    LOOKED_UP_AND_USED_AFTER_THE_LOCK {
      @Override
      void run(Machine machine, Cpu cpu, boolean repaired) {
        Mutex table = cpu.mutex(LockClass.of("table"));
        boolean[] alive = {true};
        Task reaper =
            start(
                cpu,
                "reaper",
                self -> {
                  table.lock();
                  alive[0] = false;
                  table.unlock();
                  return 0;
                });
        table.lock();
        boolean found = alive[0];
        if (!repaired) {
          table.unlock();
          Task.point("entry");
        }
        Bug.unless(!found || alive[0], "entry used after it was removed");
        if (repaired) {
          table.unlock();
        }
        reaper.waitFor();
      }
    };

    abstract void run(Machine machine, Cpu cpu, boolean repaired);
  }

  private static OptionalLong firstFailure(Planted planted, Strategy strategy, boolean repaired) {
    for (long seed = 0; seed < SEEDS; seed++) {
      SimulatedMachine machine =
          new SimulatedMachine(
              SimulatedMachine.Options.seed(seed).with(strategy).stepLimit(20_000));
      try {
        machine.run(
            () -> {
              planted.run(machine, machine.cpu("dom0"), repaired);
              return true;
            });
      } catch (MachineFailure failure) {
        if (repaired) {
          throw new AssertionError(planted + ": " + failure.getMessage(), failure);
        }
        return OptionalLong.of(seed);
      }
    }
    return OptionalLong.empty();
  }

  @ParameterizedTest
  @EnumSource(Planted.class)
  void randomWalkFindsIt(Planted planted) {
    assertTrue(firstFailure(planted, new RandomWalk(), false).isPresent());
  }

  @ParameterizedTest
  @EnumSource(Planted.class)
  void pctFindsIt(Planted planted) {
    assertTrue(firstFailure(planted, new Pct(3, 40), false).isPresent());
  }

  @ParameterizedTest
  @EnumSource(Planted.class)
  void repairedTwinPasses(Planted planted) {
    for (Strategy strategy : List.of(new RandomWalk(), new Pct(3, 40), new Fair())) {
      assertEquals(OptionalLong.empty(), firstFailure(planted, strategy, true));
    }
  }

  /// A shrunk schedule keeps few switches and still fails in the same way.
  @ParameterizedTest
  @EnumSource(Planted.class)
  void failingScheduleShrinks(Planted planted) {
    long seed = firstFailure(planted, new RandomWalk(1, true), false).orElseThrow();
    MachineFailure failure =
        fail(planted, SimulatedMachine.Options.seed(seed).with(new RandomWalk(1, true)));
    Schedule schedule = failure.schedule().orElseThrow();
    Shrinker.Result shrunk =
        Shrinker.shrink(
            schedule,
            candidate -> sameKind(failure, planted, new Replay(candidate, false)),
            500,
            _ -> {});
    // The schedule that is left is that of a run, and repeats it exactly.
    assertTrue(sameKind(failure, planted, Replay.of(shrunk.schedule())).isPresent());
    assertTrue(shrunk.isMinimal(), () -> planted + " after " + shrunk.progress());
    assertTrue(shrunk.schedule().unusual() <= 4, () -> planted + " keeps " + shrunk.schedule());
  }

  /// The replays that it may take are not exceeded, and it says that it did not get to the end.
  @Test
  void shrinkerStopsWhenItsReplaysAreUsedUp() {
    Planted planted = Planted.values()[0];
    long seed = firstFailure(planted, new RandomWalk(1, true), false).orElseThrow();
    MachineFailure failure =
        fail(planted, SimulatedMachine.Options.seed(seed).with(new RandomWalk(1, true)));
    List<Shrinker.Progress> told = new ArrayList<>();
    Shrinker.Result shrunk =
        Shrinker.shrink(
            failure.schedule().orElseThrow(),
            candidate -> {
              sameKind(failure, planted, new Replay(candidate, false));
              return Optional.empty(); // as if nothing could go
            },
            2,
            told::add);
    assertFalse(shrunk.isMinimal());
    assertEquals(2, told.size());
    assertEquals(failure.schedule().orElseThrow().unusual(), shrunk.progress().unusual());
  }

  private static Optional<Schedule> sameKind(
      MachineFailure failure, Planted planted, Strategy strategy) {
    try {
      MachineFailure again = fail(planted, SimulatedMachine.Options.seed(0).with(strategy));
      return again.kind() == failure.kind() ? again.schedule() : Optional.empty();
    } catch (AssertionError passed) {
      return Optional.empty();
    }
  }

  private static MachineFailure fail(Planted planted, SimulatedMachine.Options options) {
    SimulatedMachine machine = new SimulatedMachine(options.stepLimit(20_000));
    try {
      machine.run(
          () -> {
            planted.run(machine, machine.cpu("dom0"), false);
            return true;
          });
    } catch (MachineFailure failure) {
      return failure;
    }
    throw new AssertionError("did not fail");
  }
}

package dev.xenbus.machine;

import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Small programs, run under every schedule: what can come out is listed by hand.
@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AllSchedulesTest {
  private static final long RUNS_MAX = 200_000;

  /// Runs the bodies as one task each and collects what `outcome` says at the end.
  private static Set<String> outcomes(BiFunction<Cpu, StringBuilder, List<Body>> program) {
    Set<String> outcomes = new TreeSet<>();
    long runs =
        AllSchedules.run(
            SimulatedMachine.Options.fair(),
            RUNS_MAX,
            machine -> {
              StringBuilder log = new StringBuilder();
              try {
                machine.run(
                    () -> {
                      // Made and joined without scheduling points, which would only multiply runs.
                      MachineCpu cpu = (MachineCpu) machine.cpu("dom0");
                      List<MachineTask> tasks = new ArrayList<>();
                      for (Body body : program.apply(cpu, log)) {
                        MachineTask task =
                            cpu.makeTask(MachineTask.Kind.KERNEL_THREAD, "t" + tasks.size(), body);
                        task.kick();
                        tasks.add(task);
                      }
                      MachineTask self = machine.current();
                      tasks.forEach(task -> self.joinBefore(task, WaitQueue.FOREVER));
                      return true;
                    });
                outcomes.add(log.toString());
              } catch (MachineFailure failure) {
                outcomes.add(failure.kind().toString());
              }
            });
    assertTrue(runs >= outcomes.size());
    return outcomes;
  }

  @Test
  void threeTasksOfTwoEventsHaveNinetyInterleavings() {
    Set<String> orders =
        outcomes(
            (cpu, log) -> {
              List<Body> bodies = new ArrayList<>();
              for (String name : List.of("a", "b", "c")) {
                bodies.add(
                    self -> {
                      log.append(name);
                      Task.point("between");
                      log.append(name);
                      return 0;
                    });
              }
              return bodies;
            });
    assertEquals(90, orders.size()); // 6! / (2! 2! 2!)
  }

  @Test
  void unguardedCounterOfThreeLosesUpToTwo() {
    assertEquals(Set.of("1", "2", "3"), counter(false));
  }

  @Test
  void guardedCounterOfThreeLosesNothing() {
    assertEquals(Set.of("3"), counter(true));
  }

  private static Set<String> counter(boolean guarded) {
    return outcomes(
        (cpu, log) -> {
          int[] count = {0};
          int[] ended = {0};
          SpinLock lock = cpu.spinLock(LockClass.of("count"));
          Body add =
              self -> {
                if (guarded) {
                  lock.lock();
                }
                int seen = count[0];
                Task.point("count");
                count[0] = seen + 1;
                if (guarded) {
                  lock.unlock();
                }
                if (++ended[0] == 3) {
                  log.append(count[0]);
                }
                return 0;
              };
          return List.of(add, add, add);
        });
  }

  @Test
  void storeBufferingHasTheThreeOutcomesOfSequentialConsistency() {
    Set<String> seen =
        outcomes(
            (cpu, log) -> {
              int[] memory = new int[2];
              int[] read = {-1, -1};
              List<Body> bodies = new ArrayList<>();
              for (int i = 0; i < 2; i++) {
                int mine = i;
                bodies.add(
                    self -> {
                      memory[mine] = 1;
                      Task.point("memory");
                      read[mine] = memory[1 - mine];
                      if (read[1 - mine] >= 0) {
                        log.append(read[0]).append(read[1]);
                      }
                      return 0;
                    });
              }
              return bodies;
            });
    assertEquals(Set.of("01", "10", "11"), seen);
  }

  @Test
  void whoSeesTheFlagSeesTheData() {
    Set<String> seen =
        outcomes(
            (cpu, log) -> {
              int[] data = {0};
              int[] flag = {0};
              return List.of(
                  self -> {
                    data[0] = 1;
                    Task.point("data");
                    flag[0] = 1;
                    return 0;
                  },
                  self -> {
                    log.append(flag[0]);
                    Task.point("flag");
                    log.append(data[0]);
                    return 0;
                  });
            });
    assertEquals(Set.of("00", "01", "11"), seen);
  }

  @Test
  void waitQueueHandsOverUnderEverySchedule() {
    Set<String> seen =
        outcomes(
            (cpu, log) -> {
              WaitQueue queue = cpu.waitQueue("q");
              boolean[] flag = {false};
              return List.of(
                  self -> {
                    log.append(queue.await(Task.State.S, WaitQueue.FOREVER, () -> flag[0]));
                    return 0;
                  },
                  self -> {
                    flag[0] = true;
                    queue.wakeOne();
                    return 0;
                  });
            });
    assertEquals(Set.of("READY"), seen);
  }

  @Test
  void checkThenSleepDeadlocksUnderSomeSchedule() {
    Set<String> seen =
        outcomes(
            (cpu, log) -> {
              WaitQueue queue = cpu.waitQueue("q");
              Mutex lock = cpu.mutex(LockClass.of("l"));
              boolean[] flag = {false};
              return List.of(
                  self -> {
                    if (!flag[0]) {
                      lock.lock();
                      queue.sleep(Task.State.S, WaitQueue.FOREVER, lock);
                      lock.unlock();
                    }
                    log.append("ok");
                    return 0;
                  },
                  self -> {
                    flag[0] = true;
                    queue.wakeOne();
                    return 0;
                  });
            });
    assertEquals(Set.of("DEADLOCK", "ok"), seen);
  }

  @Test
  void twoLocksInBothOrdersDeadlockOrAreCaughtByTheirOrder() {
    Set<String> seen =
        outcomes(
            (cpu, log) -> {
              Mutex a = cpu.mutex(LockClass.of("a"));
              Mutex b = cpu.mutex(LockClass.of("b"));
              return List.of(
                  self -> SimulationTest.Abba.both(a, b), self -> SimulationTest.Abba.both(b, a));
            });
    assertEquals(Set.of("DEADLOCK", "LOCK_ORDER"), seen);
  }

  @Test
  void stopHasTwoOutcomes() {
    Set<String> seen =
        outcomes(
            (cpu, log) ->
                List.of(
                    self -> {
                      Task thread = start(cpu, "victim", victim -> 7);
                      log.append(thread.stop());
                      return 0;
                    }));
    assertEquals(Set.of("-4", "7"), seen);
  }

  /// Three tasks of three points each, which the usual schedule runs one after the other.
  @Test
  void schedulesWithFewUnusualChoicesAreAllPlayedAndNoOther() {
    List<Integer> unusual = new ArrayList<>();
    Set<String> seen = new TreeSet<>();
    for (int unusualMax = 0; unusualMax <= 2; unusualMax++) {
      unusual.clear();
      seen.clear();
      long runs =
          AllSchedules.run(
              SimulatedMachine.Options.fair(),
              unusualMax,
              RUNS_MAX,
              machine -> {
                StringBuilder log = new StringBuilder();
                World.run(machine, (m, cpu) -> lettersOfThree(cpu, log));
                unusual.add(machine.schedule().unusual());
                seen.add(machine.schedule() + " " + log);
              });
      assertEquals(runs, seen.size(), "no schedule is played twice");
      assertEquals(unusualMax, unusual.stream().mapToInt(Integer::intValue).max().orElseThrow());
      if (unusualMax == 1) {
        assertEquals(singleDelays(), seen.size() - 1L);
      }
    }
  }

  private static void lettersOfThree(Cpu cpu, StringBuilder log) {
    List<Task> tasks = new ArrayList<>();
    for (String comm : List.of("a", "b", "c")) {
      tasks.add(
          start(
              cpu,
              comm,
              self -> {
                for (int i = 0; i < 3; i++) {
                  log.append(comm);
                  self.wake();
                }
                return 0;
              }));
    }
    tasks.forEach(Task::waitFor);
  }

  /// Counts, by the strategy that delays once, in how many ways that can be done where each choice
  /// has two possibilities; further ones of a choice are counted apart.
  private static long singleDelays() {
    SimulatedMachine usual = new SimulatedMachine(SimulatedMachine.Options.fair());
    World.run(usual, (m, cpu) -> lettersOfThree(cpu, new StringBuilder()));
    Schedule schedule = usual.schedule();
    long count = 0;
    for (int choice = 0; choice < schedule.size(); choice++) {
      SimulatedMachine delayed =
          new SimulatedMachine(SimulatedMachine.Options.seed(choice + 1).with(new Delay()));
      World.run(delayed, (m, cpu) -> lettersOfThree(cpu, new StringBuilder()));
      assertEquals(1, delayed.schedule().unusual());
      assertEquals(1, delayed.schedule().pick(choice));
      count += schedule.options(choice) - 1;
    }
    return count;
  }

  @Test
  void boundOnRunsIsKept() {
    assertThrows(
        IllegalStateException.class,
        () ->
            AllSchedules.run(
                SimulatedMachine.Options.fair(),
                3,
                machine ->
                    World.run(
                        machine,
                        (m, cpu) -> {
                          Task one = start(cpu, "one", self -> 0);
                          Task two = start(cpu, "two", self -> 0);
                          one.waitFor();
                          two.waitFor();
                        })));
  }
}

package dev.xenbus.machine;

import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SimulationTest {
  private static final long SECOND = 1_000_000_000L;

  private static SimulatedMachine fair() {
    return new SimulatedMachine(SimulatedMachine.Options.fair());
  }

  private static MachineFailure fails(SimulatedMachine machine, Callable<?> main) {
    return assertThrows(MachineFailure.class, () -> machine.run(main));
  }

  private static void assertReports(MachineFailure failure, String... words) {
    for (String word : words) {
      assertTrue(
          String.valueOf(failure.getMessage()).contains(word),
          () -> "no \"" + word + "\" in " + failure.getMessage());
    }
  }

  // --- time -----------------------------------------------------------------------------------

  @Test
  void timeJumpsToTheNextTimerAndNowhereElse() throws MachineFailure {
    SimulatedMachine machine = fair();
    machine.run(
        () -> {
          assertEquals(0, machine.clock().nanos());
          Task.relax();
          assertEquals(0, machine.clock().nanos());
          Task.sleep(3_600 * SECOND);
          assertEquals(3_600 * SECOND, machine.clock().nanos());
          assertEquals(3_600L * Clock.HZ, machine.clock().jiffies());
          assertEquals("2026-01-01T01:00:00Z", machine.clock().wallTime().toString());
          return true;
        });
  }

  @Test
  void housekeepingTimerFiresOnTimeButMovesNone() throws MachineFailure {
    SimulatedMachine machine = fair();
    List<Long> ticks = new ArrayList<>();
    machine.run(
        () -> {
          Cpu cpu = machine.cpu("dom0");
          Timer[] timer = new Timer[1];
          timer[0] =
              cpu.timer(
                  "tick",
                  TimerKind.HOUSEKEEPING,
                  () -> {
                    ticks.add(machine.clock().nanos());
                    timer[0].arm(4 * SECOND);
                  });
          timer[0].arm(4 * SECOND);
          Task.sleep(10 * SECOND);
          return true;
        });
    assertEquals(List.of(4 * SECOND, 8 * SECOND), ticks);
  }

  @Test
  void onlyHousekeepingLeftIsDeadlock() {
    SimulatedMachine machine = fair();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              Cpu cpu = machine.cpu("dom0");
              cpu.timer("tick", TimerKind.HOUSEKEEPING, () -> {}).arm(1);
              cpu.completion("never").await(WaitQueue.FOREVER);
              return true;
            });
    assertEquals(MachineFailure.Kind.DEADLOCK, failure.kind());
    assertReports(failure, "nobody can run", "main:1 (host) D never");
  }

  @Test
  void timeAdvancesEarlyUnderRandomAndNeverUnderFair() throws MachineFailure {
    int early = 0;
    for (int seed = 0; seed < 200; seed++) {
      early += timesOutBesideWork(SimulatedMachine.Options.seed(seed)) ? 1 : 0;
    }
    assertTrue(early > 0);
    assertFalse(timesOutBesideWork(SimulatedMachine.Options.fair()));
  }

  private static boolean timesOutBesideWork(SimulatedMachine.Options options)
      throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(options);
    return machine.run(
        () -> {
          Cpu cpu = machine.cpu("dom0");
          Completion done = cpu.completion("done");
          start(
              cpu,
              "worker",
              self -> {
                for (int i = 0; i < 10; i++) {
                  Task.point("work");
                }
                done.complete();
                return 0;
              });
          return done.await(10 * SECOND) == WaitQueue.Wake.TIMEOUT;
        });
  }

  // --- failures -------------------------------------------------------------------------------

  @Test
  void lockCycleIsReportedWithWhoHoldsAndWhoWaits() {
    for (int seed = 0; seed < 20; seed++) {
      SimulatedMachine machine =
          new SimulatedMachine(SimulatedMachine.Options.seed(seed).with(new Fair()));
      MachineFailure failure =
          fails(
              machine,
              () -> {
                Cpu cpu = machine.cpu("dom0");
                Completion held = cpu.completion("held");
                Mutex mutex = cpu.mutex(LockClass.of("xenwatch_mutex"));
                Task watcher =
                    start(
                        cpu,
                        "xenwatch",
                        self -> {
                          mutex.lock();
                          held.complete();
                          Task.sleep(SECOND);
                          return Task.current().heldLocks().size();
                        });
                Task[] other = new Task[1];
                other[0] =
                    start(
                        cpu,
                        "flusher",
                        self -> {
                          held.await(WaitQueue.FOREVER);
                          mutex.lock();
                          return 0;
                        });
                held.complete();
                mutex.lock();
                watcher.waitFor();
                other[0].waitFor();
                mutex.unlock();
                return true;
              });
      assertEquals(MachineFailure.Kind.DEADLOCK, failure.kind());
      assertReports(failure, "deadlock:", "xenwatch_mutex", "the end of");
    }
  }

  @Test
  void abbaDeadlockNamesBothTasksAndBothLocks() {
    MachineFailure found = null;
    for (int seed = 0; seed < 200 && found == null; seed++) {
      SimulatedMachine machine = new SimulatedMachine(seed);
      Abba abba = new Abba(machine, false);
      try {
        machine.run(abba);
      } catch (MachineFailure failure) {
        found = failure.kind() == MachineFailure.Kind.DEADLOCK ? failure : null;
      }
    }
    assertTrue(found != null);
    if (found != null) {
      assertReports(
          found, "2 tasks wait in a cycle", "ab:", "ba:", "holds [a], waits for b", "holds [b]");
    }
  }

  /// Two tasks, two mutexes, both orders.
  ///
  /// @param machine where
  /// @param inTurn whether one comes after the other, so that nothing can deadlock
  record Abba(Machine machine, boolean inTurn) implements Callable<Boolean> {
    @Override
    public Boolean call() {
      Cpu cpu = machine.cpu("dom0");
      Mutex a = cpu.mutex(LockClass.of("a"));
      Mutex b = cpu.mutex(LockClass.of("b"));
      Task first = start(cpu, "ab", self -> both(a, b));
      if (inTurn) {
        first.waitFor();
      }
      Task second = start(cpu, "ba", self -> both(b, a));
      first.waitFor();
      second.waitFor();
      return true;
    }

    static int both(Mutex outer, Mutex inner) {
      outer.lock();
      inner.lock();
      inner.unlock();
      outer.unlock();
      return 0;
    }
  }

  @Test
  void lockOrderIsCheckedEvenIfNothingDeadlocks() {
    SimulatedMachine machine = new SimulatedMachine(SimulatedMachine.Options.fair().explained());
    MachineFailure failure = fails(machine, new Abba(machine, true));
    assertEquals(MachineFailure.Kind.LOCK_ORDER, failure.kind());
    assertReports(
        failure, "takes a while it holds b", "b was taken under a", "a under b:", "b under a:");
    assertReports(failure, "SimulationTest$Abba.both");
  }

  @Test
  void lockOrderSeesCyclesOverThreeClasses() {
    SimulatedMachine machine = fair();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              Cpu cpu = machine.cpu("dom0");
              List<Mutex> locks = new ArrayList<>();
              for (String name : List.of("a", "b", "c")) {
                locks.add(cpu.mutex(LockClass.of(name)));
              }
              for (int i = 0; i < 3; i++) {
                Abba.both(locks.get(i), locks.get((i + 1) % 3));
              }
              return true;
            });
    assertEquals(MachineFailure.Kind.LOCK_ORDER, failure.kind());
    assertReports(failure, "b was taken under a and c was taken under b");
  }

  @Test
  void twoLocksOfOneClassNeedSubclass() throws MachineFailure {
    SimulatedMachine machine = fair();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              Cpu cpu = machine.cpu("dom0");
              Abba.both(cpu.mutex(LockClass.of("d")), cpu.mutex(LockClass.of("d")));
              return true;
            });
    assertEquals(MachineFailure.Kind.LOCK_ORDER, failure.kind());
    assertReports(failure, "possible recursive locking");
    SimulatedMachine nested = fair();
    nested.run(
        () -> {
          Cpu cpu = nested.cpu("dom0");
          Abba.both(cpu.mutex(LockClass.of("d")), cpu.mutex(new LockClass("d", 1)));
          return true;
        });
  }

  @Test
  void takingHeldLockAgainIsDeadlock() {
    SimulatedMachine machine = fair();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              Mutex mutex = machine.cpu("dom0").mutex(LockClass.of("m"));
              mutex.lock();
              mutex.lock();
              return true;
            });
    assertEquals(MachineFailure.Kind.DEADLOCK, failure.kind());
    assertReports(failure, "a task waits for itself");
  }

  @Test
  void flushFromInsideOfWorkIsDeadlock() {
    SimulatedMachine machine = fair();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              WorkQueue queue = machine.cpu("dom0").workQueue("events", 1);
              queue.queue(queue::flush);
              queue.flush();
              return true;
            });
    assertEquals(MachineFailure.Kind.DEADLOCK, failure.kind());
    assertReports(failure, "kworker/events", "works of events");
  }

  @Test
  void closingAnInterruptUnderLockThatItsHandlerWantsIsDeadlock() {
    MachineFailure.Kind kind = MachineFailure.Kind.MAIN;
    for (int seed = 0; seed < 300 && kind != MachineFailure.Kind.DEADLOCK; seed++) {
      SimulatedMachine machine = new SimulatedMachine(seed);
      try {
        machine.run(
            () -> {
              Cpu cpu = machine.cpu("dom0");
              SpinLock lock = cpu.spinLock(LockClass.of("l"));
              Timer timer =
                  cpu.timer(
                      "t",
                      TimerKind.NORMAL,
                      () -> {
                        lock.lock();
                        lock.unlock();
                      });
              timer.arm(0);
              Task.point("here");
              lock.lock();
              timer.cancel();
              lock.unlock();
              return true;
            });
      } catch (MachineFailure failure) {
        kind = failure.kind();
        assertReports(failure, "the end of the handler of t");
      }
    }
    assertEquals(MachineFailure.Kind.DEADLOCK, kind);
  }

  @Test
  void taskThatHangsFailsTheRunUnlessSomethingIsHeld() throws MachineFailure {
    SimulatedMachine machine = fair();
    MachineFailure failure = fails(machine, () -> hang(machine, false, new ArrayList<>()));
    assertEquals(MachineFailure.Kind.HUNG_TASK, failure.kind());
    assertReports(failure, "xenwatch:2 (dom0) D stuck", "120 seconds");

    SimulatedMachine held = fair();
    List<String> lines = new ArrayList<>();
    held.run(() -> hang(held, true, lines));
    assertEquals(
        List.of(
            "INFO: task xenwatch:2 blocked for more than 120 seconds.",
            "INFO: task xenwatch:2 blocked for more than 240 seconds."),
        lines);
  }

  private static boolean hang(SimulatedMachine machine, boolean held, List<String> lines) {
    Cpu cpu = machine.cpu("dom0");
    machine.addListener(
        new MachineListener() {
          @Override
          public void hungTask(Task task, long seconds) {
            assertEquals(machine.clock().nanos() % (120 * SECOND), 5 * SECOND);
            lines.add("INFO: task " + task + " blocked for more than " + seconds + " seconds.");
          }
        });
    Completion never = cpu.completion("stuck");
    Task.sleep(5 * SECOND);
    Task task =
        start(
            cpu,
            "xenwatch",
            self -> {
              never.await(WaitQueue.FOREVER);
              return 0;
            });
    if (held) {
      try (Hold hold = machine.hold("sk_buff of vif1.0")) {
        assertEquals("sk_buff of vif1.0", hold.what());
        Task.sleep(300 * SECOND);
      }
      never.complete();
      return task.waitFor() == 0;
    }
    Task.sleep(300 * SECOND);
    return true;
  }

  @Test
  void listenerOfHungTasksMayTakeSpinLocks() throws MachineFailure {
    SimulatedMachine machine = fair();
    int[] lines = {0};
    machine.run(
        () -> {
          Cpu cpu = machine.cpu("dom0");
          SpinLock log = cpu.spinLock(LockClass.of("logbuf_lock"));
          machine.addListener(
              new MachineListener() {
                @Override
                public void hungTask(Task task, long seconds) {
                  log.lock();
                  lines[0]++;
                  log.unlock();
                }
              });
          try (Hold hold = machine.hold("it")) {
            assertEquals("it", hold.what());
            return cpu.completion("stuck").await(500 * SECOND);
          }
        });
    assertEquals(4, lines[0]);
  }

  @Test
  void cancelOfOneWorkDoesNotDependOnOthers() throws MachineFailure {
    for (int seed = 0; seed < 100; seed++) {
      SimulatedMachine machine = new SimulatedMachine(seed);
      machine.run(
          () -> {
            Cpu cpu = machine.cpu("dom0");
            Mutex mutex = cpu.mutex(LockClass.of("m"));
            WorkQueue queue = cpu.workQueue("w", 2);
            Runnable wanted = () -> Task.point("work");
            mutex.lock();
            queue.queue(
                () -> {
                  mutex.lock();
                  mutex.unlock();
                });
            queue.queue(wanted);
            Task.point("between");
            queue.cancelSync(wanted);
            mutex.unlock();
            queue.close();
            return true;
          });
    }
  }

  @Test
  void hungTaskWatchCanBeTurnedOff() throws MachineFailure {
    SimulatedMachine machine = fair();
    machine.run(
        () -> {
          machine.hungTaskTimeout(0);
          Completion never = machine.cpu("dom0").completion("stuck");
          return never.await(1000 * SECOND);
        });
  }

  @Test
  void stepLimitEndsTheRun() {
    SimulatedMachine machine =
        new SimulatedMachine(SimulatedMachine.Options.fair().stepLimit(1000));
    MachineFailure failure =
        fails(
            machine,
            () -> {
              World.spinUntil(() -> false);
              return true;
            });
    assertEquals(MachineFailure.Kind.STEP_LIMIT, failure.kind());
    assertEquals(1001, machine.steps());
  }

  @Test
  void brokenInvariantEndsTheRunAtTheStep() {
    SimulatedMachine machine = fair();
    int[] balance = {0};
    AtomicBoolean after = new AtomicBoolean();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              machine.invariant("balance is not negative", () -> balance[0] >= 0);
              Task.relax();
              balance[0] = -1;
              Task.relax();
              after.set(true);
              return true;
            });
    assertEquals(MachineFailure.Kind.INVARIANT, failure.kind());
    assertReports(failure, "balance is not negative", "seed 0", "strategy fair");
    assertFalse(after.get());
  }

  @Test
  void taskThatThrowsFailsTheRun() {
    SimulatedMachine machine = fair();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              start(
                  machine.cpu("dom0"),
                  "bad",
                  self -> {
                    throw new Bug("request sent twice: 4");
                  });
              Task.sleep(SECOND);
              return true;
            });
    assertEquals(MachineFailure.Kind.OOPS, failure.kind());
    assertReports(failure, "bad:2", "request sent twice: 4");
  }

  @Test
  void taskThatNeverReachesPrimitiveIsGivenUp() {
    SimulatedMachine machine =
        new SimulatedMachine(SimulatedMachine.Options.fair().stuckAfter(200_000_000));
    AtomicBoolean letGo = new AtomicBoolean();
    MachineFailure failure =
        fails(
            machine,
            () -> {
              while (!letGo.get()) {
                Thread.onSpinWait();
              }
              return true;
            });
    letGo.set(true);
    assertEquals(MachineFailure.Kind.STUCK, failure.kind());
    assertReports(failure, "main:1");
  }

  @Test
  void threadFromOutsideIsRefusedWhileTheMachineRuns() throws MachineFailure {
    SimulatedMachine machine = fair();
    WaitQueue queue = machine.cpu("dom0").waitQueue("q");
    queue.wakeAll(); // before the run it may
    AtomicBoolean refused = new AtomicBoolean();
    machine.run(
        () -> {
          Thread outside =
              Thread.ofPlatform()
                  .start(
                      () -> {
                        try {
                          queue.wakeAll();
                        } catch (Bug bug) {
                          refused.set(true);
                        }
                      });
          outside.join();
          return true;
        });
    queue.wakeAll();
    assertTrue(refused.get());
    assertThrows(Bug.class, () -> queue.await(Task.State.S, 1, () -> false));
    assertThrows(Bug.class, () -> machine.run(() -> true));
  }

  // --- choices --------------------------------------------------------------------------------

  private static long traced(SimulatedMachine machine) throws MachineFailure {
    machine.run(
        () -> {
          Cpu cpu = machine.cpu("dom0");
          Mutex mutex = cpu.mutex(LockClass.of("m"));
          WorkQueue works = cpu.workQueue("w", 2);
          List<Task> tasks = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            int number = i;
            tasks.add(
                start(
                    cpu,
                    "t" + i,
                    self -> {
                      for (int k = 0; k < 10; k++) {
                        mutex.lock();
                        machine.trace().emit("held", number, k, "mutex");
                        mutex.unlock();
                        works.queue(() -> machine.trace().emit("work", number, 0, "w"));
                        Task.sleep(machine.choices().random("sleep").nextInt(1, 1000));
                      }
                      return 0;
                    }));
          }
          tasks.forEach(Task::waitFor);
          works.close();
          return true;
        });
    return machine.trace().hash();
  }

  @Test
  void sameSeedGivesSameTraceAndAnotherGivesAnother() throws MachineFailure {
    for (String strategy : List.of("fair", "random", "random:1", "pct:3:500")) {
      long[] hashes = new long[2];
      List<List<String>> lines = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        SimulatedMachine machine =
            new SimulatedMachine(SimulatedMachine.Options.seed(7).with(Strategy.parse(strategy)));
        hashes[i] = traced(machine);
        lines.add(machine.trace().lines());
      }
      assertEquals(hashes[0], hashes[1], strategy);
      assertEquals(lines.get(0), lines.get(1));
      long other =
          traced(
              new SimulatedMachine(
                  SimulatedMachine.Options.seed(8).with(Strategy.parse(strategy))));
      assertNotEquals(hashes[0], other, strategy);
    }
  }

  @Test
  void scheduleReplaysToTheSameTrace() throws MachineFailure {
    SimulatedMachine first = new SimulatedMachine(11);
    long hash = traced(first);
    Schedule schedule = Schedule.parse(first.schedule().toString());
    assertEquals(first.schedule().toString(), schedule.toString());
    SimulatedMachine replay = new SimulatedMachine(SimulatedMachine.Options.replay(schedule));
    assertEquals(hash, traced(replay));
    assertEquals(first.steps(), replay.steps());
    assertTrue(replay.readable().size() >= schedule.size());
    assertTrue(replay.readable().stream().anyMatch(line -> line.contains("SCHEDULE")));
  }

  @Test
  void replayOfAnotherProgramSaysWhereItDiverged() {
    SimulatedMachine first = new SimulatedMachine(11);
    assertThrows(
        MachineFailure.class,
        () -> {
          traced(first);
          SimulatedMachine replay =
              new SimulatedMachine(SimulatedMachine.Options.replay(first.schedule()));
          try {
            replay.run(new Abba(replay, false));
          } catch (MachineFailure failure) {
            assertEquals(MachineFailure.Kind.DIVERGED, failure.kind());
            assertReports(failure, "diverged at step");
            throw failure;
          }
        });
  }

  @Test
  void failureCarriesItsScheduleAndReplaysToTheSameFailure() {
    for (int seed = 0; seed < 300; seed++) {
      SimulatedMachine machine = new SimulatedMachine(seed);
      try {
        machine.run(new Abba(machine, false));
      } catch (MachineFailure failure) {
        Schedule schedule = failure.schedule().orElseThrow();
        SimulatedMachine replay = new SimulatedMachine(SimulatedMachine.Options.replay(schedule));
        MachineFailure again = fails(replay, new Abba(replay, false));
        assertEquals(failure.kind(), again.kind());
        return;
      }
    }
    throw new AssertionError("no seed failed");
  }

  @Test
  void randomStreamsOfOnePurposeDoNotDisturbOthers() {
    SimulatedMachine one = new SimulatedMachine(5);
    SimulatedMachine two = new SimulatedMachine(5);
    two.choices().random("new user").nextLong();
    assertEquals(one.choices().random("mac").nextLong(), two.choices().random("mac").nextLong());
    assertNotEquals(
        one.choices().random("mac").nextLong(), one.choices().random("other").nextLong());
  }

  @Test
  void faultsComeOnlyWhenAskedFor() throws MachineFailure {
    int failed = 0;
    for (int seed = 0; seed < 300; seed++) {
      for (boolean faults : new boolean[] {false, true}) {
        SimulatedMachine machine =
            new SimulatedMachine(SimulatedMachine.Options.seed(seed).chaos(faults, false));
        boolean noThread =
            machine.run(
                () -> {
                  try {
                    machine.cpu("dom0").kthread("t", self -> 0);
                    return false;
                  } catch (NoThread e) {
                    return true;
                  }
                });
        assertTrue(faults || !noThread);
        failed += noThread ? 1 : 0;
      }
    }
    assertTrue(failed > 0);
  }

  @Test
  void starvedTaskRunsOnlyWhileNobodyElseCan() throws MachineFailure {
    SimulatedMachine machine =
        new SimulatedMachine(SimulatedMachine.Options.seed(1).with(new Starve("victim")));
    StringBuilder ran = new StringBuilder();
    machine.run(
        () -> {
          Cpu cpu = machine.cpu("dom0");
          List<Task> tasks = new ArrayList<>();
          for (String comm : List.of("victim", "a", "b")) {
            tasks.add(
                cpu.kthread(
                    comm,
                    self -> {
                      for (int i = 0; i < 3; i++) {
                        ran.append(comm.charAt(0));
                        self.wake(); // a scheduling point
                        if (i == 1) {
                          Task.sleep(1_000);
                        }
                      }
                      return 0;
                    }));
          }
          tasks.forEach(Task::wake);
          Task.sleep(10_000);
          tasks.forEach(Task::stop);
          return null;
        });
    // It ran while the others slept, and each time after them.
    assertTrue(ran.toString().matches("[ab]{4}vv[ab]{2}v"), ran::toString);
    assertEquals(List.of("victim", "a", "b"), machine.comms().subList(1, 4));
  }

  @Test
  void malformedTextsAreRefused() {
    for (String text :
        List.of("", "fairy", "random:x", "pct:1:2:3", "fair:1", "starve:", "starve")) {
      assertThrows(IllegalArgumentException.class, () -> Strategy.parse(text), text);
    }
    for (String text : List.of("", "seed=1", "seed=x strategy=fair picks=", "a b c")) {
      assertThrows(IllegalArgumentException.class, () -> Schedule.parse(text), text);
    }
    for (String text :
        List.of("fair", "random", "random:16", "pct:3:10000", "starve:kworker/u:Q", "delay")) {
      assertEquals(text, Strategy.parse(text).text());
    }
  }
}

package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static dev.xenbus.machine.World.startProcess;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

class TaskTest {
  @EveryMachine
  void bodyRunsAsTheCurrentTaskOfItsName(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicBoolean same = new AtomicBoolean();
          Task task =
              start(
                  cpu,
                  "xenwatch",
                  self -> {
                    same.set(
                        Task.current().equals(self)
                            && Thread.currentThread().getName().equals("xenwatch"));
                    return 5;
                  });
          assertEquals(5, task.waitFor());
          assertTrue(same.get());
          assertEquals("xenwatch", task.comm());
          assertSame(cpu, task.cpu());
        });
  }

  @EveryMachine
  void pidsGrowAndTheTableIsInTheirOrder(World world) {
    world.run(
        (machine, cpu) -> {
          Task first = cpu.kthread("a", self -> 0);
          Task second = cpu.process("b", self -> 0);
          assertTrue(first.pid() < second.pid());
          assertEquals(List.of(Task.current(), first, second), machine.tasks());
          assertTrue(first.isKernelThread());
          assertFalse(second.isKernelThread());
        });
  }

  @EveryMachine
  void kernelThreadThatEndedIsGoneFromTheTable(World world) {
    world.run(
        (machine, cpu) -> {
          start(cpu, "short", self -> 0).waitFor();
          assertEquals(List.of(Task.current()), machine.tasks());
        });
  }

  @EveryMachine
  void processIsZombieUntilWaitedFor(World world) {
    world.run(
        (machine, cpu) -> {
          Task process = startProcess(cpu, "dd", self -> 3);
          spinUntil(() -> process.state() == Task.State.Z);
          assertTrue(machine.tasks().contains(process));
          assertEquals(3, process.waitFor());
          assertFalse(machine.tasks().contains(process));
        });
  }

  @EveryMachine
  void stopOfThreadThatNeverStartedAnswersEintrAndNeverRunsIt(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicBoolean ran = new AtomicBoolean();
          Task task =
              cpu.kthread(
                  "never",
                  self -> {
                    ran.set(true);
                    return 0;
                  });
          assertEquals(-4, task.stop());
          task.wake();
          Task.relax();
          assertFalse(ran.get());
          assertFalse(machine.tasks().contains(task));
        });
  }

  @EveryMachine
  void stopBeforeTheFirstSleepIsSeen(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          Task task =
              start(
                  cpu,
                  "loop",
                  self -> {
                    queue.await(Task.State.S, WaitQueue.FOREVER, self::shouldStop);
                    return 9;
                  });
          int code = task.stop();
          assertTrue(code == 9 || code == -4, "code " + code);
        });
  }

  @EveryMachine
  void stopWakesSleeperAndReturnsItsCode(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          Task task =
              start(
                  cpu,
                  "loop",
                  self -> {
                    queue.await(Task.State.S, WaitQueue.FOREVER, self::shouldStop);
                    return 9;
                  });
          spinUntil(() -> task.state() == Task.State.S);
          assertEquals("q", task.wchan());
          assertEquals(9, task.stop());
          assertEquals(9, task.stop());
        });
  }

  @EveryMachine
  void whoStopsIsInStateD(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicBoolean letGo = new AtomicBoolean();
          Task stubborn =
              start(
                  cpu,
                  "stubborn",
                  self -> {
                    spinUntil(letGo::get);
                    return 0;
                  });
          spinUntil(() -> stubborn.cpuNanos() > 0);
          Task stopper = start(cpu, "stopper", self -> stubborn.stop());
          spinUntil(() -> stopper.state() == Task.State.D);
          assertEquals("kthread_stop", stopper.wchan());
          letGo.set(true);
          stopper.waitFor();
        });
  }

  @EveryMachine
  void signalEndsInterruptibleSleepOfProcess(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicBoolean slept = new AtomicBoolean(true);
          Task process =
              startProcess(
                  cpu,
                  "sleep",
                  self -> {
                    slept.set(Task.sleep(WaitQueue.FOREVER));
                    return 0;
                  });
          spinUntil(() -> process.state() == Task.State.S);
          process.signal();
          assertEquals(128 + 15, process.waitFor());
          assertFalse(slept.get());
        });
  }

  @EveryMachine
  void signalBeforeTheSleepIsNotLost(World world) {
    world.run(
        (machine, cpu) -> {
          Task process = startProcess(cpu, "sleep", self -> Task.sleep(WaitQueue.FOREVER) ? 1 : 0);
          process.signal();
          assertTrue(process.signalPending());
          assertEquals(128 + 15, process.waitFor());
        });
  }

  @EveryMachine
  void kernelThreadTakesNoSignal(World world) {
    world.run(
        (machine, cpu) -> {
          Task thread = start(cpu, "sleeper", self -> Task.sleep(3_000_000) ? 1 : 0);
          thread.signal();
          assertFalse(thread.signalPending());
          assertEquals(1, thread.waitFor());
        });
  }

  @EveryMachine
  void sleepTakesItsTime(World world) {
    world.run(
        (machine, cpu) -> {
          long before = machine.clock().nanos();
          assertTrue(Task.sleep(4_000_000));
          long took = machine.clock().nanos() - before;
          assertTrue(took >= 4_000_000, "took " + took);
          assertTrue(world.isLive() || took == 4_000_000);
        });
  }

  @EveryMachine
  void tableShowsStateAndWaitChannel(World world) {
    world.run(
        (machine, cpu) -> {
          Completion never = cpu.completion("never");
          Task waiter =
              start(
                  cpu,
                  "waiter",
                  self -> {
                    never.await(WaitQueue.FOREVER);
                    return 0;
                  });
          spinUntil(() -> waiter.state() == Task.State.D);
          assertEquals("never", waiter.wchan());
          assertEquals(Task.State.R, Task.current().state());
          assertEquals("0", Task.current().wchan());
          never.complete();
          waiter.waitFor();
          assertEquals(Task.State.Z, waiter.state());
          assertEquals(0, waiter.stack().length);
        });
  }

  @EveryMachine
  void exceptionOfTheMainTaskIsTheCause(World world) {
    world
        .machines()
        .forEach(
            machine -> {
              MachineFailure failure =
                  assertThrows(
                      MachineFailure.class,
                      () ->
                          machine.run(
                              () -> {
                                throw new java.io.IOException("EIO");
                              }));
              assertEquals(MachineFailure.Kind.MAIN, failure.kind());
              assertInstanceOf(java.io.IOException.class, failure.getCause());
            });
  }

  @EveryMachine
  void tasksThatAreLeftUnwindWhenTheMainTaskEnds(World world) {
    world
        .machines()
        .forEach(
            machine -> {
              AtomicInteger unwound = new AtomicInteger();
              World.run(
                  machine,
                  (m, cpu) -> {
                    AtomicInteger begun = new AtomicInteger();
                    for (int i = 0; i < 5; i++) {
                      start(
                          cpu,
                          "idle",
                          self -> {
                            begun.incrementAndGet();
                            try {
                              Task.sleep(WaitQueue.FOREVER);
                            } finally {
                              unwound.incrementAndGet();
                            }
                            return 0;
                          });
                    }
                    spinUntil(() -> begun.get() == 5);
                  });
              assertEquals(5, unwound.get());
              assertEquals(List.of(), machine.tasks());
            });
  }

  @EveryMachine
  void currentIsEmptyOutside(World world) {
    assertTrue(Task.currentIfAny().isEmpty());
    assertThrows(IllegalStateException.class, Task::current);
    Task.relax();
    Task.point("outside");
  }
}

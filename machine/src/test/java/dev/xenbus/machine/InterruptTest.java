package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
class InterruptTest {
  @EveryMachine
  void everyEdgeIsFollowedByHandlerRun(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicInteger work = new AtomicInteger();
          AtomicInteger done = new AtomicInteger();
          Irq irq = cpu.irq("ring", () -> done.addAndGet(work.getAndSet(0)));
          for (int i = 0; i < 30; i++) {
            work.incrementAndGet();
            irq.raise();
          }
          spinUntil(() -> done.get() == 30);
          irq.close();
        });
  }

  @EveryMachine
  void edgesCollapseWhilePending(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicInteger runs = new AtomicInteger();
          Irq irq = cpu.irq("line", runs::incrementAndGet);
          irq.mask();
          irq.raise();
          irq.raise();
          irq.raise();
          Task.relax();
          assertEquals(0, runs.get());
          irq.unmask();
          spinUntil(() -> runs.get() == 1);
          Task.relax();
          assertEquals(1, runs.get());
        });
  }

  @EveryMachine
  void edgeDuringTheHandlerRunsItAgain(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicInteger runs = new AtomicInteger();
          Irq[] line = new Irq[1];
          line[0] =
              cpu.irq(
                  "line",
                  () -> {
                    if (runs.incrementAndGet() < 5) {
                      line[0].raise();
                    }
                  });
          line[0].raise();
          spinUntil(() -> runs.get() == 5);
        });
  }

  @EveryMachine
  void handlersOfOneCpuRunOneAtTheTime(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicInteger inside = new AtomicInteger();
          AtomicInteger runs = new AtomicInteger();
          AtomicBoolean together = new AtomicBoolean();
          Runnable handler =
              () -> {
                together.compareAndSet(false, inside.incrementAndGet() != 1);
                Task.point("handler");
                inside.decrementAndGet();
                runs.incrementAndGet();
              };
          List<Irq> lines = List.of(cpu.irq("a", handler), cpu.irq("b", handler));
          for (int i = 0; i < 10; i++) {
            int before = runs.get();
            lines.forEach(Irq::raise);
            spinUntil(() -> runs.get() >= before + 2);
          }
          assertFalse(together.get());
        });
  }

  @EveryMachine
  void nothingRunsAfterClose(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicInteger runs = new AtomicInteger();
          AtomicBoolean inside = new AtomicBoolean();
          Irq irq =
              cpu.irq(
                  "line",
                  () -> {
                    inside.set(true);
                    Task.point("handler");
                    runs.incrementAndGet();
                    Task.point("handler");
                    inside.set(false);
                  });
          irq.raise();
          irq.close();
          assertFalse(inside.get());
          int seen = runs.get();
          irq.raise();
          irq.unmask();
          Task.relax();
          assertEquals(seen, runs.get());
          irq.close();
        });
  }

  @EveryMachine
  void closeFromInsideOfTheHandlerDoesNotWait(World world) {
    world.run(
        (machine, cpu) -> {
          Irq[] line = new Irq[1];
          Completion done = cpu.completion("done");
          line[0] =
              cpu.irq(
                  "line",
                  () -> {
                    line[0].close();
                    done.complete();
                  });
          line[0].raise();
          assertEquals(WaitQueue.Wake.READY, done.await(WaitQueue.FOREVER));
        });
  }

  @EveryMachine
  void sleepingInHandlerIsBug(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicReference<String> message = new AtomicReference<>("");
          Completion done = cpu.completion("done");
          Mutex mutex = cpu.mutex(LockClass.of("m"));
          cpu.irq(
                  "line",
                  () -> {
                    try {
                      mutex.lock();
                      mutex.unlock();
                    } catch (Bug bug) {
                      message.set(bug.getMessage());
                    }
                    done.complete();
                  })
              .raise();
          done.await(WaitQueue.FOREVER);
          assertTrue(String.valueOf(message.get()).contains("interrupt handler"));
        });
  }

  @EveryMachine
  void handlerAndTaskExcludeEachOtherBySpinLock(World world) {
    world.run(
        (machine, cpu) -> {
          SpinLock lock = cpu.spinLock(LockClass.of("l"));
          int[] count = {0};
          AtomicInteger handled = new AtomicInteger();
          Irq irq =
              cpu.irq(
                  "line",
                  () -> {
                    lock.lock();
                    int seen = count[0];
                    Task.point("count");
                    count[0] = seen + 1;
                    lock.unlock();
                    handled.incrementAndGet();
                  });
          for (int i = 0; i < 10; i++) {
            irq.raise();
            lock.lock();
            int seen = count[0];
            Task.point("count");
            count[0] = seen + 1;
            lock.unlock();
            int wanted = i + 1;
            spinUntil(() -> handled.get() == wanted);
          }
          assertEquals(20, count[0]);
        });
  }

  @EveryMachine
  void timerFiresOnceAfterItsDelay(World world) {
    world.run(
        (machine, cpu) -> {
          List<Long> fired = new ArrayList<>();
          Completion done = cpu.completion("done");
          Timer timer =
              cpu.timer(
                  "t",
                  TimerKind.NORMAL,
                  () -> {
                    fired.add(machine.clock().nanos());
                    done.complete();
                  });
          assertFalse(timer.isPending());
          long armed = machine.clock().nanos();
          timer.arm(3_000_000);
          done.await(WaitQueue.FOREVER);
          assertTrue(fired.getFirst() >= armed + 3_000_000);
          assertFalse(timer.isPending());
          assertEquals(WaitQueue.Wake.TIMEOUT, done.await(5_000_000));
          assertEquals(1, fired.size());
        });
  }

  @EveryMachine
  void armReplacesAndCancelDisarms(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicInteger fired = new AtomicInteger();
          Timer timer = cpu.timer("t", TimerKind.NORMAL, fired::incrementAndGet);
          assertFalse(timer.cancel());
          timer.arm(3_600_000_000_000L);
          assertTrue(timer.isPending());
          timer.arm(1_000_000);
          spinUntil(() -> fired.get() == 1);
          timer.arm(3_600_000_000_000L);
          assertTrue(timer.cancel());
          assertFalse(timer.isPending());
          assertFalse(timer.cancel());
          assertEquals(1, fired.get());
        });
  }

  @EveryMachine
  void timerFunctionDoesNotRunAfterCancel(World world) {
    world.run(
        (machine, cpu) -> {
          for (int i = 0; i < 10; i++) {
            AtomicBoolean inside = new AtomicBoolean();
            AtomicInteger fired = new AtomicInteger();
            Timer timer =
                cpu.timer(
                    "t",
                    TimerKind.NORMAL,
                    () -> {
                      inside.set(true);
                      Task.point("softirq");
                      fired.incrementAndGet();
                      inside.set(false);
                    });
            timer.arm(10_000);
            Task.sleep(10_000);
            timer.cancel();
            int seen = fired.get();
            assertFalse(inside.get());
            Task.sleep(20_000);
            assertEquals(seen, fired.get());
          }
        });
  }

  @EveryMachine
  void timerMayArmItselfAndBeCancelledMeanwhile(World world) {
    world.run(
        (machine, cpu) -> {
          AtomicInteger fired = new AtomicInteger();
          Timer[] timer = new Timer[1];
          timer[0] =
              cpu.timer(
                  "tick",
                  TimerKind.NORMAL,
                  () -> {
                    fired.incrementAndGet();
                    timer[0].arm(100_000);
                  });
          timer[0].arm(100_000);
          spinUntil(() -> fired.get() >= 3);
          Task stopper =
              start(
                  cpu,
                  "stopper",
                  self -> {
                    while (timer[0].cancel()) {
                      Task.relax();
                    }
                    return 0;
                  });
          stopper.waitFor();
        });
  }

  @EveryMachine
  void handlerThatThrowsCostsItsEventOnly(World world) {
    if (!world.isLive()) {
      return; // a simulated run ends: see SimulationTest
    }
    world.run(
        (machine, cpu) -> {
          AtomicReference<Throwable> heard = new AtomicReference<>();
          machine.addListener(
              new MachineListener() {
                @Override
                public void oops(Task task, Throwable fault) {
                  heard.set(fault);
                }
              });
          cpu.irq(
                  "bad",
                  () -> {
                    throw new IllegalStateException("bad");
                  })
              .raise();
          Completion done = cpu.completion("done");
          cpu.irq("good", done::complete).raise();
          done.await(WaitQueue.FOREVER);
          assertInstanceOf(IllegalStateException.class, heard.get());
        });
  }
}

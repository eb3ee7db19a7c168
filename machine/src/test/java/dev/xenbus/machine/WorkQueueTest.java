package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

class WorkQueueTest {
  @EveryMachine
  void worksRunInOrderOfArrivalInTasksOfTheirName(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 1);
          List<Integer> order = new ArrayList<>();
          List<String> names = new ArrayList<>();
          for (int i = 0; i < 10; i++) {
            int number = i;
            assertTrue(
                queue.queue(
                    () -> {
                      order.add(number);
                      names.add(Task.current().comm());
                    }));
          }
          queue.flush();
          assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), order);
          assertEquals("kworker/events", names.getFirst());
          queue.close();
          assertEquals(List.of(Task.current()), machine.tasks());
        });
  }

  @EveryMachine
  void workIsQueuedOnceHoweverOftenItIsQueued(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 1);
          AtomicBoolean letGo = new AtomicBoolean();
          AtomicBoolean begun = new AtomicBoolean();
          queue.queue(
              () -> {
                begun.set(true);
                spinUntil(letGo::get);
              });
          spinUntil(begun::get);
          AtomicInteger runs = new AtomicInteger();
          Runnable work = runs::incrementAndGet;
          assertTrue(queue.queue(work));
          assertFalse(queue.queue(work));
          assertFalse(queue.queueDelayed(work, 1));
          letGo.set(true);
          queue.flush();
          assertEquals(1, runs.get());
          assertTrue(queue.queue(work));
          queue.close();
          assertEquals(2, runs.get());
        });
  }

  @EveryMachine
  void atMostMaxActiveRunAtOnceAndNoWorkTwice(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 2);
          AtomicInteger active = new AtomicInteger();
          AtomicInteger most = new AtomicInteger();
          AtomicInteger sameActive = new AtomicInteger();
          AtomicBoolean twice = new AtomicBoolean();
          Runnable again =
              () -> {
                if (sameActive.incrementAndGet() > 1) {
                  twice.set(true);
                }
                Task.relax();
                sameActive.decrementAndGet();
              };
          for (int i = 0; i < 12; i++) {
            queue.queue(
                () -> {
                  most.accumulateAndGet(active.incrementAndGet(), Math::max);
                  Task.relax();
                  active.decrementAndGet();
                });
            queue.queue(again);
            Task.relax();
          }
          queue.flush();
          assertTrue(most.get() <= 2);
          assertFalse(twice.get());
          queue.close();
        });
  }

  @EveryMachine
  void workQueuedWhileItRunsRunsAgain(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 2);
          AtomicInteger runs = new AtomicInteger();
          Runnable[] work = new Runnable[1];
          work[0] =
              () -> {
                if (runs.incrementAndGet() < 5) {
                  assertTrue(queue.queue(work[0]));
                }
              };
          queue.queue(work[0]);
          spinUntil(() -> runs.get() == 5);
          queue.close();
        });
  }

  @EveryMachine
  void delayedWorkRunsAfterItsTime(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 1);
          Completion done = cpu.completion("done");
          long before = machine.clock().nanos();
          assertTrue(queue.queueDelayed(done::complete, 2_000_000));
          done.await(WaitQueue.FOREVER);
          assertTrue(machine.clock().nanos() - before >= 2_000_000);
          queue.close();
        });
  }

  @EveryMachine
  void cancelSyncTakesOffOrWaits(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 1);
          AtomicInteger runs = new AtomicInteger();
          Runnable later = runs::incrementAndGet;
          queue.queueDelayed(later, 3_600_000_000_000L);
          assertTrue(queue.cancelSync(later));
          assertFalse(queue.cancelSync(later));
          AtomicBoolean inside = new AtomicBoolean();
          AtomicBoolean begun = new AtomicBoolean();
          Runnable slow =
              () -> {
                inside.set(true);
                begun.set(true);
                Task.relax();
                Task.relax();
                inside.set(false);
              };
          queue.queue(slow);
          spinUntil(begun::get);
          queue.cancelSync(slow);
          assertFalse(inside.get());
          assertEquals(0, runs.get());
          queue.close();
        });
  }

  @EveryMachine
  void closeRunsWhatIsQueuedAndRefusesMore(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 2);
          AtomicInteger runs = new AtomicInteger();
          for (int i = 0; i < 6; i++) {
            queue.queue(() -> runs.incrementAndGet());
          }
          queue.close();
          assertEquals(6, runs.get());
          assertFalse(queue.queue(() -> runs.incrementAndGet()));
          assertFalse(queue.queueDelayed(() -> runs.incrementAndGet(), 1));
          queue.close();
        });
  }

  @EveryMachine
  void flushWaitsForWhatWasQueuedBefore(World world) {
    world.run(
        (machine, cpu) -> {
          WorkQueue queue = cpu.workQueue("events", 3);
          AtomicInteger runs = new AtomicInteger();
          List<Task> queuers = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            queuers.add(
                start(
                    cpu,
                    "queuer",
                    self -> {
                      AtomicBoolean ran = new AtomicBoolean();
                      queue.queue(
                          () -> {
                            Task.relax();
                            runs.incrementAndGet();
                            ran.set(true);
                          });
                      queue.flush();
                      return ran.get() ? 1 : 0;
                    }));
          }
          for (Task queuer : queuers) {
            assertEquals(1, queuer.waitFor());
          }
          assertEquals(3, runs.get());
          queue.close();
        });
  }
}

package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static dev.xenbus.machine.World.startProcess;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.WaitQueue.Wake;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
class WaitTest {
  private static final LockClass LOCK = LockClass.of("events_lock");

  @EveryMachine
  void awaitReturnsAtOnceIfTheConditionHolds(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          assertEquals(Wake.READY, queue.await(Task.State.D, WaitQueue.FOREVER, () -> true));
          assertEquals(Wake.READY, queue.await(Task.State.S, 0, () -> true));
          assertTrue(queue.isEmpty());
        });
  }

  @EveryMachine
  void awaitTimesOut(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          long before = machine.clock().nanos();
          assertEquals(Wake.TIMEOUT, queue.await(Task.State.D, 2_000_000, () -> false));
          assertTrue(machine.clock().nanos() - before >= 2_000_000);
          assertEquals(Wake.TIMEOUT, queue.await(Task.State.S, 0, () -> false));
        });
  }

  @EveryMachine
  void noWakeUpIsLost(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          AtomicInteger produced = new AtomicInteger();
          Task consumer =
              start(
                  cpu,
                  "consumer",
                  self -> {
                    for (int i = 1; i <= 50; i++) {
                      int wanted = i;
                      queue.await(Task.State.S, WaitQueue.FOREVER, () -> produced.get() >= wanted);
                    }
                    return 0;
                  });
          for (int i = 0; i < 50; i++) {
            produced.incrementAndGet();
            queue.wakeAll();
          }
          assertEquals(0, consumer.waitFor());
        });
  }

  @EveryMachine
  void wakeOneWakesOneAfterTheOther(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          AtomicInteger tokens = new AtomicInteger();
          List<Task> takers = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            takers.add(
                start(
                    cpu,
                    "taker",
                    self -> {
                      while (true) {
                        queue.await(Task.State.D, WaitQueue.FOREVER, () -> tokens.get() > 0);
                        int seen = tokens.get();
                        if (seen > 0 && tokens.compareAndSet(seen, seen - 1)) {
                          return 0;
                        }
                      }
                    }));
          }
          for (int i = 0; i < 4; i++) {
            tokens.incrementAndGet();
            queue.wakeOne();
          }
          takers.forEach(Task::waitFor);
          assertEquals(0, tokens.get());
        });
  }

  @EveryMachine
  void interruptibleWaitForACompletionShowsSAndEndsWithASignal(World world) {
    world.run(
        (machine, cpu) -> {
          Completion never = cpu.completion("never");
          assertEquals(Wake.TIMEOUT, never.awaitInterruptibly(0));
          AtomicReference<Wake> seen = new AtomicReference<>();
          Task waiter =
              startProcess(
                  cpu,
                  "waiter",
                  self -> {
                    seen.set(never.awaitInterruptibly(WaitQueue.FOREVER));
                    return 0;
                  });
          spinUntil(() -> waiter.state() == Task.State.S);
          waiter.signal();
          waiter.waitFor();
          assertEquals(Wake.SIGNAL, seen.get());
          never.complete();
          assertEquals(Wake.READY, never.awaitInterruptibly(WaitQueue.FOREVER));
        });
  }

  @EveryMachine
  void sleepDropsTheLockAndTakesItAgain(World world) {
    world.run(
        (machine, cpu) -> {
          SpinLock lock = cpu.spinLock(LOCK);
          WaitQueue queue = cpu.waitQueue("q");
          List<Integer> items = new ArrayList<>();
          Task consumer =
              start(
                  cpu,
                  "consumer",
                  self -> {
                    int sum = 0;
                    lock.lock();
                    for (int taken = 0; taken < 20; taken++) {
                      while (items.isEmpty()) {
                        queue.sleep(Task.State.S, WaitQueue.FOREVER, lock);
                      }
                      sum += items.removeFirst();
                    }
                    lock.unlock();
                    return sum;
                  });
          for (int i = 0; i < 20; i++) {
            lock.lock();
            items.add(i);
            lock.unlock();
            queue.wakeOne();
          }
          assertEquals(190, consumer.waitFor());
        });
  }

  @EveryMachine
  void sleepTimesOut(World world) {
    world.run(
        (machine, cpu) -> {
          Mutex lock = cpu.mutex(LOCK);
          WaitQueue queue = cpu.waitQueue("q");
          lock.lock();
          Wake wake = Wake.READY;
          while (wake == Wake.READY) {
            wake = queue.sleep(Task.State.D, 1_000_000, lock);
          }
          assertEquals(Wake.TIMEOUT, wake);
          assertEquals(List.of(LOCK), Task.current().heldLocks());
          lock.unlock();
          assertTrue(queue.isEmpty());
        });
  }

  @EveryMachine
  void signalEndsInterruptibleWaitsOnly(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          AtomicBoolean flag = new AtomicBoolean();
          AtomicReference<Wake> first = new AtomicReference<>();
          AtomicReference<Wake> second = new AtomicReference<>();
          Task process =
              startProcess(
                  cpu,
                  "xl",
                  self -> {
                    first.set(queue.await(Task.State.S, WaitQueue.FOREVER, flag::get));
                    second.set(queue.await(Task.State.D, WaitQueue.FOREVER, flag::get));
                    return 0;
                  });
          spinUntil(() -> process.state() == Task.State.S);
          process.signal();
          spinUntil(() -> process.state() == Task.State.D);
          process.signal();
          flag.set(true);
          queue.wakeAll();
          process.waitFor();
          assertEquals(Wake.SIGNAL, first.get());
          assertEquals(Wake.READY, second.get());
        });
  }

  @EveryMachine
  void wakeOfTheTaskMakesItLookAgain(World world) {
    world.run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          AtomicBoolean flag = new AtomicBoolean();
          Task task =
              start(
                  cpu,
                  "t",
                  self -> {
                    queue.await(Task.State.D, WaitQueue.FOREVER, flag::get);
                    return 0;
                  });
          spinUntil(() -> task.state() == Task.State.D);
          flag.set(true);
          task.wake();
          task.waitFor();
        });
  }

  @EveryMachine
  void conditionMayTakeContendedSpinLock(World world) {
    world.run(
        (machine, cpu) -> {
          SpinLock lock = cpu.spinLock(LOCK);
          WaitQueue queue = cpu.waitQueue("q");
          int[] count = {0};
          Task waiter =
              start(
                  cpu,
                  "waiter",
                  self -> {
                    queue.await(
                        Task.State.S,
                        WaitQueue.FOREVER,
                        () -> {
                          lock.lock();
                          try {
                            return count[0] == 10;
                          } finally {
                            lock.unlock();
                          }
                        });
                    return 0;
                  });
          for (int i = 0; i < 10; i++) {
            lock.lock();
            count[0]++;
            Task.point("count");
            lock.unlock();
            queue.wakeAll();
          }
          waiter.waitFor();
        });
  }

  @EveryMachine
  void completionLetsOneGoForEachComplete(World world) {
    world.run(
        (machine, cpu) -> {
          Completion done = cpu.completion("c");
          assertFalse(done.isDone());
          done.complete();
          done.complete();
          assertTrue(done.isDone());
          assertEquals(Wake.READY, done.await(WaitQueue.FOREVER));
          assertEquals(Wake.READY, done.await(0));
          assertEquals(Wake.TIMEOUT, done.await(1_000_000));
          done.completeAll();
          done.complete();
          assertEquals(Wake.READY, done.await(0));
          assertEquals(Wake.READY, done.await(0));
          assertTrue(done.isDone());
          done.reinit();
          assertFalse(done.isDone());
        });
  }

  @EveryMachine
  void completeAllLetsAllWaitersGo(World world) {
    world.run(
        (machine, cpu) -> {
          Completion done = cpu.completion("c");
          List<Task> waiters = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            waiters.add(
                start(cpu, "waiter", self -> done.await(WaitQueue.FOREVER) == Wake.READY ? 1 : 0));
          }
          done.completeAll();
          for (Task waiter : waiters) {
            assertEquals(1, waiter.waitFor());
          }
        });
  }

  @EveryMachine
  void rouseBeforeThePollIsNotLost(World world) {
    world.run(
        (machine, cpu) -> {
          Poller poller = cpu.poller("p");
          poller.rouse();
          poller.rouse();
          poller.await(WaitQueue.FOREVER);
          long before = machine.clock().nanos();
          poller.await(before + 1_000_000);
          assertTrue(machine.clock().nanos() >= before + 1_000_000);
        });
  }

  @EveryMachine
  void pollerSeesEverySource(World world) {
    world.run(
        (machine, cpu) -> {
          Poller poller = cpu.poller("p");
          AtomicInteger work = new AtomicInteger();
          Task server =
              start(
                  cpu,
                  "server",
                  self -> {
                    int served = 0;
                    while (served < 30) {
                      served += work.getAndSet(0);
                      if (served < 30) {
                        poller.await(WaitQueue.FOREVER);
                      }
                    }
                    return served;
                  });
          for (int i = 0; i < 30; i++) {
            work.incrementAndGet();
            poller.rouse();
          }
          assertEquals(30, server.waitFor());
        });
  }

  @EveryMachine
  void signalEndsThePoll(World world) {
    world.run(
        (machine, cpu) -> {
          Poller poller = cpu.poller("p");
          Task process =
              startProcess(
                  cpu,
                  "tail",
                  self -> {
                    poller.await(WaitQueue.FOREVER);
                    return 0;
                  });
          process.signal();
          assertEquals(143, process.waitFor());
        });
  }
}

package dev.xenbus.machine;

import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Many rounds on real threads: a wake-up that is lost hangs, and the time-out of the test says so.
@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LiveStressTest {
  /// The long set: `-Dmachine.stressRounds=1000000`.
  private static final int ROUNDS = Integer.getInteger("machine.stressRounds", 20_000);

  private static void run(World.Scenario scenario) {
    World.run(new LiveMachine(LiveMachine.Options.usual().endingOnProblem()), scenario);
  }

  private static void together(Cpu cpu, int tasks, Body body) {
    List<Task> all = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      all.add(start(cpu, "t" + i, body));
    }
    for (Task task : all) {
      assertEquals(0, task.waitFor());
    }
  }

  @Test
  void locksExcludeUnderContention() {
    run(
        (machine, cpu) -> {
          Lock[] locks = {
            cpu.mutex(LockClass.of("m")),
            cpu.spinLock(LockClass.of("s")),
            cpu.rwSemaphore(LockClass.of("rw")).write()
          };
          for (Lock lock : locks) {
            long[] count = {0};
            together(
                cpu,
                4,
                self -> {
                  for (int i = 0; i < ROUNDS; i++) {
                    lock.lock();
                    count[0]++;
                    lock.unlock();
                  }
                  return 0;
                });
            assertEquals(4L * ROUNDS, count[0]);
          }
        });
  }

  @Test
  void timedLockNeitherLosesNorKeepsTheLock() {
    run(
        (machine, cpu) -> {
          Lock[] locks = {cpu.mutex(LockClass.of("m")), cpu.rwSemaphore(LockClass.of("s")).write()};
          for (Lock lock : locks) {
            long[] count = {0};
            AtomicLong taken = new AtomicLong();
            together(
                cpu,
                4,
                self -> {
                  for (int i = 0; i < ROUNDS / 4; i++) {
                    if (tryFor(lock, i % 50)) {
                      count[0]++;
                      if (i % 8 == 0) {
                        Task.relax();
                      }
                      lock.unlock();
                      taken.incrementAndGet();
                    }
                  }
                  return 0;
                });
            assertEquals(taken.get(), count[0]);
            assertTrue(lock.tryLock());
            lock.unlock();
          }
        });
  }

  private static boolean tryFor(Lock lock, int micros) {
    try {
      return lock.tryLock(micros, TimeUnit.MICROSECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void readersAndWritersShareAndExclude() {
    run(
        (machine, cpu) -> {
          RwSemaphore semaphore = cpu.rwSemaphore(LockClass.of("s"));
          int[] pair = new int[2];
          AtomicInteger number = new AtomicInteger();
          together(
              cpu,
              4,
              self -> {
                boolean writer = number.getAndIncrement() == 0;
                for (int i = 0; i < ROUNDS / 2; i++) {
                  Lock side = writer ? semaphore.write() : semaphore.read();
                  side.lock();
                  if (writer) {
                    pair[0]++;
                    pair[1]++;
                  }
                  int difference = pair[0] - pair[1];
                  side.unlock();
                  if (difference != 0) {
                    return 1;
                  }
                }
                return 0;
              });
        });
  }

  @Test
  void noWakeUpIsLostBetweenProducersAndConsumers() {
    run(
        (machine, cpu) -> {
          WaitQueue queue = cpu.waitQueue("q");
          SpinLock lock = cpu.spinLock(LockClass.of("l"));
          int[] items = {0};
          Task consumer =
              start(
                  cpu,
                  "consumer",
                  self -> {
                    for (int i = 0; i < ROUNDS; i++) {
                      lock.lock();
                      while (items[0] == 0) {
                        queue.sleep(Task.State.S, WaitQueue.FOREVER, lock);
                      }
                      items[0]--;
                      lock.unlock();
                    }
                    return 0;
                  });
          AtomicInteger left = new AtomicInteger(ROUNDS);
          together(
              cpu,
              3,
              self -> {
                while (left.getAndDecrement() > 0) {
                  lock.lock();
                  items[0]++;
                  lock.unlock();
                  queue.wakeOne();
                }
                return 0;
              });
          assertEquals(0, consumer.waitFor());
        });
  }

  @Test
  void interruptsAndCompletionsArriveOneByOne() {
    run(
        (machine, cpu) -> {
          Completion done = cpu.completion("done");
          Irq irq = cpu.irq("i", done::complete);
          for (int i = 0; i < ROUNDS; i++) {
            irq.raise();
            done.await(WaitQueue.FOREVER);
          }
          irq.close();
        });
  }

  @Test
  void timersAreCancelledForGoodOrHaveRun() {
    run(
        (machine, cpu) -> {
          AtomicInteger running = new AtomicInteger();
          AtomicInteger fired = new AtomicInteger();
          Timer timer =
              cpu.timer(
                  "t",
                  TimerKind.NORMAL,
                  () -> {
                    running.incrementAndGet();
                    fired.incrementAndGet();
                    running.decrementAndGet();
                  });
          int armed = 0;
          int cancelled = 0;
          for (int i = 0; i < ROUNDS / 4; i++) {
            timer.arm(i % 7 * 3_000L);
            armed++;
            Task.relax();
            cancelled += timer.cancel() ? 1 : 0;
            assertEquals(0, running.get());
            assertEquals(armed, cancelled + fired.get());
          }
        });
  }

  @Test
  void pauseStopsBusyTasksEveryTime() {
    run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicLong count = new AtomicLong();
          Completion tick = guest.completion("tick");
          for (int i = 0; i < 3; i++) {
            start(
                guest,
                "busy",
                self -> {
                  while (true) {
                    count.incrementAndGet();
                    Task.point("busy");
                  }
                });
          }
          start(
              guest,
              "sleeper",
              self -> {
                while (true) {
                  tick.await(WaitQueue.FOREVER);
                  count.incrementAndGet();
                }
              });
          for (int i = 0; i < ROUNDS / 40; i++) {
            guest.pause();
            long seen = count.get();
            tick.complete();
            Task.relax();
            assertEquals(seen, count.get());
            guest.unpause();
            Task.relax();
          }
          guest.kill();
        });
  }
}

package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static dev.xenbus.machine.World.startProcess;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.function.Function;

@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
class LockTest {
  private static final LockClass A = LockClass.of("a_mutex");
  private static final LockClass B = LockClass.of("b_mutex");

  private static void excludes(World world, Function<Cpu, Lock> make) {
    world.run(
        (machine, cpu) -> {
          Lock lock = make.apply(cpu);
          int[] count = {0};
          List<Task> tasks = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            tasks.add(
                start(
                    cpu,
                    "adder",
                    self -> {
                      for (int k = 0; k < 20; k++) {
                        lock.lock();
                        try {
                          int seen = count[0];
                          Task.relax();
                          count[0] = seen + 1;
                        } finally {
                          lock.unlock();
                        }
                      }
                      return 0;
                    }));
          }
          tasks.forEach(Task::waitFor);
          assertEquals(60, count[0]);
        });
  }

  @EveryMachine
  void mutexExcludes(World world) {
    excludes(world, cpu -> cpu.mutex(A));
  }

  @EveryMachine
  void spinLockExcludes(World world) {
    excludes(world, cpu -> cpu.spinLock(A));
  }

  @EveryMachine
  void writersSideExcludes(World world) {
    excludes(world, cpu -> cpu.rwSemaphore(A).write());
  }

  @EveryMachine
  void mutexKnowsItsOwnerAndTheTaskItsLocks(World world) {
    world.run(
        (machine, cpu) -> {
          Mutex a = cpu.mutex(A);
          Mutex b = cpu.mutex(B);
          assertEquals(Optional.empty(), a.owner());
          a.lock();
          b.lock();
          assertEquals(Optional.of(Task.current()), a.owner());
          assertEquals(List.of(A, B), Task.current().heldLocks());
          a.unlock();
          assertEquals(List.of(B), Task.current().heldLocks());
          b.unlock();
          assertEquals(Optional.empty(), b.owner());
        });
  }

  @EveryMachine
  void waiterForMutexIsInStateD(World world) {
    world.run(
        (machine, cpu) -> {
          Mutex mutex = cpu.mutex(A);
          mutex.lock();
          Task waiter =
              start(
                  cpu,
                  "waiter",
                  self -> {
                    mutex.lock();
                    mutex.unlock();
                    return 0;
                  });
          spinUntil(() -> waiter.state() == Task.State.D);
          assertEquals("a_mutex", waiter.wchan());
          mutex.unlock();
          waiter.waitFor();
        });
  }

  @EveryMachine
  void tryLockFailsWhileHeldAndTimesOut(World world) {
    world.run(
        (machine, cpu) -> {
          for (Lock lock : List.of(cpu.mutex(A), cpu.spinLock(B), cpu.rwSemaphore(A).write())) {
            AtomicBoolean letGo = new AtomicBoolean();
            AtomicBoolean held = new AtomicBoolean();
            Task holder =
                start(
                    cpu,
                    "holder",
                    self -> {
                      lock.lock();
                      held.set(true);
                      spinUntil(letGo::get);
                      lock.unlock();
                      return 0;
                    });
            spinUntil(held::get);
            assertFalse(lock.tryLock());
            if (world.isLive()) {
              assertFalse(lock.tryLock(1, TimeUnit.MILLISECONDS));
            }
            letGo.set(true);
            assertTrue(lock.tryLock(1, TimeUnit.HOURS));
            lock.unlock();
            assertTrue(lock.tryLock());
            lock.unlock();
            holder.waitFor();
          }
        });
  }

  @EveryMachine
  void timedTryLockReturnsFalseOnceTheTimeIsOver(World world) {
    world.run(
        (machine, cpu) -> {
          Mutex mutex = cpu.mutex(A);
          RwSemaphore semaphore = cpu.rwSemaphore(B);
          Completion letGo = cpu.completion("letGo");
          Task holder =
              start(
                  cpu,
                  "holder",
                  self -> {
                    mutex.lock();
                    semaphore.read().lock();
                    letGo.await(WaitQueue.FOREVER);
                    semaphore.read().unlock();
                    mutex.unlock();
                    return 0;
                  });
          spinUntil(() -> holder.wchan().equals("letGo"));
          assertFalse(mutex.tryLock(1, TimeUnit.MILLISECONDS));
          assertFalse(semaphore.write().tryLock(1, TimeUnit.MILLISECONDS));
          assertTrue(semaphore.read().tryLock(1, TimeUnit.MILLISECONDS));
          semaphore.read().unlock();
          letGo.complete();
          holder.waitFor();
        });
  }

  @EveryMachine
  void signalInterruptsTheInterruptibleLock(World world) {
    world.run(
        (machine, cpu) -> {
          for (Lock lock : List.of(cpu.mutex(A), cpu.rwSemaphore(B).write())) {
            lock.lock();
            AtomicBoolean interrupted = new AtomicBoolean();
            Task waiter =
                startProcess(
                    cpu,
                    "waiter",
                    self -> {
                      try {
                        lock.lockInterruptibly();
                        lock.unlock();
                      } catch (InterruptedException e) {
                        interrupted.set(true);
                      }
                      return 0;
                    });
            spinUntil(() -> waiter.state() == Task.State.S);
            waiter.signal();
            waiter.waitFor();
            assertTrue(interrupted.get());
            lock.unlock();
          }
        });
  }

  @EveryMachine
  void unlockOfWhatIsNotHeldIsBug(World world) {
    world.run(
        (machine, cpu) -> {
          assertThrows(Bug.class, cpu.mutex(A)::unlock);
          assertThrows(Bug.class, cpu.spinLock(A)::unlock);
          assertThrows(Bug.class, cpu.rwSemaphore(A).read()::unlock);
          assertThrows(UnsupportedOperationException.class, cpu.mutex(A)::newCondition);
        });
  }

  @EveryMachine
  void sleepingUnderSpinLockIsBug(World world) {
    world.run(
        (machine, cpu) -> {
          SpinLock spin = cpu.spinLock(A);
          Mutex mutex = cpu.mutex(B);
          Completion done = cpu.completion("c");
          done.complete();
          spin.lock();
          assertThrows(Bug.class, mutex::lock);
          assertThrows(Bug.class, () -> done.await(WaitQueue.FOREVER));
          assertThrows(Bug.class, () -> Task.sleep(1));
          assertThrows(Bug.class, cpu.rwSemaphore(B).read()::lock);
          assertThrows(Bug.class, () -> cpu.poller("p").await(WaitQueue.FOREVER));
          assertThrows(Bug.class, () -> cpu.waitQueue("q").await(Task.State.D, 1, () -> true));
          spin.unlock();
          mutex.lock();
          mutex.unlock();
        });
  }

  @EveryMachine
  void readersShare(World world) {
    world.run(
        (machine, cpu) -> {
          RwSemaphore semaphore = cpu.rwSemaphore(A);
          AtomicInteger inside = new AtomicInteger();
          Body reader =
              self -> {
                semaphore.read().lock();
                inside.incrementAndGet();
                spinUntil(() -> inside.get() == 2);
                semaphore.read().unlock();
                return 0;
              };
          Task one = start(cpu, "one", reader);
          Task two = start(cpu, "two", reader);
          one.waitFor();
          two.waitFor();
        });
  }

  @EveryMachine
  void waitingWriterHoldsBackNewReaders(World world) {
    world.run(
        (machine, cpu) -> {
          RwSemaphore semaphore = cpu.rwSemaphore(A);
          List<String> order = new ArrayList<>();
          semaphore.read().lock();
          Task writer =
              start(
                  cpu,
                  "writer",
                  self -> {
                    semaphore.write().lock();
                    order.add("writer");
                    semaphore.write().unlock();
                    return 0;
                  });
          spinUntil(() -> writer.state() == Task.State.D);
          assertFalse(semaphore.read().tryLock());
          Task reader =
              start(
                  cpu,
                  "reader",
                  self -> {
                    semaphore.read().lock();
                    order.add("reader");
                    semaphore.read().unlock();
                    return 0;
                  });
          spinUntil(() -> reader.state() == Task.State.D);
          semaphore.read().unlock();
          writer.waitFor();
          reader.waitFor();
          assertEquals(List.of("writer", "reader"), order);
        });
  }

  @EveryMachine
  void lockThatTaskForgotIsDroppedAtItsEnd(World world) {
    world.run(
        (machine, cpu) -> {
          Mutex mutex = cpu.mutex(A);
          RwSemaphore semaphore = cpu.rwSemaphore(B);
          start(
                  cpu,
                  "forgetful",
                  self -> {
                    mutex.lock();
                    semaphore.read().lock();
                    return 0;
                  })
              .waitFor();
          mutex.lock();
          semaphore.write().lock();
          semaphore.write().unlock();
          mutex.unlock();
        });
  }
}

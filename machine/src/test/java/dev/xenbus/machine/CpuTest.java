package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static dev.xenbus.machine.World.startProcess;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
class CpuTest {
  private static Body counter(AtomicInteger count) {
    return self -> {
      while (true) {
        count.incrementAndGet();
        Task.relax();
      }
    };
  }

  @EveryMachine
  void nothingOfPausedCpuRuns(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger count = new AtomicInteger();
          start(guest, "spinner", counter(count));
          start(guest, "spinner", counter(count));
          spinUntil(() -> count.get() > 3);
          for (int i = 0; i < 5; i++) {
            guest.pause();
            int seen = count.get();
            for (int k = 0; k < 20; k++) {
              Task.relax();
            }
            assertEquals(seen, count.get());
            guest.unpause();
            spinUntil(() -> count.get() > seen);
          }
        });
  }

  @EveryMachine
  void whoPausesSoonDoesNotWait(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger count = new AtomicInteger();
          start(guest, "spinner", counter(count));
          spinUntil(() -> count.get() > 3);
          guest.pauseSoon();
          guest.pause(); // by now it has stopped
          int seen = count.get();
          guest.unpause();
          for (int k = 0; k < 20; k++) {
            Task.relax();
          }
          assertEquals(seen, count.get());
          guest.unpause();
          spinUntil(() -> count.get() > seen);
        });
  }

  @EveryMachine
  void pausesNest(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger count = new AtomicInteger();
          start(guest, "spinner", counter(count));
          spinUntil(() -> count.get() > 0);
          guest.pause();
          guest.pause();
          int seen = count.get();
          guest.unpause();
          Task.relax();
          assertEquals(seen, count.get());
          guest.unpause();
          spinUntil(() -> count.get() > seen);
          assertThrows(Bug.class, guest::unpause);
        });
  }

  @EveryMachine
  void interruptsAndTimersOfPausedCpuComeAfterwards(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger count = new AtomicInteger();
          Irq irq = guest.irq("event", count::incrementAndGet);
          Timer timer = guest.timer("tick", TimerKind.NORMAL, count::incrementAndGet);
          guest.pause();
          irq.raise();
          timer.arm(100_000);
          Task.sleep(200_000);
          assertEquals(0, count.get());
          guest.unpause();
          spinUntil(() -> count.get() == 2);
        });
  }

  @EveryMachine
  void sleeperWokenDuringPauseRunsAfterwards(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          Completion go = guest.completion("go");
          AtomicBoolean ran = new AtomicBoolean();
          Task sleeper =
              start(
                  guest,
                  "sleeper",
                  self -> {
                    go.await(WaitQueue.FOREVER);
                    ran.set(true);
                    return 0;
                  });
          guest.pause();
          go.complete();
          Task.relax();
          assertFalse(ran.get());
          guest.unpause();
          sleeper.waitFor();
          assertTrue(ran.get());
        });
  }

  @EveryMachine
  void taskThatPausesItsOwnCpuStopsToo(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger stage = new AtomicInteger();
          Task task =
              start(
                  guest,
                  "suspender",
                  self -> {
                    guest.pause();
                    stage.set(1);
                    Task.relax();
                    stage.set(2);
                    return 0;
                  });
          spinUntil(() -> stage.get() == 1);
          for (int i = 0; i < 10; i++) {
            Task.relax();
          }
          assertEquals(1, stage.get());
          guest.unpause();
          task.waitFor();
          assertEquals(2, stage.get());
        });
  }

  @EveryMachine
  void pauseWaitsForTasksInsideOfAnotherCpusLocks(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          Mutex hypervisorLock = cpu.mutex(LockClass.of("domain_lock"));
          int[] halves = new int[2];
          AtomicBoolean begun = new AtomicBoolean();
          start(
              guest,
              "hypercaller",
              self -> {
                while (true) {
                  hypervisorLock.lock();
                  halves[0]++;
                  begun.set(true);
                  Task.relax();
                  halves[1]++;
                  hypervisorLock.unlock();
                }
              });
          spinUntil(begun::get);
          for (int i = 0; i < 5; i++) {
            guest.pause();
            assertTrue(hypervisorLock.tryLock());
            assertEquals(halves[0], halves[1]);
            hypervisorLock.unlock();
            guest.unpause();
          }
          guest.kill();
          hypervisorLock.lock();
          assertEquals(halves[0], halves[1]);
          hypervisorLock.unlock();
        });
  }

  @EveryMachine
  void killUnwindsEveryTaskWhereverItIs(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          WaitQueue queue = guest.waitQueue("q");
          Mutex mutex = guest.mutex(LockClass.of("guest_mutex"));
          RwSemaphore semaphore = guest.rwSemaphore(LockClass.of("guest_rwsem"));
          Completion never = guest.completion("never");
          AtomicInteger unwound = new AtomicInteger();
          AtomicInteger begun = new AtomicInteger();
          List<Runnable> places =
              List.of(
                  () -> queue.await(Task.State.D, WaitQueue.FOREVER, () -> false),
                  () -> never.await(WaitQueue.FOREVER),
                  () -> Task.sleep(WaitQueue.FOREVER),
                  () -> guest.poller("p").await(WaitQueue.FOREVER),
                  () -> World.spinUntil(() -> false),
                  mutex::lock,
                  () -> semaphore.write().lock());
          start(
              guest,
              "holder",
              self -> {
                mutex.lock();
                semaphore.read().lock();
                begun.incrementAndGet();
                Task.sleep(WaitQueue.FOREVER);
                return 0;
              });
          spinUntil(() -> begun.get() == 1);
          for (Runnable place : places) {
            start(
                guest,
                "victim",
                self -> {
                  begun.incrementAndGet();
                  try {
                    place.run();
                  } finally {
                    unwound.incrementAndGet();
                  }
                  return 0;
                });
          }
          guest.kthread("never started", self -> 0);
          spinUntil(() -> begun.get() == places.size() + 1);
          guest.kill();
          guest.kill();
          spinUntil(() -> machine.tasks().size() == 1);
          assertEquals(places.size(), unwound.get());
        });
  }

  @EveryMachine
  void killedProcessIsCollectedWithTheCodeOfSigterm(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          Task process = startProcess(guest, "dd", counter(new AtomicInteger()));
          Task zombie = startProcess(guest, "true", self -> 0);
          spinUntil(() -> zombie.state() == Task.State.Z);
          guest.kill();
          assertEquals(128 + 15, process.waitFor());
          assertEquals(0, zombie.waitFor());
          assertEquals(List.of(Task.current()), machine.tasks());
        });
  }

  @EveryMachine
  void killedCpuMakesNoTaskAndHearsNoInterrupt(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger count = new AtomicInteger();
          Irq irq = guest.irq("event", count::incrementAndGet);
          Timer timer = guest.timer("tick", TimerKind.NORMAL, count::incrementAndGet);
          timer.arm(100_000);
          guest.kill();
          irq.raise();
          timer.arm(100_000);
          Task.sleep(300_000);
          assertEquals(0, count.get());
          assertThrows(NoThread.class, () -> guest.kthread("late", self -> 0));
          irq.close();
          assertFalse(timer.cancel());
        });
  }

  @EveryMachine
  void taskMayKillItsOwnCpu(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger stage = new AtomicInteger();
          Task task =
              startProcess(
                  guest,
                  "poweroff",
                  self -> {
                    guest.kill();
                    stage.set(1);
                    Task.relax();
                    stage.set(2);
                    return 0;
                  });
          assertEquals(128 + 15, task.waitFor());
          assertEquals(1, stage.get());
        });
  }

  @EveryMachine
  void killEndsPauseToo(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          start(guest, "spinner", counter(new AtomicInteger()));
          guest.pause();
          guest.kill();
          spinUntil(() -> machine.tasks().size() == 1);
        });
  }

  @EveryMachine
  void errorThatNobodyCatchesIsThrownAgainIfSomebodyDoes(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger caught = new AtomicInteger();
          Task stubborn =
              startProcess(
                  guest,
                  "stubborn",
                  self -> {
                    try {
                      Task.sleep(WaitQueue.FOREVER);
                    } catch (CpuGone gone) {
                      caught.incrementAndGet();
                    }
                    Task.sleep(WaitQueue.FOREVER);
                    return 0;
                  });
          spinUntil(() -> stubborn.state() == Task.State.S);
          guest.kill();
          assertEquals(143, stubborn.waitFor());
          assertEquals(1, caught.get());
        });
  }

  @EveryMachine
  void listenerOfACpuIsForgottenWithIt(World world) {
    world.run(
        (machine, cpu) -> {
          MachineCore core = (MachineCore) machine;
          int before = core.listeners.size();
          Cpu guest = machine.cpu("dom7");
          MachineListener listener = new MachineListener() {};
          machine.addListener(guest, listener);
          machine.addListener(cpu, listener);
          assertEquals(before + 2, core.listeners.size());
          guest.kill();
          assertEquals(before + 1, core.listeners.size());
          machine.addListener(guest, listener);
          assertEquals(before + 1, core.listeners.size());
          machine.removeListener(listener);
          assertEquals(before, core.listeners.size());
        });
  }

  @EveryMachine
  void whoStopsTheMachineGoesOnAlone(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger count = new AtomicInteger();
          AtomicInteger interrupts = new AtomicInteger();
          Irq irq = guest.irq("event", interrupts::incrementAndGet);
          start(guest, "spinner", counter(count));
          spinUntil(() -> count.get() > 3);
          Task stopper =
              start(
                  guest,
                  "stopper",
                  self -> {
                    guest.stopMachine();
                    int seen = count.get();
                    irq.raise();
                    for (int i = 0; i < 20; i++) {
                      Task.relax();
                    }
                    Task.sleep(100_000);
                    int changed = count.get() - seen + interrupts.get();
                    guest.restartMachine();
                    return changed;
                  });
          assertEquals(0, stopper.waitFor());
          int seen = count.get();
          spinUntil(() -> count.get() > seen && interrupts.get() == 1);
          guest.kill();
        });
  }

  @EveryMachine
  void pauseStopsWhoStoppedTheMachineToo(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          AtomicInteger count = new AtomicInteger();
          AtomicBoolean stopped = new AtomicBoolean();
          AtomicInteger other = new AtomicInteger();
          start(guest, "spinner", counter(other));
          Task stopper =
              start(
                  guest,
                  "stopper",
                  self -> {
                    guest.stopMachine();
                    stopped.set(true);
                    while (count.incrementAndGet() < 1_000_000 && stopped.get()) {
                      Task.relax();
                    }
                    guest.restartMachine();
                    return 0;
                  });
          spinUntil(() -> stopped.get() && count.get() > 3);
          int otherSeen = other.get();
          guest.pause();
          int seen = count.get();
          for (int i = 0; i < 20; i++) {
            Task.relax();
          }
          assertEquals(seen, count.get());
          guest.unpause();
          spinUntil(() -> count.get() > seen);
          assertEquals(otherSeen, other.get());
          stopped.set(false);
          assertEquals(0, stopper.waitFor());
          spinUntil(() -> other.get() > otherSeen);
          guest.kill();
        });
  }

  @EveryMachine
  void onlyItsOwnTasksStopACpu(World world) {
    world.run(
        (machine, cpu) -> {
          Cpu guest = machine.cpu("dom7");
          assertThrows(Bug.class, guest::stopMachine);
          assertThrows(Bug.class, guest::restartMachine);
        });
  }
}

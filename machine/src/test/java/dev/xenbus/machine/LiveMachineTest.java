package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SuppressWarnings("LockNotBeforeTry") // the order of lock and unlock is what is tested
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LiveMachineTest {
  private static final int ROUNDS = 200;

  /// Runs `outside` on a platform thread while the machine's main task runs `inside`.
  private static void beside(LiveMachine machine, Runnable inside, Runnable outside)
      throws Exception {
    Thread thread = Thread.ofPlatform().start(outside);
    machine.run(
        () -> {
          inside.run();
          return true;
        });
    thread.join();
  }

  @Test
  void threadFromOutsideWakesEveryKindOfWaiter() throws Exception {
    LiveMachine machine = new LiveMachine();
    Cpu cpu = machine.cpu("dom0");
    WaitQueue queue = cpu.waitQueue("q");
    AtomicInteger produced = new AtomicInteger();
    Completion done = cpu.completion("c");
    Poller poller = cpu.poller("p");
    AtomicInteger polled = new AtomicInteger();
    AtomicInteger interrupts = new AtomicInteger();
    AtomicInteger works = new AtomicInteger();
    WorkQueue workQueue = cpu.workQueue("w", 1);
    Irq irq = cpu.irq("i", interrupts::incrementAndGet);
    beside(
        machine,
        () -> {
          for (int i = 1; i <= ROUNDS; i++) {
            int wanted = i;
            queue.await(Task.State.S, WaitQueue.FOREVER, () -> produced.get() >= wanted);
            done.await(WaitQueue.FOREVER);
            while (polled.get() < wanted) {
              poller.await(WaitQueue.FOREVER);
            }
          }
          spinUntil(() -> interrupts.get() > 0 && works.get() > 0);
        },
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            produced.incrementAndGet();
            queue.wakeAll();
            done.complete();
            polled.incrementAndGet();
            poller.rouse();
            irq.raise();
            workQueue.queue(works::incrementAndGet);
          }
        });
  }

  /// An outside wait that only a wake ends.
  private static OutsideWait selectorOf(Selector selector) {
    return new OutsideWait() {
      @Override
      public void await(long timeoutNanos) {
        try {
          selector.select(timeoutNanos == WaitQueue.FOREVER ? 0 : 1 + timeoutNanos / 1_000_000);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }

      @Override
      public void wake() {
        selector.wakeup();
      }
    };
  }

  @Test
  void taskThatWaitsOutsideIsRousedStoppedAndTimedOut() throws Exception {
    LiveMachine machine = new LiveMachine();
    Cpu cpu = machine.cpu("dom0");
    AtomicInteger polled = new AtomicInteger();
    AtomicInteger seen = new AtomicInteger();
    try (Selector selector = Selector.open()) {
      Poller poller = cpu.poller("select", selectorOf(selector));
      Task io =
          cpu.ioThread(
              "io",
              self -> {
                assertFalse(Thread.currentThread().isVirtual());
                poller.await(machine.clock().nanos() + 1_000_000);
                seen.set(polled.get());
                while (!self.shouldStop()) {
                  poller.await(WaitQueue.FOREVER);
                  seen.set(polled.get());
                }
                return 7;
              });
      io.wake();
      machine.run(
          () -> {
            for (int i = 1; i <= ROUNDS; i++) {
              int wanted = i;
              polled.set(i);
              poller.rouse();
              spinUntil(() -> seen.get() >= wanted);
            }
            spinUntil(() -> io.state() == Task.State.S);
            assertEquals("select", io.wchan());
            assertEquals(7, io.stop());
            return true;
          });
    }
  }

  @Test
  void taskThatWaitsOutsideIsPausedAndKilled() throws Exception {
    LiveMachine machine = new LiveMachine();
    Cpu cpu = machine.cpu("dom0");
    AtomicInteger rounds = new AtomicInteger();
    try (Selector selector = Selector.open()) {
      Poller poller = cpu.poller("select", selectorOf(selector));
      Task io =
          cpu.ioThread(
              "io",
              self -> {
                while (true) {
                  poller.await(WaitQueue.FOREVER);
                  rounds.incrementAndGet();
                }
              });
      io.wake();
      machine.run(
          () -> {
            spinUntil(() -> io.state() == Task.State.S);
            cpu.pause();
            int before = rounds.get();
            poller.rouse();
            assertEquals(before, rounds.get());
            cpu.unpause();
            spinUntil(() -> rounds.get() > before);
            cpu.kill();
            spinUntil(() -> io.state() == Task.State.Z);
            return true;
          });
    }
    assertThrows(
        UnsupportedOperationException.class,
        () -> new SimulatedMachine(1).cpu("dom0").poller("p", selectorOf(Selector.open())));
  }

  @Test
  void threadFromOutsideTakesLocksAndWaits() throws Exception {
    LiveMachine machine = new LiveMachine();
    Cpu cpu = machine.cpu("dom0");
    Mutex mutex = cpu.mutex(LockClass.of("m"));
    int[] count = {0};
    Runnable add =
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            mutex.lock();
            count[0]++;
            mutex.unlock();
          }
        };
    Completion go = cpu.completion("go");
    beside(
        machine,
        () -> {
          add.run();
          go.await(WaitQueue.FOREVER);
        },
        () -> {
          add.run();
          go.complete();
        });
    assertEquals(2 * ROUNDS, count[0]);
  }

  @Test
  void submittedWorkRunsAsProcessWhileTheMachineRuns() throws Exception {
    LiveMachine machine = new LiveMachine();
    Cpu cpu = machine.cpu("dom0");
    Completion over = cpu.completion("over");
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    beside(
        machine,
        () -> over.await(WaitQueue.FOREVER),
        () -> {
          try {
            Submission<String> hello =
                machine.submit(cpu, "echo", () -> Task.current().comm() + "!");
            assertEquals("echo!", hello.await());
            assertFalse(machine.tasks().contains(hello.task()));
            Submission<String> failing =
                machine.submit(
                    cpu,
                    "false",
                    () -> {
                      throw new IOException("ENOENT");
                    });
            ExecutionException thrown = assertThrows(ExecutionException.class, failing::await);
            assertInstanceOf(IOException.class, thrown.getCause());
            Submission<Boolean> sleeping =
                machine.submit(cpu, "sleep", () -> Task.sleep(WaitQueue.FOREVER));
            sleeping.task().signal();
            assertFalse(sleeping.await());
          } catch (Throwable e) {
            failures.add(e);
          } finally {
            over.complete();
          }
        });
    assertEquals(List.of(), failures);
  }

  @Test
  void submittedWorkOfKilledCpuSaysSo() throws Exception {
    LiveMachine machine = new LiveMachine();
    machine.run(
        () -> {
          Cpu guest = machine.cpu("dom7");
          Submission<Boolean> sleeping =
              machine.submit(guest, "sleep", () -> Task.sleep(WaitQueue.FOREVER));
          guest.kill();
          ExecutionException thrown = assertThrows(ExecutionException.class, sleeping::await);
          assertInstanceOf(CpuGone.class, thrown.getCause());
          return true;
        });
  }

  private static List<String> problems(LiveMachine machine) {
    List<String> problems = Collections.synchronizedList(new ArrayList<>());
    machine.addListener(
        new MachineListener() {
          @Override
          public void problem(MachineFailure.Kind kind, String report) {
            problems.add(kind + " " + report);
          }

          @Override
          public void hungTask(Task task, long seconds) {
            problems.add("hung " + task.comm() + " " + seconds);
          }
        });
    return problems;
  }

  @Test
  void deadlockIsReportedAndEndsTheRunIfAskedTo() {
    LiveMachine machine = new LiveMachine(LiveMachine.Options.usual().endingOnProblem());
    List<String> problems = problems(machine);
    MachineFailure failure =
        assertThrows(
            MachineFailure.class,
            () ->
                machine.run(
                    () -> {
                      Mutex mutex = machine.cpu("dom0").mutex(LockClass.of("m"));
                      mutex.lock();
                      mutex.lock();
                      return true;
                    }));
    assertEquals(MachineFailure.Kind.DEADLOCK, failure.kind());
    assertEquals(1, problems.size());
    assertTrue(problems.getFirst().contains("a task waits for itself"));
  }

  @Test
  void wrongLockOrderIsReportedOnceWithBothStacksAndTheRunGoesOn() throws Exception {
    LiveMachine machine = new LiveMachine();
    List<String> problems = problems(machine);
    machine.run(
        () -> {
          new SimulationTest.Abba(machine, true).call();
          new SimulationTest.Abba(machine, true).call();
          return true;
        });
    assertEquals(1, problems.size());
    assertTrue(problems.getFirst().contains("b was taken under a"));
    assertTrue(problems.getFirst().contains("SimulationTest$Abba.both"));
  }

  @Test
  void hungTaskIsReportedAndTheRunGoesOn() throws Exception {
    LiveMachine machine = new LiveMachine(LiveMachine.Options.usual().hungTaskTimeout(20_000_000));
    AtomicBoolean heard = new AtomicBoolean();
    machine.addListener(
        new MachineListener() {
          @Override
          public void hungTask(Task task, long seconds) {
            heard.set(task.comm().equals("xenwatch"));
          }
        });
    try (Hold hold = machine.hold("nothing, really")) {
      assertEquals("nothing, really", hold.what());
      machine.run(
          () -> {
            Cpu cpu = machine.cpu("dom0");
            Completion never = cpu.completion("never");
            start(
                cpu,
                "xenwatch",
                self -> {
                  never.await(WaitQueue.FOREVER);
                  return 0;
                });
            while (!heard.get()) {
              Task.sleep(1_000_000);
            }
            return true;
          });
    }
  }

  @Test
  void taskThatDiesIsReportedAndOthersGoOn() throws Exception {
    LiveMachine machine = new LiveMachine();
    List<Throwable> faults = Collections.synchronizedList(new ArrayList<>());
    machine.addListener(
        new MachineListener() {
          @Override
          public void oops(Task task, Throwable fault) {
            faults.add(fault);
          }
        });
    machine.run(
        () -> {
          Task bad =
              start(
                  machine.cpu("dom0"),
                  "bad",
                  self -> {
                    throw new Bug("bad");
                  });
          assertEquals(128 + 6, bad.waitFor());
          return true;
        });
    assertEquals(1, faults.size());
  }

  @Test
  void closeOfMachineThatNeverRanEndsItsTasks() {
    LiveMachine machine = new LiveMachine();
    Cpu cpu = machine.cpu("dom0");
    AtomicBoolean unwound = new AtomicBoolean();
    AtomicBoolean begun = new AtomicBoolean();
    start(
        cpu,
        "idle",
        self -> {
          begun.set(true);
          try {
            Task.sleep(WaitQueue.FOREVER);
          } finally {
            unwound.set(true);
          }
          return 0;
        });
    while (!begun.get()) {
      Thread.onSpinWait();
    }
    machine.close();
    machine.close();
    assertTrue(unwound.get());
    assertEquals(List.of(), machine.tasks());
    assertThrows(NoThread.class, () -> machine.cpu("late").kthread("late", self -> 0));
  }

  @Test
  void interruptedOutsiderStaysInterruptedAndStillWaits() throws Exception {
    LiveMachine machine = new LiveMachine();
    Completion done = machine.cpu("dom0").completion("c");
    AtomicBoolean stayed = new AtomicBoolean();
    Thread outside =
        Thread.ofPlatform()
            .start(
                () -> {
                  Thread.currentThread().interrupt();
                  done.await(WaitQueue.FOREVER);
                  stayed.set(Thread.currentThread().isInterrupted());
                });
    while (outside.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    done.complete();
    outside.join();
    machine.close();
    assertTrue(stayed.get());
  }

  @Test
  void shutdownNamesTheTaskThatIsStuck() {
    LiveMachine machine = new LiveMachine();
    List<String> problems = problems(machine);
    AtomicBoolean begun = new AtomicBoolean();
    AtomicBoolean letGo = new AtomicBoolean();
    start(
        machine.cpu("dom0"),
        "looper",
        self -> {
          begun.set(true);
          while (!letGo.get()) {
            Thread.yield();
          }
          return 0;
        });
    while (!begun.get()) {
      Thread.onSpinWait();
    }
    machine.close(50_000_000);
    letGo.set(true);
    assertEquals(1, problems.size());
    assertTrue(problems.getFirst().contains("shutdown gives up on looper:1 (dom0)"));
  }
}

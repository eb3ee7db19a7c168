package dev.xenbus.linux.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NapiTest {
  private interface Script {
    void run(Cpu cpu) throws Exception;
  }

  private static void play(long seed, Script script) throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(seed);
    machine.run(
        () -> {
          script.run(machine.cpu("dom0"));
          return null;
        });
  }

  private static void play(Script script) throws MachineFailure {
    play(1, script);
  }

  @Test
  void nothingIsPolledBeforeItIsEnabled() throws MachineFailure {
    play(
        cpu -> {
          AtomicInteger polls = new AtomicInteger();
          try (Napi napi = Napi.start(cpu, "napi/test", 4, _ -> polls.incrementAndGet() * 0)) {
            napi.schedule();
            Task.sleep(1_000_000);
            assertEquals(0, polls.get());
            napi.enable();
            Task.sleep(1_000_000);
            assertEquals(1, polls.get());
          }
        });
  }

  @Test
  void pollThatUsesItsBudgetUpIsPolledAgain() throws MachineFailure {
    play(
        cpu -> {
          AtomicInteger left = new AtomicInteger(10);
          try (Napi napi =
              Napi.start(
                  cpu,
                  "napi/test",
                  4,
                  budget -> {
                    int done = Math.min(budget, left.get());
                    left.addAndGet(-done);
                    return done;
                  })) {
            napi.enable();
            napi.schedule();
            Task.sleep(1_000_000);
            assertEquals(0, left.get());
          }
        });
  }

  /// Each schedule is followed by the start of a poll, whenever it comes.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void noScheduleIsLost(long seed) throws MachineFailure {
    play(
        seed,
        cpu -> {
          AtomicInteger posted = new AtomicInteger();
          AtomicInteger taken = new AtomicInteger();
          try (Napi napi =
              Napi.start(
                  cpu,
                  "napi/test",
                  64,
                  _ -> {
                    taken.set(posted.get());
                    Task.relax();
                    return 0;
                  })) {
            napi.enable();
            for (int round = 0; round < 50; round++) {
              posted.incrementAndGet();
              napi.schedule();
              Task.relax();
            }
            Task.sleep(1_000_000);
            assertEquals(posted.get(), taken.get());
          }
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void disableWaitsForARunningPoll(long seed) throws MachineFailure {
    play(
        seed,
        cpu -> {
          boolean[] isPolling = new boolean[1];
          WaitQueue queue = cpu.waitQueue("test");
          try (Napi napi =
              Napi.start(
                  cpu,
                  "napi/test",
                  1,
                  _ -> {
                    isPolling[0] = true;
                    queue.await(Task.State.S, 1000, () -> false);
                    isPolling[0] = false;
                    return 1;
                  })) {
            napi.enable();
            napi.schedule();
            for (int round = 0; round < 10; round++) {
              Task.sleep(10_000 + round * 333);
              napi.disable();
              assertFalse(isPolling[0]);
              Task.sleep(5000);
              assertFalse(isPolling[0]);
              napi.enable();
            }
          }
        });
  }

  @Test
  void disablesNest() throws MachineFailure {
    play(
        cpu -> {
          AtomicInteger polls = new AtomicInteger();
          try (Napi napi = Napi.start(cpu, "napi/test", 4, _ -> polls.incrementAndGet() * 0)) {
            napi.disable();
            napi.enable();
            napi.schedule();
            Task.sleep(1_000_000);
            assertEquals(0, polls.get());
            napi.enable();
            Task.sleep(1_000_000);
            assertTrue(polls.get() > 0);
          }
        });
  }

  @Test
  void closeEndsTheThread() throws MachineFailure {
    play(
        cpu -> {
          Napi napi = Napi.start(cpu, "napi/test", 4, _ -> 0);
          assertTrue(hasThread(cpu));
          napi.close();
          napi.close();
          assertFalse(hasThread(cpu));
        });
  }

  private static boolean hasThread(Cpu cpu) {
    return cpu.machine().tasks().stream().anyMatch(task -> task.comm().equals("napi/test"));
  }
}

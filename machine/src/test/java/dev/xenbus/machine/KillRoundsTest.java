package dev.xenbus.machine;

import static dev.xenbus.machine.World.start;
import static dev.xenbus.machine.World.startProcess;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Guests that are made, paused, killed and made anew leave nothing behind.
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings("LockNotBeforeTry") // killed in the middle
class KillRoundsTest {
  /// The long set has a hundred thousand: `-Dmachine.killRounds=100000`.
  private static final int ROUNDS = Integer.getInteger("machine.killRounds", 10_000);

  private static final int WARM_UP = 2_000;

  /// What the rounds may leave on the heap: less than a hundredth of a page each.
  private static final long LEFT_BYTES_MAX = 8L << 20;

  static Stream<MachineCore> machines() {
    return Stream.of(
        new LiveMachine(),
        new SimulatedMachine(SimulatedMachine.Options.fair().stepLimit(Long.MAX_VALUE)));
  }

  @ParameterizedTest
  @MethodSource("machines")
  void roundsOfPauseAndKillLeaveNothing(MachineCore machine) throws MachineFailure {
    machine.run(
        () -> {
          rounds(machine, WARM_UP);
          long before = usedBytes();
          rounds(machine, ROUNDS - WARM_UP);
          World.spinUntil(() -> machine.everything().size() == 1);
          long left = usedBytes() - before;
          // The simulated machine keeps every pick, four bytes each.
          long picks = machine instanceof SimulatedMachine it ? 8L * it.schedule().size() : 0;
          assertTrue(left < LEFT_BYTES_MAX + picks, () -> left + " bytes left");
          return true;
        });
    assertEquals(0, machine.tasks().size());
  }

  private static void rounds(Machine machine, int rounds) {
    for (int i = 0; i < rounds; i++) {
      Cpu guest = machine.cpu("dom" + i);
      Mutex mutex = guest.mutex(LockClass.of("m"));
      Task one =
          startProcess(
              guest,
              "one",
              self -> {
                while (true) {
                  mutex.lock();
                  Task.relax();
                  mutex.unlock();
                }
              });
      start(
          guest,
          "two",
          self -> {
            guest.completion("never").await(WaitQueue.FOREVER);
            return 0;
          });
      guest.timer("t", TimerKind.NORMAL, () -> {}).arm(3_600_000_000_000L);
      guest.irq("i", () -> {}).raise();
      if (i % 2 == 0) {
        guest.pause();
        if (i % 4 == 0) {
          guest.unpause();
        }
      }
      guest.kill();
      assertEquals(128 + 15, one.waitFor());
    }
  }

  private static long usedBytes() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}

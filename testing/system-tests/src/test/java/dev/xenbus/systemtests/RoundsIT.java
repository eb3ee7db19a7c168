package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.scenarios.StallDemo;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// W4: after any number of guests that came and went, each with a vif and a vbd, threads, watches,
/// queues, files of `/sys`, nodes and watches of the store, pages, ports and mappings are what they
/// were before. `-Drounds=100000 -DroundsLive=1000` takes the long way.
class RoundsIT {
  private static final int ROUNDS = Integer.getInteger("rounds", 200);
  private static final int ROUNDS_LIVE = Integer.getInteger("roundsLive", 20);
  private static final int SEEDS = Integer.getInteger("seeds", 30);
  private static final int ROUNDS_A_SEED = 3;
  private static final long NO_STEP_LIMIT = Long.MAX_VALUE;
  private static final long SETTLE_NANOS_MAX = 5_000_000_000L;
  private static final long SETTLE_POLL_NANOS = 200_000_000L;

  @TempDir private Path folder;

  /// Everything that is to be as it was.
  private record State(Dom0.Census census, String store, String accounts) {}

  @Test
  void nothingIsLeftBehindSimulated() throws Exception {
    rounds(simulated(Long.getLong("seed", 4)), ROUNDS);
  }

  @Test
  void nothingIsLeftBehindUnderAnySchedule() throws Exception {
    for (long seed = 1; seed <= SEEDS; seed++) {
      try {
        rounds(simulated(seed), ROUNDS_A_SEED);
      } catch (MachineFailure e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static SimulatedMachine simulated(long seed) {
    return new SimulatedMachine(
        SimulatedMachine.Options.seed(seed).with(RandomWalk.patient()).stepLimit(NO_STEP_LIMIT));
  }

  @Test
  void nothingIsLeftBehindLive() throws Exception {
    rounds(new LiveMachine(), ROUNDS_LIVE);
  }

  private void rounds(Machine machine, int count) throws Exception {
    StallDemo.prepare(folder);
    Emulator emulator = Emulator.load();
    machine.run(
        () -> {
          Dom0 dom0 = emulator.boot(machine, BootOptions.of(emulator.configure("xen_mtwatch")));
          StringBuilder screen = new StringBuilder();
          TextOutput output = screen::append;
          Shell shell = dom0.shell(folder, output, output, output);
          assertEquals(0, shell.execute("truncate -s 1M first.img"));
          round(dom0, shell, screen, 1, true); // what is made once and kept is made by now
          State before = settled(dom0, shell, screen, Optional.empty());
          for (int i = 2; i <= count; i++) {
            round(dom0, shell, screen, i, false);
          }
          assertEquals(
              before,
              settled(dom0, shell, screen, Optional.of(before)),
              "after " + count + " rounds");
          dom0.powerOff();
          return true;
        });
  }

  /// Creates a guest, waits until its devices are connected, destroys it.
  private static void round(
      Dom0 dom0, Shell shell, StringBuilder screen, int number, boolean looks) {
    screen.setLength(0);
    int domid = number;
    assertEquals(0, shell.execute("xl create first.cfg"), screen::toString);
    if (looks) {
      assertEquals(
          0, shell.execute("xl console " + domid + " -c 'ping -c 1 10.0.0.1'"), screen::toString);
      assertTrue(
          dom0.census().threads().containsKey("xen-mtwatch-" + domid),
          () -> dom0.census().threads().toString());
    }
    screen.setLength(0);
    assertEquals(0, shell.execute("xl destroy first"), screen::toString);
    assertEquals(
        "", screen.toString(), () -> "round " + number + ", the log: " + log(shell, screen));
  }

  private static String log(Shell shell, StringBuilder screen) {
    screen.setLength(0);
    shell.execute("xenstore-ls -f; ps; dmesg");
    return screen.toString();
  }

  /// Waits until what goes on in the background is done: until the state is the expected one or,
  /// for the first time, until it does not change any more.
  private static State settled(
      Dom0 dom0, Shell shell, StringBuilder screen, Optional<State> expected) {
    long deadline = dom0.machine().clock().nanos() + SETTLE_NANOS_MAX;
    State last = state(dom0, shell, screen);
    while (dom0.machine().clock().nanos() < deadline && !Optional.of(last).equals(expected)) {
      Task.sleep(SETTLE_POLL_NANOS);
      State now = state(dom0, shell, screen);
      if (expected.isEmpty() && now.equals(last)) {
        break;
      }
      last = now;
    }
    return last;
  }

  private static State state(Dom0 dom0, Shell shell, StringBuilder screen) {
    return new State(
        dom0.census(),
        typed(shell, screen, "xenstore-ls -fp"),
        typed(shell, screen, "xenstore-control quota 0"));
  }

  private static String typed(Shell shell, StringBuilder screen, String command) {
    screen.setLength(0);
    assertEquals(0, shell.execute(command), screen::toString);
    return String.join("\n", screen.toString().lines().filter(RoundsIT::isSteady).toList());
  }

  /// Leaves out memory in flight, and the nodes that say what went wrong with a device: they stay,
  /// as on a real dom0, and a guest that is destroyed while it connects makes some.
  private static boolean isSteady(String line) {
    return !line.startsWith("outstanding")
        && !line.startsWith("memory")
        && !line.startsWith("nodes")
        && !line.startsWith("/local/domain/0/error");
  }
}

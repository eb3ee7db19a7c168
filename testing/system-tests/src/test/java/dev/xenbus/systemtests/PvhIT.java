package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.emulator.Emulator;
import dev.xenbus.emulator.Machines;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.scenarios.Dispatcher;
import dev.xenbus.scenarios.Scenario;
import dev.xenbus.scenarios.ScenarioRun;
import dev.xenbus.scenarios.Script;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A PVH guest, whose kernel may have replaced another one that left its devices closed (kexec):
/// it has the store forget what that one watched, brings the devices back and connects.
class PvhIT {
  private static final Emulator EMULATOR = Emulator.load();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void devicesOfAnEarlierKernelAreBroughtBack(long seed) {
    play(Machines.simulated(seed), PvhIT::predecessor);
  }

  @Test
  void devicesOfAnEarlierKernelAreBroughtBackInRealTime() {
    play(new LiveMachine(), PvhIT::predecessor);
  }

  @Test
  void guestIsSavedAndRestored() {
    play(Machines.simulated(1), PvhIT::saved);
  }

  private static void play(Machine machine, Scenario.Body body) {
    StringBuilder screen = new StringBuilder();
    Scenario scenario = new Scenario("pvh", "", List.of(Dispatcher.SERIES), Optional.empty(), body);
    Optional<String> broken =
        new ScenarioRun(EMULATOR, scenario, Dispatcher.SERIES, List.of())
            .play(machine, screen::append);
    assertEquals(Optional.empty(), broken, screen::toString);
  }

  /// What an orderly kexec leaves: Closed, which the backends have answered with Closed.
  private static void predecessor(Script s) {
    s.guest(1);
    s.quiet("xl create -p g1.cfg 'type=\"pvh\"'");
    for (String device : List.of("vif/0", "vbd/51712")) {
      s.ok("xenstore-write /local/domain/1/device/" + device + "/state 6");
    }
    for (String back : List.of("vif/1/0", "vbd/1/51712")) {
      String state = "xenstore-read /local/domain/0/backend/" + back + "/state";
      s.within(5, back + " is closed", () -> s.ok(state).strip().equals("6"));
    }
    s.ok("xl unpause 1");
    s.connected(1);
    s.okIn("1", "ping -c 1 10.0.0.1");
    List<String> log = Arrays.asList(s.okIn("1", "dmesg").split("\n"));
    for (String back : List.of("vif/1/0", "vbd/1/51712")) {
      String path = "/local/domain/0/backend/" + back;
      said(s, log, "xenbus_probe_frontend: triggering reconnect on " + path);
      said(s, log, "xenbus_probe_frontend: reconnect done on " + path);
    }
    s.check("nothing timed out", log.stream().noneMatch(line -> line.contains("timed out")));
    s.check(
        "the store forgot the earlier watches",
        log.stream().noneMatch(line -> line.contains("xs_reset_watches failed")));
    s.quiet("xl destroy 1");
    s.nothingLeft();
  }

  private static void said(Script s, List<String> log, String text) {
    s.check("said once: " + text, log.stream().filter(line -> line.contains(text)).count() == 1);
  }

  private static void saved(Script s) {
    s.guest(1);
    s.quiet("xl create g1.cfg 'type=\"pvh\"'");
    s.connected(1);
    s.calm("xl save g1 g1.save");
    s.calm("xl restore g1.save");
    s.connected(2);
    s.okIn("2", "ping -c 1 10.0.0.1");
    s.quiet("xl destroy 2");
    s.nothingLeft();
  }
}

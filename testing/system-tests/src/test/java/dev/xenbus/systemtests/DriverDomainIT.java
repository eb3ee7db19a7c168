package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.emulator.Machines;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import dev.xenbus.scenarios.Dispatcher;
import dev.xenbus.scenarios.ScenarioLibrary;
import dev.xenbus.scenarios.ScenarioRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A driver domain, from its boot to its end. Under many schedules: ExplorationIT.
class DriverDomainIT {
  private static final Emulator EMULATOR = Emulator.load();

  @TempDir private Path folder;

  @BeforeEach
  void writeGuests() throws IOException {
    Files.write(folder.resolve("pool.img"), new byte[1 << 20]);
    Files.write(folder.resolve("file.img"), new byte[1 << 20]);
    Files.writeString(
        folder.resolve("ddom.cfg"),
        """
        name = "ddom"
        memory = 128
        kernel = "vmlinuz"
        extra = "traffic=off xen_mtwatch"
        driver_domain = 1
        disk = [ 'pool.img,raw,xvda,rw' ]
        vif = [ 'mac=00:16:3e:00:01:00,bridge=xenbr0' ]
        """);
    Files.writeString(
        folder.resolve("user.cfg"),
        """
        name = "user"
        memory = 64
        kernel = "vmlinuz"
        extra = "traffic=off"
        disk = [ '/dev/xvda,raw,xvda,rw,backend=ddom' ]
        vif = [ 'bridge=xenbr0,backend=ddom' ]
        """);
  }

  private void writeFileGuest(String name, String image) throws IOException {
    Files.writeString(
        folder.resolve(name + ".cfg"),
        """
        name = "%s"
        memory = 64
        kernel = "vmlinuz"
        extra = "traffic=off"
        disk = [ 'format=raw,vdev=xvda,access=rw,backend=ddom,target=%s' ]
        """
            .formatted(name, image));
  }

  /// What is done on a dom0.
  private interface Steps {
    void on(Console console) throws Exception;
  }

  /// Dom0's console.
  private record Console(Dom0 dom0, Shell shell, StringBuilder screen) {
    String ok(String line) {
      screen.setLength(0);
      assertEquals(0, shell.execute(line), screen::toString);
      return screen.toString();
    }

    String fails(String line) {
      screen.setLength(0);
      assertFalse(shell.execute(line) == 0, screen::toString);
      return screen.toString();
    }

    double seconds(Runnable step) {
      long begun = dom0.machine().clock().nanos();
      step.run();
      return (dom0.machine().clock().nanos() - begun) / 1e9;
    }

    void await(String line, String text) {
      for (int i = 0; i < 500 && !ok(line).contains(text); i++) {
        Task.sleep(20_000_000);
      }
      assertTrue(screen.toString().contains(text), () -> line + ": " + screen);
    }
  }

  private void run(Machine machine, List<String> words, Steps steps) throws Exception {
    StringBuilder screen = new StringBuilder();
    machine.run(
        () -> {
          Dom0 dom0 =
              EMULATOR.boot(
                  machine, BootOptions.of(EMULATOR.configure(words.toArray(String[]::new))));
          Shell shell = dom0.shell(folder, screen::append, screen::append);
          steps.on(new Console(dom0, shell, screen));
          dom0.powerOff();
          return true;
        });
  }

  /// W13 and MT-10 of the whole, in real time.
  @ParameterizedTest
  @CsvSource({
    "driver-domain, SERIES",
    "driver-domain-stall, SERIES",
    "driver-domain-stall, SINGLE",
    "driver-domain-destroyed, SERIES"
  })
  void scenarioHoldsLive(String name, Dispatcher dispatcher) {
    StringBuilder screen = new StringBuilder();
    try (LiveMachine machine = new LiveMachine()) {
      assertEquals(
          Optional.empty(),
          new ScenarioRun(
                  EMULATOR, ScenarioLibrary.named(name).orElseThrow(), dispatcher, List.of())
              .play(machine, screen::append),
          screen::toString);
    }
  }

  /// Guests that use it hold nobody up: dom0 is as it was before it came.
  @Test
  void nothingIsLeftInTheStoreEither() throws Exception {
    run(
        Machines.simulated(1),
        List.of("xl.release=4.17"),
        console -> {
          console.ok("xl create ddom.cfg");
          console.ok("xl destroy ddom"); // threads that stay once they were needed
          String before = console.ok("xenstore-ls -fp");
          Dom0.Census census = console.dom0().census();
          console.ok("xl create ddom.cfg");
          console.ok("xl create user.cfg");
          console.ok("xl console user -c 'ping -c 1 10.0.0.1'");
          console.ok("xl destroy user");
          assertEquals(
              List.of("/local/domain/2/backend/vbd", "/local/domain/2/backend/vbd/3"),
              console
                  .ok("xenstore-ls -f /local/domain/2/backend")
                  .lines()
                  .filter(line -> line.contains("vbd"))
                  .map(line -> line.split(" ", 2)[0])
                  .toList(),
              "a driver domain may not remove what dom0 owns");
          console.ok("xl destroy ddom");
          assertEquals(before, console.ok("xenstore-ls -fp"));
          assertEquals(census.xen(), console.dom0().census().xen());
          assertEquals(census.watches(), console.dom0().census().watches());
          assertEquals(census.disks(), console.dom0().census().disks());
        });
  }

  /// The toolstack of 4.17 takes a backend that is gone for removed.
  @Test
  void guestOfADeadDriverDomainIsDestroyedAtOnceBy417() throws Exception {
    run(
        Machines.simulated(1),
        List.of("xl.release=4.17"),
        console -> {
          console.ok("xl create ddom.cfg");
          console.ok("xl create user.cfg");
          console.await("xl network-list user", "     4     ");
          String before = console.ok("xenstore-ls /local/domain/2/device/vif/0");
          console.ok("xl destroy ddom");
          console.fails("xl console user -c 'ping -c 1 10.0.0.1'");
          assertEquals(before, console.ok("xenstore-ls /local/domain/2/device/vif/0"));
          double seconds = console.seconds(() -> console.ok("xl destroy user"));
          assertTrue(seconds < 1, seconds + " s");
          assertEquals(1, console.dom0().domains().list().size());
          assertFalse(console.ok("xenstore-ls -f").contains("/local/domain/1"));
        });
  }

  /// Power-off stops those who use a driver domain before it, so that nobody waits for it.
  @Test
  void powerOffStopsItsUsersFirst() throws Exception {
    Machine machine = Machines.simulated(1);
    run(
        machine,
        List.of(),
        console -> {
          console.ok("xl create ddom.cfg");
          console.ok("xl create user.cfg");
          console.await("xl network-list user", "     4     ");
          double seconds = console.seconds(console.dom0()::powerOff);
          assertTrue(seconds < 9, seconds + " s");
        });
    assertEquals(
        List.of(),
        machine.tasks().stream()
            .filter(task -> !task.comm().equals("main"))
            .map(task -> task.comm() + " of " + task.cpu().owner())
            .toList());
  }

  /// A file name in a driver domain's disk is absolute, as for a daemon.
  @Test
  void filesAreServedByTheirAbsoluteNames() throws Exception {
    writeFileGuest("file", folder.resolve("file.img").toString());
    writeFileGuest("r", "file.img");
    run(
        Machines.simulated(1),
        List.of(),
        console -> {
          console.ok("xl create ddom.cfg");
          console.ok("xl create file.cfg");
          console.await("xl console file -c 'ls /dev'", "xvda");
          assertTrue(console.ok("xl console ddom -c 'ls /dev'").contains("loop0"));
          console.ok("xl destroy file");
          assertFalse(console.ok("xl console ddom -c 'ls /dev'").contains("loop0"));
          console.ok("xl create r.cfg");
          console.await(
              "xl console ddom -c 'cat /var/log/xen/xldevd.log'",
              "script: file.img does not exist.");
          console.ok("xl destroy r");
        });
  }

  @Test
  void itsToolstackDoesNothingElse() throws Exception {
    run(
        Machines.simulated(1),
        List.of(),
        console -> {
          console.ok("xl create ddom.cfg");
          assertEquals(
              "xl list: this domain is not privileged, use dom0's xl; a driver domain's does devd"
                  + " alone\n",
              console.fails("xl console ddom -c 'xl list'"));
          console.ok("xl create user.cfg");
          assertTrue(
              console.fails("xl console user -c 'xl devd'").contains("sh: xl: command not found"));
          assertTrue(
              console
                  .ok("xl console ddom -c 'xenstore-read backend/vif/2/0/state'")
                  .strip()
                  .matches("[24]"));
        });
  }
}

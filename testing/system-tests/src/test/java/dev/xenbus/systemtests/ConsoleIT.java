package dev.xenbus.systemtests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.emulator.BadConfiguration;
import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.emulator.Machines;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.scenarios.StallDemo;
import dev.xenbus.xenstore.client.StoreConnector;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The console and the configuration, from the words typed to the exit code.
class ConsoleIT {
  private static final Emulator EMULATOR = Emulator.load();

  @TempDir private Path folder;

  private String run(Machine machine, String... lines) throws Exception {
    StringBuilder text = new StringBuilder();
    StallDemo.prepare(folder);
    machine.run(
        () -> {
          Dom0 dom0 = EMULATOR.boot(machine, BootOptions.of(EMULATOR.configure()));
          Shell shell = dom0.shell(folder, text::append, text::append);
          for (String line : lines) {
            int exit = shell.execute(line);
            if (exit != 0) {
              text.append("exit ").append(exit).append('\n');
            }
          }
          dom0.powerOff();
          return true;
        });
    return text.toString();
  }

  @Test
  void unknownCommandsNameTheNearestKnownOne() throws Exception {
    assertEquals(
        "sh: dmesgg: command not found; did you mean \"dmesg\"?\nexit 127\n".replace("\"", ""),
        run(Machines.simulated(1), "dmesgg"));
  }

  @Test
  void outputGoesIntoKernelFilesAndComesBack() throws Exception {
    assertEquals(
        "vif9.0\n",
        run(
            Machines.simulated(1),
            "echo vif9.0 > /sys/kernel/xwstall/vifname",
            "cat /sys/kernel/xwstall/vifname"));
    assertEquals(
        "sh: /sys/kernel/xwstall/eavesdrop: Invalid argument\nexit 1\n",
        run(Machines.simulated(1), "echo 7 > /sys/kernel/xwstall/eavesdrop"));
  }

  @Test
  void storeIsReachedThroughTheDeviceOfEachKernel() throws Exception {
    String text =
        run(
            Machines.simulated(1),
            "ls /dev/xen",
            "truncate -s 16M first.img",
            "xl create first.cfg",
            "sleep 3",
            "xl console 1 -c 'ls /dev/xen'",
            "xl console 1 -c 'xenstore-read domid'",
            "xl console 1 -c 'xenstore-write data/mine 7 ; xenstore-read data/mine'",
            "xenstore-read /local/domain/1/data/mine",
            "xl console 1 -c 'xenstore-write /local/domain/0/name x'");
    assertEquals(
        """
        xenbus
        Parsing config from first.cfg
        xenbus
        1
        7
        7
        xenstore-write: could not write path /local/domain/0/name
        exit 1
        """,
        text);
  }

  @Test
  void dom0sDeviceServesAProgramOfDom0() throws Exception {
    Machine machine = Machines.simulated(1);
    machine.run(
        () -> {
          Dom0 dom0 = EMULATOR.boot(machine, BootOptions.of(EMULATOR.configure()));
          StoreConnector device = StoreConnector.ofDevice(dom0.kernel());
          List<String> events = new CopyOnWriteArrayList<>();
          try (XenstoreClient client = new XenstoreClient(device.connect());
              XenstoreClient other = new XenstoreClient(device.connect())) {
            assertEquals("Domain-0", client.read("/local/domain/0/name"));
            client.subscribe("/test", event -> events.add(event.path()));
            other.inTransaction(
                tx -> {
                  tx.write("/test/a", "1");
                  tx.write("/test/b", "2");
                });
            while (events.size() < 3) {
              Task.sleep(1_000_000);
            }
            assertEquals(List.of("/test", "/test/a", "/test/b"), events);
          }
          dom0.powerOff();
          return true;
        });
  }

  @Test
  void backgroundJobsAreWaitedFor() throws Exception {
    String text = run(Machines.simulated(1), "sleep 5 &", "wait", "false || true");
    assertTrue(text.matches("(?s)\\[1] \\d+\n\\[1] exit 0: sleep 5\n"), text);
  }

  @Test
  void powerOffLeavesNoTaskBehind() throws Exception {
    Machine machine = Machines.simulated(3);
    run(machine, "truncate -s 16M first.img", "xl create first.cfg", "sleep 3");
    List<String> left =
        machine.tasks().stream()
            .filter(task -> !task.comm().equals("main"))
            .map(task -> task.comm() + " of " + task.cpu().owner())
            .toList();
    assertEquals(List.of(), left);
  }

  @Test
  void theSameSeedGivesTheSameTrace() throws Exception {
    SimulatedMachine first = (SimulatedMachine) Machines.simulated(42);
    SimulatedMachine second = (SimulatedMachine) Machines.simulated(42);
    String[] lines = {
      "truncate -s 16M first.img", "xl create first.cfg", "sleep 2", "xl destroy 1"
    };
    run(first, lines);
    Files.delete(folder.resolve("first.cfg"));
    Files.delete(folder.resolve("pv.cfg"));
    run(second, lines);
    assertEquals(first.steps(), second.steps());
    assertEquals(first.trace().hash(), second.trace().hash());
  }

  @Test
  void unknownParametersStopTheBootWithWordPlaceAndNearest() {
    BadConfiguration e =
        Assertions.assertThrows(
            BadConfiguration.class,
            () -> EMULATOR.configure(Optional.empty(), Map.of(), List.of("quiet", "xen_mtwach")));
    assertEquals(
        "unknown parameter \"xen_mtwach\" (word 2, column 7 of the command line); "
            + "did you mean \"xen_mtwatch\"?",
        e.getMessage());
  }

  @Test
  void filesEnvironmentAndWordsOverrideEachOtherInThatOrder() throws Exception {
    Path file = folder.resolve("c.conf");
    Files.writeString(file, "kernel.xen_mtwatch = on\nmodule.xen_netback.max_queues = 2\n");
    assertEquals(
        "SERIES", EMULATOR.configure(Optional.of(file), Map.of(), List.of()).mtwatch().toString());
    assertEquals(
        "SUMMIT",
        EMULATOR
            .configure(Optional.of(file), Map.of("XENEMU_XEN_MTWATCH", "summit"), List.of())
            .mtwatch()
            .toString());
    assertEquals(
        "OFF",
        EMULATOR
            .configure(
                Optional.of(file),
                Map.of("XENEMU_XEN_MTWATCH", "summit"),
                List.of("xen_mtwatch=off"))
            .mtwatch()
            .toString());
  }

  @Test
  void mistakesInAFileNameTheirPlace() throws IOException {
    Path file = folder.resolve("c.conf");
    Files.writeString(file, "\nkernel.xen_mtwach = on\n");
    BadConfiguration e =
        Assertions.assertThrows(
            BadConfiguration.class,
            () -> EMULATOR.configure(Optional.of(file), Map.of(), List.of()));
    String message = String.valueOf(e.getMessage());
    assertTrue(
        message.contains("c.conf: 2") && message.contains("did you mean kernel.xen_mtwatch?"),
        message);
  }
}

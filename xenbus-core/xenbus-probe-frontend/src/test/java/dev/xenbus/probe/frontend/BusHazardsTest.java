package dev.xenbus.probe.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestFrontend;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Hazards of the bus that are kept as the real kernel has them, by their items in
/// `docs/reference/concurrency.md`.
class BusHazardsTest {
  private static void aWhile(dev.xenbus.machine.Machine machine) {
    Task.sleep(machine.isSimulated() ? 1_000_000_000L : 20_000_000L);
  }

  /// C30: the check whether a folder exists fails once, for whatever reason: the live device goes.
  @Test
  void c30FailedExistenceCheckRemovesALiveDevice() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.connect("vif", "0");
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.DIRECTORY && strings.getFirst().equals("device/vif/0")
                        ? new StoreScript.Fail(Errno.ENOMEM)
                        : StoreScript.Verdict.SERVE);
            bench.store.write(FrontBench.front("vif", "0"), "");
            bench.await(() -> bench.deviceNames().isEmpty());
            assertEquals("4", bench.frontState("vif", "0"));
          }
        });
  }

  /// C32: the folder of a type goes in one removal: its event is too shallow. The device's own
  /// folder is looked at.
  @Test
  void c32RemovedTypeFolderLeavesItsDevices() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.addDevice("vif", "1");
            bench.device("vif-0");
            bench.device("vif-1");
            bench.store.remove(FrontBench.front("vif", "1"));
            bench.await(() -> bench.deviceNames().equals(List.of("vif-0")));
            bench.store.remove("/local/domain/7/device/vif");
            aWhile(machine);
            assertEquals(List.of("vif-0"), bench.deviceNames());
          }
        });
  }

  /// C52: a device that closed once and connected again is not waited for at shutdown.
  @Test
  void c52SecondShutdownDoesNotWait() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            var device = bench.device("vif-0");
            bench.connect("vif", "0");
            bench.backState("vif", "0", 5);
            bench.awaitFrontState("vif", "0", 6);
            device.switchState(XenbusState.CONNECTED);
            bench.kernel.systemState(Kernel.SystemState.HALTING);
            long began = machine.clock().nanos();
            bench.frontends.shutdown();
            assertEquals(0, (machine.clock().nanos() - began) / 1_000_000_000L);
            assertEquals("5", bench.frontState("vif", "0"));
          }
        });
  }

  /// C19: a device without a driver whose backend is in another domain is made anew by each write
  /// below it.
  @Test
  void c19UnboundDeviceWithAForeignBackendIsMadeAnewEachTime() {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine).started()) {
            bench.addDevice("vif", 3, "0");
            var device = bench.device("vif-0");
            for (int i = 0; i < 3; i++) {
              var old = device;
              bench.store.write(FrontBench.front("vif", "0") + "/key", Integer.toString(i));
              bench.await(
                  () ->
                      bench.frontends.bus().devices().stream()
                          .anyMatch(d -> d.busId().equals("vif-0") && d != old));
              device = bench.device("vif-0");
            }
            assertEquals(List.of("vif-0"), bench.deviceNames());
          }
        });
  }
}

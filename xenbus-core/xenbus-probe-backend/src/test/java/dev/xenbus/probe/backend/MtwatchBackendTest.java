package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The contract of mtwatch, seen through a bus with drivers: W2, W5, W12, W13, MT-3.
class MtwatchBackendTest {
  private static List<String> threadsOf(TestBackend driver, String device) {
    return driver.calls().stream()
        .filter(call -> call.contains(" " + device + " "))
        .map(call -> call.substring(call.indexOf('@') + 1))
        .distinct()
        .toList();
  }

  /// W5: the first probe of the first device too.
  @Test
  void everythingOfADeviceRunsInItsGuestsThread() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.addDevice("vif", 7, "0");
            bench.awaitBackState("vif", 7, "0", 2);
            bench.frontState("vif", 7, "0", 4);
            bench.awaitBackState("vif", 7, "0", 4);
            bench.destroy(7, "vif");
            bench.await(() -> bench.deviceNames().isEmpty());
            bench.await(() -> bench.threads().isEmpty());
            assertEquals(List.of("xen-mtwatch-7"), threadsOf(driver, "vif-7-0"));
          }
        });
  }

  /// W2: a callback of guest 1 is stuck; guest 2 comes, connects and goes.
  @Test
  void stuckGuestStopsNoOther() {
    TestMachines.patiently(
        machine -> {
          TestGate[] gate = new TestGate[1];
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onChanged(XenbusDevice device, XenbusState state) {
                  if (device.busId().equals("vif-1-0") && state == XenbusState.CLOSING) {
                    gate[0].pass();
                  }
                  super.onChanged(device, state);
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            gate[0] = new TestGate(bench.kernel.cpu());
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("vif", 1, "0", 5);
            gate[0].awaitEntered(1);
            bench.addDevice("vif", 2, "0");
            bench.awaitBackState("vif", 2, "0", 2);
            bench.frontState("vif", 2, "0", 4);
            bench.awaitBackState("vif", 2, "0", 4);
            bench.destroy(2, "vif");
            bench.await(() -> bench.deviceNames().equals(List.of("vif-1-0")));
            bench.destroy(1, "vif");
            gate[0].open();
            bench.await(() -> bench.deviceNames().isEmpty() && bench.threads().isEmpty());
          }
        });
  }

  /// The same without mtwatch: guest 2 waits until guest 1 is let go.
  @Test
  void withoutMtwatchAStuckGuestStopsAll() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.kernel.hold("probe", "vif");
            bench.addDevice("vif", 1, "0");
            bench.kernel.awaitHeld(1);
            bench.addDevice("vbd", 2, "0");
            dev.xenbus.machine.Task.sleep(machine.isSimulated() ? 15_000_000_000L : 5_000_000L);
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
            bench.kernel.release("probe", "vif");
            bench.await(() -> bench.deviceNames().size() == 2);
          }
        });
  }

  /// W12: a driver without the flag shares a guest with one that has it.
  @Test
  void driverWithoutTheFlagStaysOnTheDefaultThread() {
    TestMachines.patiently(
        machine -> {
          TestBackend vif = new TestBackend("vif", true);
          TestBackend plain = new TestBackend("plain", false);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, vif, plain).started()) {
            bench.addDevice("plain", 1, "0");
            bench.awaitBackState("plain", 1, "0", 2);
            assertEquals(List.of(), bench.threads());
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("plain", 1, "0", 4);
            bench.awaitBackState("plain", 1, "0", 4);
            bench.store.remove(bench.back("vif", 1, "0"));
            bench.await(() -> bench.threads().isEmpty());
            bench.frontState("plain", 1, "0", 6);
            bench.awaitBackState("plain", 1, "0", 6);
            assertEquals(List.of("xenwatch"), threadsOf(plain, "plain-1-0"));
            assertEquals(List.of("xen-mtwatch-1"), threadsOf(vif, "vif-1-0"));
          }
        });
  }

  /// MT-3: the probe of guest 2 is held; the guest is destroyed and its domid used again.
  @Test
  void newGuestWithTheDomidOfAStuckOneQueuesBehindIt() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.kernel.hold("probe", "vif");
            bench.addDevice("vif", 2, "0");
            bench.kernel.awaitHeld(1);
            bench.destroy(2, "vif");
            bench.store.remove("/local/domain/0/backend/vif/2");
            bench.addDevice("vif", 2, "0");
            bench.addDevice("vbd", 3, "0");
            bench.await(() -> bench.deviceNames().contains("vbd-3-0"));
            assertEquals("1", bench.backState("vif", 2, "0"));
            bench.kernel.release("probe", "vif");
            bench.awaitBackState("vif", 2, "0", 2);
            assertEquals(List.of("xen-mtwatch-2"), threadsOf(driver, "vif-2-0"));
            assertTrue(bench.deviceNames().contains("vif-2-0"));
          }
        });
  }

  /// What guests share is driven from many of them at once.
  @Test
  void manyGuestsAtOnce() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            int guests = 20;
            for (int guest = 1; guest <= guests; guest++) {
              bench.addDevice("vif", guest, "0");
            }
            for (int guest = 1; guest <= guests; guest++) {
              bench.frontState("vif", guest, "0", 4);
            }
            for (int guest = 1; guest <= guests; guest++) {
              bench.awaitBackState("vif", guest, "0", 4);
            }
            assertEquals(guests, bench.deviceNames().size());
            assertEquals(guests, bench.kernel.files().list("/sys/bus/xen-backend/devices").size());
            for (int guest = 1; guest <= guests; guest++) {
              bench.destroy(guest, "vif");
            }
            bench.await(() -> bench.deviceNames().isEmpty() && bench.threads().isEmpty());
          }
        });
  }
}

package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import org.junit.jupiter.api.Test;

/// W12: a driver without the flag shares a guest with one that has it. Its events stay on the
/// default thread, and its devices do not keep the guest's thread.
class W12MixedDriversTest {
  private static List<String> threadsOf(TestBackend driver) {
    return driver.calls().stream().map(c -> c.substring(c.indexOf('@') + 1)).distinct().toList();
  }

  @Test
  void plainDeviceNeitherUsesNorKeepsTheGuestsThread() {
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
            bench.frontState("vif", 1, "0", 4);
            bench.awaitBackState("plain", 1, "0", 4);
            bench.awaitBackState("vif", 1, "0", 4);
            assertEquals(List.of("xen-mtwatch-1"), bench.threads());
            bench.store.remove(bench.back("vif", 1, "0"));
            bench.await(() -> bench.threads().isEmpty());
            assertEquals(List.of("plain-1-0"), bench.deviceNames());
            assertEquals(List.of("xenwatch"), threadsOf(plain));
            assertEquals(List.of("xen-mtwatch-1"), threadsOf(vif));
          }
        });
  }

  /// The guest's thread is stuck in the one driver; the other driver's device still connects.
  @Test
  void stuckGuestsThreadDoesNotHoldUpThePlainDriver() {
    TestMachines.patiently(
        machine -> {
          TestGate[] gate = new TestGate[1];
          TestBackend vif =
              new TestBackend("vif", true) {
                @Override
                protected void onChanged(XenbusDevice device, XenbusState state) {
                  if (state == XenbusState.CONNECTED) {
                    gate[0].pass();
                  }
                  super.onChanged(device, state);
                }
              };
          TestBackend plain = new TestBackend("plain", false);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, vif, plain).started()) {
            gate[0] = new TestGate(bench.kernel.cpu());
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("vif", 1, "0", 4);
            gate[0].awaitEntered(1);
            bench.addDevice("plain", 1, "0");
            bench.awaitBackState("plain", 1, "0", 2);
            bench.frontState("plain", 1, "0", 4);
            bench.awaitBackState("plain", 1, "0", 4);
            assertEquals("2", bench.backState("vif", 1, "0"));
            gate[0].open();
            bench.awaitBackState("vif", 1, "0", 4);
          }
        });
  }
}

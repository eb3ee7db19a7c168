package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// W13: backends in a driver domain, here domain 5, have mtwatch too: the kernel that hosts them
/// has the parameter. And MT-10, the fault of the summit's version, which leaves them out.
class W13Test {
  private static final Domid DRIVER_DOMAIN = Domid.of(5);

  /// A driver whose device of guest 7 is stuck once its frontend is connected.
  private static final class StuckFor7 extends TestBackend {
    private final TestGate gate;

    StuckFor7(TestGate gate) {
      super("vif", true);
      this.gate = gate;
    }

    @Override
    protected void onChanged(XenbusDevice device, XenbusState state) {
      if (state == XenbusState.CONNECTED && device.otherEndDomid().value() == 7) {
        gate.pass();
      }
      super.onChanged(device, state);
    }
  }

  /// A driver domain with a stuck device of guest 7.
  private interface Stalled {
    void with(BackBench bench, TestGate gate, TestBackend driver) throws Exception;
  }

  private static void stalled(Machine machine, Mtwatch mtwatch, Stalled body) throws Exception {
    TestGate gate = new TestGate(machine.cpu("gate"));
    StuckFor7 driver = new StuckFor7(gate);
    try (BackBench bench = new BackBench(machine, DRIVER_DOMAIN, mtwatch, driver).started()) {
      bench.addDevice("vif", 7, "0");
      bench.awaitBackState("vif", 7, "0", 2);
      bench.frontState("vif", 7, "0", 4);
      gate.awaitEntered(1);
      body.with(bench, gate, driver);
    }
  }

  private static List<String> threadsOf(TestBackend driver, String device) {
    return driver.calls().stream()
        .filter(call -> call.contains(" " + device + " "))
        .map(call -> call.substring(call.indexOf('@') + 1))
        .distinct()
        .toList();
  }

  private static void aWhile(Machine machine) {
    Task.sleep(machine.isSimulated() ? 3_000_000_000L : 10_000_000L);
  }

  /// W5 in a driver domain: from the first probe to the last event.
  @Test
  void everyCallbackOfAGuestRunsInItsThread() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench =
              new BackBench(machine, DRIVER_DOMAIN, Mtwatch.SERIES, driver).started()) {
            for (int guest = 7; guest <= 9; guest++) {
              bench.addDevice("vif", guest, "0");
            }
            for (int guest = 7; guest <= 9; guest++) {
              bench.awaitBackState("vif", guest, "0", 2);
              bench.frontState("vif", guest, "0", 4);
              bench.awaitBackState("vif", guest, "0", 4);
              assertEquals(
                  List.of("xen-mtwatch-" + guest), threadsOf(driver, "vif-" + guest + "-0"));
            }
          }
        });
  }

  /// W4 in a driver domain.
  @Test
  void threadEndsWithTheGuestsLastDevice() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench =
              new BackBench(machine, DRIVER_DOMAIN, Mtwatch.SERIES, driver).started()) {
            bench.addDevice("vif", 7, "0");
            bench.addDevice("vif", 7, "1");
            bench.awaitBackState("vif", 7, "0", 2);
            bench.awaitBackState("vif", 7, "1", 2);
            bench.store.remove(bench.back("vif", 7, "0"));
            bench.await(() -> bench.deviceNames().equals(List.of("vif-7-1")));
            assertEquals(List.of("xen-mtwatch-7"), bench.threads());
            bench.store.remove(bench.back("vif", 7, "1"));
            bench.await(() -> bench.threads().isEmpty());
          }
        });
  }

  /// W2 in a driver domain: another guest comes, connects and goes, default events go on.
  @Test
  void stuckGuestDelaysNobodyElse() {
    TestMachines.patiently(
        machine ->
            stalled(
                machine,
                Mtwatch.SERIES,
                (bench, gate, driver) -> {
                  bench.addDevice("vif", 8, "0");
                  bench.awaitBackState("vif", 8, "0", 2);
                  bench.frontState("vif", 8, "0", 4);
                  bench.awaitBackState("vif", 8, "0", 4);
                  AtomicInteger defaults = new AtomicInteger();
                  bench.xs.watch("memory/target", path -> defaults.incrementAndGet());
                  bench.await(() -> defaults.get() == 1);
                  bench.destroy(8, "vif");
                  bench.await(() -> bench.deviceNames().equals(List.of("vif-7-0")));
                  assertEquals(List.of("xen-mtwatch-8"), threadsOf(driver, "vif-8-0"));
                  assertEquals("2", bench.backState("vif", 7, "0"));
                  gate.open();
                  bench.awaitBackState("vif", 7, "0", 4);
                }));
  }

  /// MT-10: without threads of their own, guests of a driver domain wait for the stuck one: with
  /// the version of the summit, and with none.
  @ParameterizedTest
  @EnumSource(names = {"SUMMIT", "OFF"})
  void mt10WithoutTheSeriesTheStuckGuestStopsTheOthers(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine ->
            stalled(
                machine,
                mtwatch,
                (bench, gate, driver) -> {
                  bench.addDevice("vif", 8, "0");
                  aWhile(machine);
                  assertEquals("1", bench.backState("vif", 8, "0"));
                  assertEquals(List.of(), bench.threads());
                  gate.open();
                  bench.awaitBackState("vif", 7, "0", 4);
                  bench.awaitBackState("vif", 8, "0", 2);
                  assertEquals(List.of("xenwatch"), threadsOf(driver, "vif-8-0"));
                }));
  }
}

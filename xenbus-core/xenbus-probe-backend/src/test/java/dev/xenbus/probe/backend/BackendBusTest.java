package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Devices of the backend bus: how they come, change and go.
class BackendBusTest {
  @ParameterizedTest
  @EnumSource
  void deviceIsProbedConnectedClosedAndRemoved(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, mtwatch, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("vif", 1, "0", 3);
            bench.awaitBackState("vif", 1, "0", 4);
            bench.frontState("vif", 1, "0", 4);
            bench.store.write(bench.back("vif", 1, "0") + "/online", "0");
            bench.frontState("vif", 1, "0", 6);
            bench.awaitBackState("vif", 1, "0", 6);
            bench.await(() -> bench.deviceNames().isEmpty());
            bench.await(() -> bench.xs.watchCount() == (mtwatch == Mtwatch.SUMMIT ? 3 : 1));
            // The watch is out of the list before the driver's remove begins.
            bench.await(() -> driver.calls().getLast().startsWith("remove vif-1-0"));
            List<String> calls = driver.calls();
            assertTrue(calls.getFirst().startsWith("probe vif-1-0"), () -> "" + calls);
          }
        });
  }

  /// The rules of slashes: too shallow paths are ignored; what is gone takes its devices along.
  @Test
  void pathsMakeAndRemoveDevicesByTheirSlashes() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.addDevice("vif", 5, "0");
            bench.addDevice("vif", 5, "1");
            bench.addDevice("vif", 6, "0");
            bench.await(() -> bench.deviceNames().size() == 3);
            bench.store.remove(bench.back("vif", 5, "1"));
            bench.await(() -> bench.deviceNames().equals(List.of("vif-5-0", "vif-6-0")));
            bench.store.remove("/local/domain/0/backend/vif/5");
            bench.await(() -> bench.deviceNames().equals(List.of("vif-6-0")));
            assertTrue(
                bench.kernel.logTexts().stream()
                    .anyMatch(l -> l.endsWith("device forcefully removed from xenstore")));
            // C32: a whole type removed at once leaves its devices.
            bench.store.remove("/local/domain/0/backend/vif");
            bench.store.write("/local/domain/0/backend/other", "");
            bench.xs.exists(dev.xenbus.api.XenbusTransaction.NONE, "x", "");
            assertEquals(List.of("vif-6-0"), bench.deviceNames());
          }
        });
  }

  @Test
  void folderInAnyOtherStateMakesNoDevice() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.store.write(bench.back("vif", 1, "0") + "/state", "6");
            bench.addDevice("vif", 2, "0");
            bench.awaitBackState("vif", 2, "0", 2);
            assertEquals(List.of("vif-2-0"), bench.deviceNames());
          }
        });
  }

  @Test
  void devicesThatAreThereAtStartAreFoundAndAStaleFolderHidesThoseBehindIt() {
    TestMachines.fair(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver)) {
            bench.addDevice("vif", 1, "0");
            bench.store.write(bench.back("vif", 2, "0") + "/state", "1");
            bench.addDevice("vif", 3, "0");
            bench.backends.start();
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
            // C31: a later write below it makes the hidden one appear.
            bench.store.write(bench.back("vif", 3, "0") + "/x", "");
            bench.await(() -> bench.deviceNames().size() == 2);
          }
        });
  }

  /// C61: two folders with one name.
  @Test
  void duplicateNameIsRefused() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.store.write("/local/domain/0/backend/vif/9/0/frontend", "/local/domain/1");
            bench.store.write("/local/domain/0/backend/vif/9/0/frontend-id", "1");
            bench.store.write("/local/domain/0/backend/vif/9/0/state", "1");
            bench.await(
                () ->
                    bench.kernel.logTexts().stream()
                        .anyMatch(l -> l.contains("cannot create duplicate filename")));
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
          }
        });
  }

  @Test
  void failedProbeIsReportedAndLeavesTheDeviceUnbound() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onProbe(XenbusDevice device, DriverContext context)
                    throws KernelException {
                  device.watch("/leftover", path -> {});
                  throw new KernelException(Errno.ENOSPC, "no room");
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.addDevice("vif", 1, "0");
            String error = "/local/domain/0/error/backend/vif/1/0/error";
            bench.await(() -> bench.store.read(error).isPresent());
            assertEquals(
                "28 xenbus_dev_probe on backend/vif/1/0", bench.store.read(error).orElseThrow());
            assertEquals("1", bench.backState("vif", 1, "0"));
            bench.await(() -> bench.xs.watchCount() == 1);
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
          }
        });
  }

  /// C28: a device that is being probed is skipped, not waited for.
  @Test
  void reclaimSkipsADeviceThatIsBeingProbed() {
    TestMachines.patiently(
        machine -> {
          TestGate[] gate = new TestGate[1];
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onProbe(XenbusDevice device, DriverContext context) {
                  if (device.busId().equals("vif-2-0")) {
                    gate[0].pass();
                  }
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            gate[0] = new TestGate(bench.kernel.cpu());
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.addDevice("vif", 2, "0");
            gate[0].awaitEntered(1);
            bench.await(
                () -> {
                  bench.backends.reclaimMemory();
                  return driver.calls().stream().anyMatch(c -> c.startsWith("reclaim vif-1-0"));
                });
            assertTrue(driver.calls().stream().noneMatch(c -> c.startsWith("reclaim vif-2-0")));
            gate[0].open();
            bench.awaitBackState("vif", 2, "0", 2);
          }
        });
  }

  @Test
  void driverIsAnnouncedOnce() {
    TestMachines.fair(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            assertEquals(
                1,
                bench.kernel.logTexts().stream()
                    .filter(l -> l.startsWith("test_vifback: backend driver for vif, mtwatch yes"))
                    .count());
          }
        });
  }

  /// C59: a driver that allows it is taken away and comes back; the store's state stays.
  @Test
  void driverMayGoAndComeBack() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("vif", 1, "0", 4);
            bench.awaitBackState("vif", 1, "0", 4);
            bench.backends.unregister(driver);
            assertEquals("4", bench.backState("vif", 1, "0"));
            bench.await(() -> bench.threads().isEmpty());
            bench.backends.register(driver);
            bench.await(() -> bench.threads().equals(List.of("xen-mtwatch-1")));
            bench.awaitBackState("vif", 1, "0", 4);
          }
        });
  }

  /// C21: the driver is taken away while a callback of the device unregisters it.
  @Test
  void callbackThatUnregistersWhileTheDriverGoesDoesNotDeadlock() {
    TestMachines.patiently(
        machine -> {
          TestGate[] gate = new TestGate[1];
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onChanged(XenbusDevice device, XenbusState state) {
                  if (state == XenbusState.CLOSED) {
                    gate[0].pass();
                    device.unregister();
                  }
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            gate[0] = new TestGate(bench.kernel.cpu());
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("vif", 1, "0", 6);
            gate[0].awaitEntered(1);
            Task rmmod =
                bench
                    .kernel
                    .cpu()
                    .kthread(
                        "rmmod",
                        self -> {
                          bench.backends.unregister(driver);
                          return 0;
                        });
            rmmod.wake();
            bench.await(() -> rmmod.state() == Task.State.D);
            gate[0].open();
            rmmod.stop();
            bench.await(() -> bench.deviceNames().isEmpty());
            assertEquals(1, driver.calls().stream().filter(c -> c.startsWith("remove")).count());
          }
        });
  }

  /// C27: a device is removed from inside of its own callback; nothing of it is left.
  @Test
  void guestThatIsDestroyedLeavesNothing() {
    TestMachines.patiently(
        machine -> {
          TestBackend vif = new TestBackend("vif", true);
          TestBackend vbd = new TestBackend("vbd", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, vif, vbd).started()) {
            for (int round = 0; round < 5; round++) {
              for (int guest = 1; guest <= 3; guest++) {
                bench.addDevice("vif", guest, "0");
                bench.addDevice("vbd", guest, "0");
              }
              bench.await(() -> bench.deviceNames().size() == 6);
              for (int guest = 1; guest <= 3; guest++) {
                bench.destroy(guest, "vif", "vbd");
                bench.store.remove("/local/domain/0/backend/vif/" + guest);
                bench.store.remove("/local/domain/0/backend/vbd/" + guest);
              }
              bench.await(() -> bench.deviceNames().isEmpty());
            }
            bench.await(() -> bench.threads().isEmpty());
            bench.await(() -> bench.xs.watchCount() == 1);
          }
        });
  }

  @Test
  void rootWatchIsRoutedByThePathAndTheDriver() {
    TestMachines.fair(
        machine -> {
          TestBackend vif = new TestBackend("vif", true);
          TestBackend plain = new TestBackend("plain", false);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, vif, plain).started()) {
            assertEquals(Domid.of(3), bench.backends.ownerOf("backend/vif/3"));
            assertEquals(Domid.of(3), bench.backends.ownerOf("backend/vif/3/0/state"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/vif"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/vif/"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/vif/x3/0"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/vif/-3/0"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/vif/99999/0"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/vif/3333333333/0"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/plain/3/0"));
            assertEquals(Domid.DOM0, bench.backends.ownerOf("backend/none/3/0"));
            assertFalse(bench.xs.routesEventsOf(false));
          }
        });
  }

  @Test
  void parametersAndContextReachTheDriver() {
    TestMachines.fair(
        machine -> {
          AtomicInteger seen = new AtomicInteger();
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onProbe(XenbusDevice device, DriverContext context) {
                  if (context.parameters().equals(TestKernel.NO_PARAMETERS)
                      && context.kernel() instanceof TestKernel
                      && context.xenbus().equals(device.xenbus())
                      && device.otherEndDomid().equals(Domid.of(1))) {
                    seen.incrementAndGet();
                  }
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            assertEquals(1, seen.get());
          }
        });
  }

  /// C56: a tool sets a backend's state back to Initialising: nothing is published any more.
  @Test
  void c56BackendWhoseStateIsResetPublishesNothingMore() {
    TestMachines.fair(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.store.write(bench.back("vif", 1, "0") + "/state", "1");
            bench.frontState("vif", 1, "0", 4);
            bench.await(
                () -> driver.calls().stream().anyMatch(c -> c.startsWith("changed vif-1-0 Conn")));
            bench.frontState("vif", 1, "0", 5);
            bench.await(
                () ->
                    driver.calls().stream().anyMatch(c -> c.startsWith("changed vif-1-0 Closing")));
            assertEquals("1", bench.backState("vif", 1, "0"));
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
          }
        });
  }
}

package dev.xenbus.probe.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestFrontend;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/// Devices of the frontend bus: how they come, connect, are replaced, and go.
class FrontendBusTest {
  @Test
  void deviceConnectsAndGoes() {
    TestMachines.patiently(
        machine -> {
          TestFrontend driver = new TestFrontend("vbd");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vbd", "51712");
            bench.device("vbd-51712");
            bench.connect("vbd", "51712");
            bench.backState("vbd", "51712", 5);
            bench.awaitFrontState("vbd", "51712", 6);
            bench.store.remove(FrontBench.front("vbd", "51712"));
            bench.await(() -> bench.deviceNames().isEmpty());
            assertEquals("gone", bench.frontState("vbd", "51712"));
            // A device is out of the list before its driver is taken away.
            bench.await(() -> driver.calls().getLast().equals("remove vbd-51712"));
            bench.await(() -> bench.xs.watchCount() == 1);
          }
        });
  }

  @Test
  void devicesThatAreThereAtBootGetTheirDriversLaterExceptTheFirstConsole() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver)) {
            bench.addDevice("vif", "0");
            bench.addDevice("console", "0");
            bench.addDevice("console", "1");
            bench.frontends.start();
            assertEquals(List.of("console-1", "vif-0"), bench.deviceNames());
            assertEquals("probe vif-0", driver.calls().getFirst());
          }
        });
  }

  /// Of a frontend there is less to say than of a backend.
  @Test
  void ueventOfAFrontendHasItsDriverAndItsAlias() {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine, new TestFrontend("vif")).started()) {
            bench.addDevice("vif", "0");
            bench.addDevice("vbd", "51712");
            bench.device("vbd-51712");
            bench.await(() -> bench.xs.watchCount() == 2); // vif-0 is bound
            String folder = "/sys/bus/xen/devices/";
            assertEquals(
                "DRIVER=vif\nMODALIAS=xen:vif\n",
                bench.kernel.files().read(folder + "vif-0/uevent"));
            assertEquals(
                "MODALIAS=xen:vbd\n", bench.kernel.files().read(folder + "vbd-51712/uevent"));
          }
        });
  }

  @Test
  void nameThatIsTooLongMakesNoDevice() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0123456789012345");
            bench.addDevice("vif", "012345678901234");
            bench.device("vif-012345678901234");
            assertEquals(List.of("vif-012345678901234"), bench.deviceNames());
            assertTrue(
                bench
                    .kernel
                    .logTexts()
                    .contains("xenbus_probe_frontend: bad frontend /vif/0123456789012345"));
          }
        });
  }

  @Test
  void nameWithoutAnIdIsSaid() {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine).started()) {
            bench.store.write("/local/domain/7/device/vif/state", "1");
            KernelException e =
                assertThrows(
                    KernelException.class,
                    () -> bench.frontends.bus().probeNode("vif", "device/vif"));
            assertEquals(Errno.EINVAL, e.errno());
            assertTrue(
                bench.kernel.logTexts().contains("xenbus_probe_frontend: bus_id vif no slash"));
          }
        });
  }

  /// C16: the backend died, and the toolstack made another device in its place before the guest
  /// looked.
  @Test
  void replacedDeviceIsProbedAfresh() {
    TestMachines.patiently(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.connect("vif", "0");
            bench.addDevice("vif", 3, "0");
            bench.await(
                () -> driver.calls().stream().filter(c -> c.equals("probe vif-0")).count() == 2);
            bench.await(() -> bench.deviceNames().equals(List.of("vif-0")));
            assertEquals(Domid.of(3), bench.device("vif-0").otherEndDomid());
            assertTrue(driver.calls().contains("remove vif-0"));
            assertTrue(
                bench.kernel.logTexts().contains("vif vif-0: state reset occurred, reconnecting"));
            // C15: the old device wrote nothing over the new one's state.
            assertEquals("1", bench.frontState("vif", "0"));
          }
        });
  }

  @Test
  void shutdownClosesConnectedDevicesAndSkipsOthers() {
    TestMachines.patiently(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.addDevice("vif", "1");
            bench.device("vif-0");
            bench.device("vif-1");
            bench.connect("vif", "0");
            bench.await(() -> bench.device("vif-0").state().code() == 4);
            bench.kernel.systemState(Kernel.SystemState.HALTING);
            // A backend that answers Closing with Closing.
            var backend =
                bench
                    .kernel
                    .cpu()
                    .kthread(
                        "backend",
                        self -> {
                          bench.awaitFrontState("vif", "0", 5);
                          bench.backState("vif", "0", 5);
                          return 0;
                        });
            backend.wake();
            bench.frontends.shutdown();
            assertEquals("6", bench.frontState("vif", "0"));
            assertTrue(
                bench
                    .kernel
                    .logTexts()
                    .contains("vif vif-1: device/vif/1: Initialising != Connected, skipping"));
            assertTrue(driver.calls().stream().noneMatch(c -> c.endsWith("Closing")));
            backend.stop();
          }
        });
  }

  /// Nobody takes a driver away from a device whose other end is waited for.
  @Test
  void shutdownHoldsTheDevicesLock() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.connect("vif", "0");
            bench.await(() -> bench.device("vif-0").state().code() == 4);
            bench.kernel.systemState(Kernel.SystemState.HALTING);
            List<String> order = new CopyOnWriteArrayList<>();
            Task unbinder =
                bench
                    .kernel
                    .cpu()
                    .kthread(
                        "unbinder",
                        self -> {
                          bench.awaitFrontState("vif", "0", 5);
                          try {
                            bench.kernel.files().write("/sys/bus/xen/drivers/vif/unbind", "vif-0");
                          } catch (KernelException e) {
                            throw new IllegalStateException(e);
                          }
                          order.add("unbound");
                          return 0;
                        });
            unbinder.wake();
            bench.frontends.shutdown();
            order.add("shut down");
            unbinder.stop();
            assertEquals(List.of("shut down", "unbound"), order);
            assertEquals("remove vif-0", driver.calls().getLast());
          }
        });
  }

  @Test
  void shutdownGivesUpAfterFiveSeconds() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.connect("vif", "0");
            bench.await(() -> bench.device("vif-0").state().code() == 4);
            bench.kernel.systemState(Kernel.SystemState.HALTING);
            long began = machine.clock().nanos();
            bench.frontends.shutdown();
            assertEquals(5, (machine.clock().nanos() - began) / 1_000_000_000L);
            assertTrue(
                bench.kernel.logTexts().contains("vif vif-0: device/vif/0 timeout closing device"));
          }
        });
  }

  @Test
  void restoreReadsTheOtherEndAnewAndLetsTheDriverConnect() {
    TestMachines.patiently(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.connect("vif", "0");
            bench.frontends.freeze();
            bench.xs.suspend();
            String newBack = "/local/domain/9/backend/vif/7/0";
            bench.store.write(newBack + "/state", "2");
            bench.store.write(FrontBench.front("vif", "0") + "/backend", newBack);
            bench.store.write(FrontBench.front("vif", "0") + "/backend-id", "9");
            bench.xs.resume();
            bench.frontends.restore();
            assertEquals(Domid.of(9), bench.device("vif-0").otherEndDomid());
            bench.awaitFrontState("vif", "0", 3);
            assertTrue(driver.calls().containsAll(List.of("suspend vif-0", "resume vif-0")));
          }
        });
  }
}

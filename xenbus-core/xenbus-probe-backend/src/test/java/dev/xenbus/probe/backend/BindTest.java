package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.abi.Errno;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// An administrator takes drivers away from devices and gives them back, through sysfs.
class BindTest {
  private static final String FOLDER = "/sys/bus/xen-backend/drivers/vif/";

  private static Errno errnoOf(Executable write) {
    return assertThrows(KernelException.class, write).errno();
  }

  /// C59: with `allow_rebind` an unbind leaves the published state, and a bind connects again.
  @Test
  void driverThatAllowsItIsUnboundAndBoundWithoutTheFrontendNoticing() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("vif", 1, "0", 4);
            bench.awaitBackState("vif", 1, "0", 4);
            bench.kernel.files().write(FOLDER + "unbind", "vif-1-0\n");
            assertEquals("4", bench.backState("vif", 1, "0"));
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
            bench.await(() -> bench.threads().isEmpty());
            bench.kernel.files().write(FOLDER + "bind", "vif-1-0\n");
            bench.awaitBackState("vif", 1, "0", 4);
            bench.await(() -> bench.threads().equals(List.of("xen-mtwatch-1")));
            assertEquals(2, driver.calls().stream().filter(c -> c.startsWith("probe")).count());
          }
        });
  }

  /// C59: the toolstack has asked for Closing: an unbind answers Closed all the same.
  @Test
  void unbindAnswersAToolstackThatForcesClosing() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.store.write(bench.back("vif", 1, "0") + "/state", "5");
            bench.kernel.files().write(FOLDER + "unbind", "vif-1-0\n");
            assertEquals("6", bench.backState("vif", 1, "0"));
          }
        });
  }

  @Test
  void driverThatDoesNotAllowItPublishesClosed() {
    TestMachines.patiently(
        machine -> {
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                public boolean allowsRebind() {
                  return false;
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.kernel.files().write(FOLDER + "unbind", "vif-1-0");
            assertEquals("6", bench.backState("vif", 1, "0"));
          }
        });
  }

  @Test
  void wrongNamesAndStatesAreErrnos() {
    TestMachines.fair(
        machine -> {
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onProbe(XenbusDevice device, DriverContext context)
                    throws KernelException {
                  if (device.busId().equals("vif-2-0")) {
                    throw new KernelException(Errno.ENOMEM, "on purpose");
                  }
                }
              };
          TestBackend vbd = new TestBackend("vbd", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver, vbd).started()) {
            bench.addDevice("vif", 1, "0");
            bench.addDevice("vif", 2, "0");
            bench.addDevice("vbd", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.awaitBackState("vbd", 1, "0", 2);
            bench.await(() -> bench.deviceNames().size() == 3);
            var files = bench.kernel.files();
            assertEquals(Errno.ENODEV, errnoOf(() -> files.write(FOLDER + "bind", "vif-9-0")));
            assertEquals(Errno.ENODEV, errnoOf(() -> files.write(FOLDER + "bind", "vbd-1-0")));
            assertEquals(Errno.EBUSY, errnoOf(() -> files.write(FOLDER + "bind", "vif-1-0")));
            assertEquals(Errno.ENOMEM, errnoOf(() -> files.write(FOLDER + "bind", "vif-2-0")));
            assertEquals(Errno.ENODEV, errnoOf(() -> files.write(FOLDER + "unbind", "vif-2-0")));
            assertEquals(Errno.EACCES, errnoOf(() -> files.read(FOLDER + "bind")));
            bench.backends.unregister(driver);
            assertEquals(Errno.ENOENT, errnoOf(() -> files.write(FOLDER + "bind", "vif-1-0")));
          }
        });
  }
}

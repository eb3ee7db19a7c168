package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Drivers of the backend bus: which devices they get, what an administrator sees, what a probe
/// reads first.
class BackendDriversTest {
  @Test
  void missingFrontendFolderAfterNamingFailsTheDevice() {
    TestMachines.fair(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            AtomicInteger asked = new AtomicInteger();
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.DIRECTORY
                            && strings.getFirst().endsWith("/device/vif/0")
                            && asked.incrementAndGet() > 1
                        ? new StoreScript.Fail(Errno.ENOENT)
                        : StoreScript.Verdict.SERVE);
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 5);
            assertEquals(
                "2 unable to read other end from backend/vif/1/0.  missing or inaccessible.",
                bench.store.read("/local/domain/0/error/backend/vif/1/0/error").orElseThrow());
            assertTrue(
                bench
                    .kernel
                    .logTexts()
                    .contains("xenbus_probe: talk_to_otherend on backend/vif/1/0 failed."));
            assertEquals(List.of(), driver.calls());
          }
        });
  }

  /// The name is made of the number, and so is what the probe wants to know: a number that becomes
  /// none in between fails the device.
  @Test
  void frontendIdThatIsNoNumberIsEinval() {
    TestMachines.fair(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            AtomicInteger asked = new AtomicInteger();
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.READ
                            && strings.getFirst().endsWith("/frontend-id")
                            && asked.incrementAndGet() > 1
                        ? new StoreScript.Answer(MessageType.READ.code(), -1, "one")
                        : StoreScript.Verdict.SERVE);
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 5);
            assertEquals(
                "22 reading other end details from backend/vif/1/0",
                bench.store.read("/local/domain/0/error/backend/vif/1/0/error").orElseThrow());
            String bind = "/sys/bus/xen-backend/drivers/vif/bind";
            assertEquals(
                Errno.EINVAL,
                assertThrows(
                        KernelException.class, () -> bench.kernel.files().write(bind, "vif-1-0"))
                    .errno());
          }
        });
  }

  @Test
  void sysfsShowsWhatTheKernelDoes() {
    TestMachines.fair(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            String folder = "/sys/bus/xen-backend/devices/vif-1-0/";
            String threshold = folder + "xenbus/spurious_threshold";
            bench.await(
                () -> {
                  try {
                    return bench.kernel.files().read(threshold).equals("1\n");
                  } catch (KernelException _) {
                    return false;
                  }
                });
            assertEquals("backend/vif/1/0\n", bench.kernel.files().read(folder + "nodename"));
            assertEquals("vif\n", bench.kernel.files().read(folder + "devtype"));
            assertEquals("xen-backend:vif\n", bench.kernel.files().read(folder + "modalias"));
            assertEquals("InitWait\n", bench.kernel.files().read(folder + "state"));
            assertEquals(
                """
                DRIVER=vif
                MODALIAS=xen-backend:vif
                XENBUS_TYPE=vif
                XENBUS_PATH=backend/vif/1/0
                XENBUS_BASE_PATH=backend
                """,
                bench.kernel.files().read(folder + "uevent"));
            EventStatistics counts = bench.backends.bus().devices().getFirst().eventStatistics();
            counts.channels(2);
            for (int i = 0; i < 3; i++) {
              counts.event();
            }
            counts.spurious(0);
            counts.spurious(7);
            for (String count :
                List.of(
                    "event_channels 2", "events 3", "spurious_events 2", "jiffies_eoi_delayed 7")) {
              String[] pair = count.split(" ", -1);
              assertEquals(
                  pair[1] + "\n", bench.kernel.files().read(folder + "xenbus/" + pair[0]), count);
            }
            bench.kernel.files().write(threshold, "0x3\n");
            assertEquals("3\n", bench.kernel.files().read(threshold));
            for (String good :
                List.of("4294967295", "010 8", "+7\n 7", "0xFFFFFFFF 4294967295", "0 0")) {
              String[] pair = good.split(" ", -1);
              bench.kernel.files().write(threshold, pair[0]);
              assertEquals(
                  pair[pair.length - 1] + "\n", bench.kernel.files().read(threshold), good);
            }
            for (String bad :
                List.of("many\n", "5x", "-1", "", "\n", " 5", "5 ", "0x", "08", "5\n\n")) {
              assertEquals(
                  Errno.EINVAL,
                  assertThrows(
                          KernelException.class, () -> bench.kernel.files().write(threshold, bad))
                      .errno(),
                  bad);
            }
            assertEquals(
                Errno.ERANGE,
                assertThrows(
                        KernelException.class,
                        () -> bench.kernel.files().write(threshold, "4294967296"))
                    .errno());
            bench.destroy(1, "vif");
            bench.await(() -> bench.deviceNames().isEmpty());
            bench.await(
                () -> {
                  try {
                    bench.kernel.files().read(folder + "state");
                    return false;
                  } catch (KernelException _) {
                    return true;
                  }
                });
          }
        });
  }

  /// What the driver adds is there while the device is bound, and the driver's name.
  @Test
  void ueventHasWhatTheDriverAddsWhileTheDeviceIsBound() {
    TestMachines.fair(
        machine -> {
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected List<String> ueventOf(XenbusDevice device) {
                  return List.of("script=vif-bridge", "vif=" + device.busId());
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            String file = "/sys/bus/xen-backend/devices/vif-1-0/uevent";
            bench.await(() -> bench.xs.watchCount() == 2); // it is bound
            String bus =
                """
                MODALIAS=xen-backend:vif
                XENBUS_TYPE=vif
                XENBUS_PATH=backend/vif/1/0
                XENBUS_BASE_PATH=backend
                """;
            assertEquals(
                "DRIVER=vif\n" + bus + "script=vif-bridge\nvif=vif-1-0\n",
                bench.kernel.files().read(file));
            bench.kernel.files().write("/sys/bus/xen-backend/drivers/vif/unbind", "vif-1-0");
            assertEquals(bus, bench.kernel.files().read(file));
          }
        });
  }

  /// A driver that comes is offered the devices of its type, and no driver those of another type
  /// that it could not serve before, or that were taken away from it by hand.
  @Test
  void driverOfAnotherTypeProbesNoDeviceAnew() {
    TestMachines.fair(
        machine -> {
          TestBackend vif = new TestBackend("vif", true);
          TestBackend vbd = new TestBackend("vbd", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, vif).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.addDevice("vbd", 1, "51712");
            bench.await(() -> bench.deviceNames().size() == 2);
            bench.kernel.files().write("/sys/bus/xen-backend/drivers/vif/unbind", "vif-1-0");
            long probes = vif.calls().stream().filter(c -> c.startsWith("probe")).count();
            bench.backends.register(vbd);
            bench.awaitBackState("vbd", 1, "51712", 2);
            assertEquals(1, probes);
            assertEquals(1, vif.calls().stream().filter(c -> c.startsWith("probe")).count());
          }
        });
  }

  @Test
  void twoDriversForOneTypeAreAnErrorThatNamesBoth() {
    TestMachines.fair(
        machine -> {
          TestBackend one = new TestBackend("vif", true);
          TestBackend two =
              new TestBackend("vif", false) {
                @Override
                public String name() {
                  return "other_vifback";
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.OFF, one, two)) {
            String message =
                String.valueOf(
                    assertThrows(IllegalArgumentException.class, bench.backends::start)
                        .getMessage());
            assertTrue(message.contains("test_vifback of"), message);
            assertTrue(message.contains("other_vifback of"), message);
          }
        });
  }
}

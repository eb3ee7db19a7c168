package dev.xenbus.probe.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestFrontend;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.StoreConnection;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a guest does with its devices while it boots: the reset of those that an earlier kernel
/// left
/// behind, and the wait until they can be used.
class FrontendBootTest {
  private static final long SECOND = 1_000_000_000L;

  private static List<String> bootLines(FrontBench bench) {
    return bench.kernel.logTexts().stream()
        .filter(line -> line.startsWith("xenbus_probe_frontend: "))
        .map(line -> line.substring("xenbus_probe_frontend: ".length()))
        .toList();
  }

  private static List<String> statesWritten(FrontBench bench) {
    return bench.store.log().stream()
        .filter(line -> line.startsWith("dom7 WRITE device/vif/0/state "))
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .toList();
  }

  /// A backend that answers each state of the frontend as the real ones do.
  private static Task backend(FrontBench bench) throws Exception {
    Task task =
        bench
            .kernel
            .cpu()
            .kthread(
                "backend",
                self -> {
                  bench.awaitFrontState("vif", "0", 5);
                  bench.backState("vif", "0", 5);
                  bench.awaitFrontState("vif", "0", 6);
                  bench.backState("vif", "0", 6);
                  bench.awaitFrontState("vif", "0", 1);
                  bench.backState("vif", "0", 2);
                  return 0;
                });
    task.wake();
    return task;
  }

  /// kdump: both sides are Connected; the dance ends where a probe can begin.
  @Test
  void connectedDeviceIsResetAndThenProbed() {
    TestMachines.patiently(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, StoreConnection.Kind.HVM, driver)) {
            bench.addDevice("vif", "0");
            bench.store.write(FrontBench.front("vif", "0") + "/state", "4");
            bench.backState("vif", "0", 4);
            Task backend = backend(bench);
            bench.frontends.start();
            backend.stop();
            String path = FrontBench.back("vif", "0");
            assertEquals(
                List.of("triggering reconnect on " + path, "reconnect done on " + path),
                bootLines(bench).subList(0, 2));
            assertEquals(List.of("5", "6", "1"), statesWritten(bench).subList(0, 3));
            assertEquals(List.of("vif-0"), bench.deviceNames());
            bench.awaitFrontState("vif", "0", 3);
          }
        });
  }

  /// kexec: both sides are Closed, and the backend does not answer.
  @Test
  void backendThatDoesNotAnswerTimesOutAfterFiveSeconds() {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine, StoreConnection.Kind.HVM)) {
            bench.addDevice("vif", "0");
            bench.store.write(FrontBench.front("vif", "0") + "/state", "6");
            bench.backState("vif", "0", 5);
            long began = machine.clock().nanos();
            bench.frontends.start();
            assertEquals(10, (machine.clock().nanos() - began) / SECOND);
            assertEquals(List.of("6", "1"), statesWritten(bench));
            String late = "backend " + FrontBench.back("vif", "0") + " timed out";
            assertEquals(2, bootLines(bench).stream().filter(late::equals).count());
          }
        });
  }

  /// A PV guest has no predecessor: nothing is reset.
  @Test
  void pvGuestResetsNothing() {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine)) {
            bench.addDevice("vif", "0");
            bench.store.write(FrontBench.front("vif", "0") + "/state", "6");
            bench.frontends.start();
            assertEquals(List.of(), statesWritten(bench));
            assertTrue(bench.store.log().stream().noneMatch(l -> l.contains("RESET_WATCHES")));
          }
        });
  }

  /// The store forgets what an earlier kernel watched, where the toolstack says that it can.
  @Test
  void watchesOfAnEarlierKernelAreReset() {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine, StoreConnection.Kind.HVM)) {
            assertTrue(bench.store.log().stream().noneMatch(l -> l.contains("RESET_WATCHES")));
          }
          try (FrontBench bench =
              new FrontBench(
                  machine,
                  StoreConnection.Kind.HVM,
                  "/local/domain/7/control/platform-feature-xs_reset_watches")) {
            assertTrue(bench.store.log().stream().anyMatch(l -> l.contains("RESET_WATCHES")));
            // The scripted store does not know the request: logged, and the boot goes on.
            assertTrue(bench.kernel.logTexts().contains("xs_reset_watches failed: -38"));
          }
        });
  }

  /// 30 s for all devices, then until 270 s for the essential ones, with a line every 5 s.
  @Test
  void waitsThirtySecondsForAllAndTwoHundredSeventyForEssentialDevices() {
    TestMachines.fair(
        machine -> {
          TestFrontend essential = new TestFrontend("vbd");
          TestFrontend other =
              new TestFrontend("vif") {
                @Override
                public boolean isNotEssential() {
                  return true;
                }
              };
          try (FrontBench bench = new FrontBench(machine, other)) {
            bench.addDevice("vif", "0");
            bench.addDevice("pci", "0");
            bench.frontends.start();
            long began = machine.clock().nanos();
            bench.frontends.waitForDevices();
            assertEquals(30, (machine.clock().nanos() - began) / SECOND);
            assertEquals(
                List.of(
                    "Waiting for devices to initialise: 25s...",
                    "20s...",
                    "15s...",
                    "10s...",
                    "5s...",
                    "0s...",
                    "Device with no driver: device/pci/0",
                    "Timeout connecting to device: device/vif/0 (local state 1, remote state 1)"),
                bootLines(bench).stream().filter(l -> !l.contains("frontend driver")).toList());
            bench.addDevice("vbd", "1");
            bench.device("vbd-1");
            began = machine.clock().nanos();
            bench.frontends.register(essential);
            assertEquals(270, (machine.clock().nanos() - began) / SECOND);
          }
        });
  }

  /// A device that published Connected counts once its driver says that it is ready.
  @Test
  void waitsUntilADriverIsReady() {
    TestMachines.fair(
        machine -> {
          long ready = machine.clock().nanos() + 7 * SECOND;
          TestFrontend driver =
              new TestFrontend("vbd") {
                @Override
                public Instance probe(XenbusDevice device, DriverContext context)
                    throws KernelException {
                  Instance inner = super.probe(device, context);
                  return new Instance() {
                    @Override
                    public void otherEndChanged(XenbusState state) {
                      inner.otherEndChanged(state);
                    }

                    @Override
                    public void remove() {
                      inner.remove();
                    }

                    @Override
                    public boolean isReady() {
                      return machine.clock().nanos() >= ready;
                    }
                  };
                }
              };
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vbd", "0");
            bench.device("vbd-0");
            bench.connect("vbd", "0");
            bench.await(() -> bench.device("vbd-0").state() == XenbusState.CONNECTED);
            bench.frontends.waitForDevices();
            assertEquals(7, machine.clock().nanos() / SECOND);
            assertEquals(Domid.DOM0, bench.device("vbd-0").otherEndDomid());
          }
        });
  }
}

package dev.xenbus.probe.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Task;
import dev.xenbus.probe.BusDevice;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestFrontend;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Hazards of the bus, most of them kept as the real kernel has them, by their items in
/// `docs/reference/concurrency.md`.
class BusHazardsTest {
  private static void aWhile(dev.xenbus.machine.Machine machine) {
    Task.sleep(machine.isSimulated() ? 1_000_000_000L : 20_000_000L);
  }

  private static boolean reads(MessageType type, List<String> strings, String path) {
    return type == MessageType.READ && strings.getFirst().equals(path);
  }

  private static long resets(FrontBench bench) {
    return bench.kernel.logTexts().stream()
        .filter(line -> line.endsWith("state reset occurred, reconnecting"))
        .count();
  }

  /// C17: `xenwatch` has read Initialising, and compares it with what another thread has published
  /// meanwhile: a live device is taken for one that was made anew.
  @Test
  void c17StateThatIsPublishedBetweenReadAndCompareIsTakenForAReset() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            BusDevice device = bench.device("vif-0");
            bench.await(() -> bench.xs.watchCount() == 2);
            bench.store.script(
                (from, type, strings) ->
                    reads(type, strings, "device/vif/0/backend-id")
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            bench.store.write(FrontBench.front("vif", "0") + "/x", "");
            bench.store.awaitHeld(1);
            device.switchState(XenbusState.INITIALISED);
            bench.store.script(StoreScript.SERVE_ALL);
            bench.store.answerHeld(0);
            bench.await(() -> resets(bench) == 1);
            bench.await(() -> driver.calls().contains("remove vif-0"));
            // And it does not come again: the folder's state is not Initialising.
            aWhile(machine);
            assertEquals(List.of(), bench.deviceNames());
            assertEquals("3", bench.frontState("vif", "0"));
          }
        });
  }

  /// C18: the store has Initialising again and has told of it, but the reply to the commit is on
  /// its way, and the cache is as before.
  @Test
  void c18CommitThatIsSeenBeforeTheCacheIsTakenForAReset() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            BusDevice device = bench.device("vif-0");
            bench.connect("vif", "0");
            bench.backState("vif", "0", 6);
            bench.awaitFrontState("vif", "0", 6);
            bench.await(() -> device.state() == XenbusState.CLOSED);
            AtomicBoolean held = new AtomicBoolean();
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.TRANSACTION_END && held.compareAndSet(false, true)
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            Task switcher =
                bench
                    .kernel
                    .cpu()
                    .kthread(
                        "switcher",
                        self -> {
                          device.switchState(XenbusState.INITIALISING);
                          return 0;
                        });
            switcher.wake();
            bench.store.awaitHeld(1);
            // What the commit does, seen before its reply is.
            bench.store.write(FrontBench.front("vif", "0") + "/state", "1");
            bench.await(() -> resets(bench) == 1);
            bench.store.script(StoreScript.SERVE_ALL);
            bench.store.answerHeld(0);
            switcher.stop();
            bench.await(
                () -> driver.calls().stream().filter(c -> c.equals("probe vif-0")).count() == 2);
            assertEquals(1, driver.calls().stream().filter(c -> c.equals("remove vif-0")).count());
          }
        });
  }

  /// C29: the first event of the root watch is too shallow to find what came after the listing.
  @Test
  void c29DeviceMadeBetweenListingAndWatchIsFoundWithTheNextWrite() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver)) {
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.WATCH && strings.getFirst().equals("device")
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            Task boot =
                bench
                    .kernel
                    .cpu()
                    .kthread(
                        "boot",
                        self -> {
                          try {
                            bench.frontends.start();
                          } catch (KernelException e) {
                            throw new IllegalStateException(e);
                          }
                          return 0;
                        });
            boot.wake();
            bench.store.awaitHeld(1);
            bench.addDevice("vif", "0");
            bench.store.script(StoreScript.SERVE_ALL);
            bench.store.answerHeld(0);
            boot.stop();
            aWhile(machine);
            assertEquals(List.of(), bench.deviceNames());
            bench.store.write(FrontBench.front("vif", "0") + "/x", "");
            bench.await(() -> bench.deviceNames().equals(List.of("vif-0")));
          }
        });
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

  /// A driver that waits for its backend in its probe, as netfront does: in rounds, without end.
  private static final class WaitingFrontend extends TestFrontend {
    private final AtomicInteger rounds = new AtomicInteger();
    private final AtomicBoolean givesUp = new AtomicBoolean();

    WaitingFrontend() {
      super("vif");
    }

    @Override
    public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
      XenbusState backend = device.readOtherEndState();
      while (backend == XenbusState.CLOSED || backend == XenbusState.UNKNOWN) {
        if (givesUp.get()) {
          throw new KernelException(Errno.ENODEV, "waited in vain");
        }
        rounds.incrementAndGet();
        Task.sleep(5_000_000_000L);
        backend = device.readOtherEndState();
      }
      return super.probe(device, context);
    }
  }

  /// C20: a device is made anew while its old driver waits for the old backend: that one sees
  /// Unknown from then on and waits for ever, whatever the old backend does. Nobody waits for it:
  /// `xenwatch` goes on. Once it gives up the new device is made.
  @Test
  void c20DeviceThatVanishesInsideOfAProbeThatWaits() {
    TestMachines.fair(
        machine -> {
          WaitingFrontend driver = new WaitingFrontend();
          try (FrontBench bench = new FrontBench(machine).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.backState("vif", "0", 6);
            Task modprobe =
                bench
                    .kernel
                    .cpu()
                    .kthread(
                        "modprobe",
                        self -> {
                          bench.frontends.register(driver);
                          return 0;
                        });
            modprobe.wake();
            bench.await(() -> driver.rounds.get() == 1);
            bench.addDevice("vif", 3, "0");
            bench.await(() -> resets(bench) == 1);
            bench.backState("vif", "0", 2);
            bench.addDevice("vif", "1");
            bench.device("vif-1");
            Task.sleep(1_000_000_000_000L);
            assertTrue(driver.rounds.get() > 200, () -> driver.rounds + " rounds");
            assertEquals(List.of("vif-1"), bench.deviceNames());
            assertEquals(List.of("probe vif-1"), probes(driver));
            driver.givesUp.set(true);
            modprobe.stop();
            bench.await(() -> probes(driver).equals(List.of("probe vif-1", "probe vif-0")));
            assertEquals(Domid.of(3), bench.device("vif-0").otherEndDomid());
          }
        });
  }

  private static List<String> probes(TestFrontend driver) {
    return driver.calls().stream().filter(call -> call.startsWith("probe")).toList();
  }

  /// C47: events of the old backend wait when a guest goes on elsewhere: the driver that has
  /// resumed hears of the new backend alone.
  @Test
  void c47EventsOfTheOldBackendDoNotReachADriverThatHasResumed() {
    TestMachines.patiently(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.connect("vif", "0");
            AtomicBoolean armed = new AtomicBoolean();
            TestGate gate = new TestGate(bench.kernel.cpu());
            bench.xs.watch(
                "/slow",
                path -> {
                  if (armed.get()) {
                    gate.pass();
                  }
                });
            bench.frontends.freeze();
            bench.xs.suspend();
            String newBack = "/local/domain/9/backend/vif/7/0";
            bench.store.write(newBack + "/state", "2");
            bench.store.write(FrontBench.front("vif", "0") + "/backend", newBack);
            bench.store.write(FrontBench.front("vif", "0") + "/backend-id", "9");
            armed.set(true);
            bench.xs.resume();
            // The watch made last fires first: those of the old backend wait behind it.
            gate.awaitEntered(1);
            bench.backState("vif", "0", 5);
            bench.xs.exists(XenbusTransaction.NONE, "/", "");
            Task restorer =
                bench
                    .kernel
                    .cpu()
                    .kthread(
                        "restorer",
                        self -> {
                          bench.frontends.restore();
                          return 0;
                        });
            restorer.wake();
            bench.await(() -> restorer.wchan().contains("xenwatch_mutex"));
            assertFalse(driver.calls().contains("resume vif-0"));
            gate.open();
            restorer.stop();
            bench.awaitFrontState("vif", "0", 3);
            bench.backState("vif", "0", 6);
            bench.xs.exists(XenbusTransaction.NONE, "/", "");
            AtomicBoolean end = new AtomicBoolean();
            // Runs behind all that waits now.
            bench.xs.watch("/end", path -> end.set(true));
            bench.await(end::get);
            List<String> calls = driver.calls();
            assertEquals(
                List.of("changed vif-0 InitWait"),
                calls.subList(calls.indexOf("resume vif-0") + 1, calls.size()));
          }
        });
  }
}

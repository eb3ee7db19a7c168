package dev.xenbus.probe.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestBackend;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Hazards of the backend bus, by their items in `docs/reference/concurrency.md`.
class BackHazardsTest {
  private static final int SEEDS = 40;
  private static final int TOGGLES = 16;
  private static final String FOLDER = "/sys/bus/xen-backend/drivers/vif/";

  /// Returns the calls less the threads that made them.
  private static List<String> calls(TestBackend driver) {
    return driver.calls().stream().map(call -> call.substring(0, call.indexOf(" @"))).toList();
  }

  private static void unbind(BackBench bench, String device) {
    try {
      bench.kernel.files().write(FOLDER + "unbind", device);
    } catch (KernelException e) {
      throw new IllegalStateException(e);
    }
  }

  /// C12: states that come while nobody looks are skipped, one that is there is told twice; the
  /// backend connects once.
  @ParameterizedTest
  @EnumSource
  void c12SkippedAndRepeatedStatesConnectOnce(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          TestGate[] gate = new TestGate[1];
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onChanged(XenbusDevice device, XenbusState state) {
                  if (state == XenbusState.INITIALISING) {
                    gate[0].pass();
                  }
                  super.onChanged(device, state);
                }
              };
          try (BackBench bench = new BackBench(machine, mtwatch, driver).started()) {
            gate[0] = new TestGate(bench.kernel.cpu());
            bench.addDevice("vif", 1, "0");
            gate[0].awaitEntered(1);
            bench.frontState("vif", 1, "0", 3);
            bench.frontState("vif", 1, "0", 4);
            bench.awaitArrival();
            gate[0].open();
            bench.awaitBackState("vif", 1, "0", 4);
            bench.settle();
            String connected = "changed vif-1-0 Connected";
            assertEquals(
                List.of("probe vif-1-0", "changed vif-1-0 Initialising", connected), calls(driver));
            bench.frontState("vif", 1, "0", 4);
            bench.settle();
            assertEquals(List.of(connected, connected), calls(driver).subList(2, 4));
            assertEquals(
                1,
                bench.store.log().stream()
                    .filter(line -> line.endsWith(" WRITE backend/vif/1/0/state 4"))
                    .count());
          }
        });
  }

  /// C24: a watch of the driver's fires while its probe goes on, in another thread.
  @ParameterizedTest
  @EnumSource
  void c24WatchOfTheDriverFiresInsideOfItsProbe(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onProbe(XenbusDevice device, DriverContext context)
                    throws KernelException {
                  AtomicInteger fired = new AtomicInteger();
                  device.watch(
                      "/hint",
                      path -> {
                        note("hint in state " + device.state());
                        device.switchState(XenbusState.CLOSING);
                        fired.incrementAndGet();
                      });
                  TestMachines.await(() -> fired.get() == 1);
                  note("probe goes on");
                }
              };
          try (BackBench bench = new BackBench(machine, mtwatch).started()) {
            bench.addDevice("vif", 1, "0");
            bench.await(() -> bench.deviceNames().size() == 1);
            bench.backends.register(driver);
            bench.settle();
            assertEquals(
                List.of(
                    "probe vif-1-0",
                    "hint in state Initialising",
                    "probe goes on",
                    "changed vif-1-0 Initialising"),
                calls(driver));
            // What the callback published, and then the probe.
            assertEquals("2", bench.backState("vif", 1, "0"));
            assertEquals(List.of("5", "2"), published(bench));
          }
        });
  }

  private static List<String> published(BackBench bench) {
    return bench.store.log().stream()
        .filter(line -> line.contains(" WRITE backend/vif/1/0/state "))
        .map(line -> line.substring(line.length() - 1))
        .toList();
  }

  /// C25: the frontend's first event comes before the bus is done with the probe, and the driver
  /// wants the device gone: that is left to the prober, and nobody waits for him.
  @ParameterizedTest
  @EnumSource
  void c25DeviceThatIsUnregisteredInsideOfItsProbeGoesAfterIt(Mtwatch mtwatch) {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, mtwatch).started()) {
            String state = BackBench.front("vif", 1, "0") + "/state";
            bench.addDevice("vif", 1, "0");
            bench.await(() -> bench.deviceNames().size() == 1);
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.WATCH && strings.getFirst().equals(state)
                        ? StoreScript.Verdict.HOLD
                        : StoreScript.Verdict.SERVE);
            Task loader = bench.spawn("modprobe", () -> bench.backends.register(driver));
            bench.store.awaitHeld(1);
            String watch = " WATCH " + state + " ";
            String token =
                bench.store.log().stream()
                    .filter(line -> line.contains(watch))
                    .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                    .findFirst()
                    .orElseThrow();
            bench.store.remove(BackBench.front("vif", 1, "0"));
            bench.store.event(bench.link, state, token);
            bench.await(() -> calls(driver).contains("changed vif-1-0 Unknown"));
            // The callback has returned: its thread serves others, and the next device.
            bench.settle();
            bench.addDevice("vif", 2, "0");
            bench.awaitBackState("vif", 2, "0", 2);
            assertEquals(Task.State.D, loader.state());
            assertTrue(calls(driver).stream().noneMatch(call -> call.startsWith("remove")));
            bench.store.answerHeld(0);
            loader.stop();
            assertEquals(List.of("vif-2-0"), bench.deviceNames());
            bench.settle();
            assertEquals(
                1, calls(driver).stream().filter(call -> call.equals("remove vif-1-0")).count());
            String file = "/sys/bus/xen-backend/devices/vif-1-0/nodename";
            assertEquals(
                Errno.ENOENT,
                assertThrows(KernelException.class, () -> bench.kernel.files().read(file)).errno());
            assertEquals(List.of(), bench.store.tokens(bench.link, state));
          }
        });
  }

  /// C26: the frontend goes on changing its state while the driver is taken away: none of its
  /// callbacks begins once the driver's removal has begun.
  @ParameterizedTest
  @EnumSource
  void c26NoCallbackBeginsOnceTheRemovalHas(Mtwatch mtwatch) {
    AtomicInteger late = new AtomicInteger();
    TestMachines.Scenario scenario = machine -> toggleAndUnbind(machine, mtwatch, late);
    TestMachines.seeds(SEEDS, scenario);
    assertTrue(late.get() > SEEDS, () -> late + " changes came after a removal had begun");
    TestMachines.live(scenario);
  }

  private static void toggleAndUnbind(Machine machine, Mtwatch mtwatch, AtomicInteger late)
      throws Exception {
    AtomicInteger toggles = new AtomicInteger();
    AtomicBoolean isChanging = new AtomicBoolean();
    AtomicBoolean met = new AtomicBoolean();
    TestBackend driver =
        new TestBackend("vif", true) {
          @Override
          protected void onChanged(XenbusDevice device, XenbusState state) {
            isChanging.set(true);
            Task.relax();
            isChanging.set(false);
          }

          @Override
          protected void onRemove(XenbusDevice device) {
            met.compareAndSet(false, isChanging.get());
            int before = toggles.get();
            for (int i = 0; i < TOGGLES; i++) {
              Task.relax();
            }
            late.addAndGet(toggles.get() - before);
          }
        };
    try (BackBench bench = new BackBench(machine, mtwatch, driver).started()) {
      bench.addDevice("vif", 1, "0");
      bench.awaitBackState("vif", 1, "0", 2);
      Task toggler =
          bench.spawn(
              "toggler",
              () -> {
                for (int i = 0; i < TOGGLES; i++) {
                  bench.frontState("vif", 1, "0", 3 + i % 2);
                  toggles.incrementAndGet();
                  Task.relax();
                }
              });
      unbind(bench, "vif-1-0");
      toggler.stop();
      bench.settle();
      assertEquals("remove vif-1-0", calls(driver).getLast());
      assertFalse(met.get(), "a callback ran when the removal began");
    }
  }

  /// C28: a device that is being removed is skipped, not waited for.
  @Test
  void c28ReclaimSkipsADeviceThatIsBeingRemoved() {
    TestMachines.patiently(
        machine -> {
          TestGate[] gate = new TestGate[1];
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onRemove(XenbusDevice device) {
                  gate[0].pass();
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            gate[0] = new TestGate(bench.kernel.cpu());
            bench.addDevice("vif", 1, "0");
            bench.addDevice("vif", 2, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.awaitBackState("vif", 2, "0", 2);
            bench.settle();
            Task unbinder = bench.spawn("unbinder", () -> unbind(bench, "vif-1-0"));
            gate[0].awaitEntered(1);
            bench.backends.reclaimMemory();
            assertEquals(
                List.of("remove vif-1-0", "reclaim vif-2-0"),
                calls(driver).subList(4, calls(driver).size()));
            gate[0].open();
            unbinder.stop();
          }
        });
  }

  /// C28: memory is short in the probe itself: its own device is skipped, the others are asked.
  @Test
  void c28ReclaimFromInsideOfAProbeSkipsItsDevice() {
    TestMachines.patiently(
        machine -> {
          BackBench[] benches = new BackBench[1];
          TestBackend driver =
              new TestBackend("vif", true) {
                @Override
                protected void onProbe(XenbusDevice device, DriverContext context) {
                  benches[0].backends.reclaimMemory();
                }
              };
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver)) {
            benches[0] = bench;
            bench.started();
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.settle();
            bench.addDevice("vif", 2, "0");
            bench.awaitBackState("vif", 2, "0", 2);
            assertEquals(
                List.of("reclaim vif-1-0"),
                calls(driver).stream().filter(call -> call.startsWith("reclaim")).toList());
          }
        });
  }

  /// C57: a tool writes Closing to a connected backend, which knows nothing of it: as soon as the
  /// frontend closes, with or without Closing, the backend ends in Closed.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void c57BackendThatAToolForcedToCloseEndsInClosed(boolean throughClosing) {
    TestMachines.patiently(
        machine -> {
          TestBackend driver = new TestBackend("vif", true);
          try (BackBench bench = new BackBench(machine, Mtwatch.SERIES, driver).started()) {
            bench.addDevice("vif", 1, "0");
            bench.awaitBackState("vif", 1, "0", 2);
            bench.frontState("vif", 1, "0", 4);
            bench.awaitBackState("vif", 1, "0", 4);
            bench.settle();
            bench.store.write(bench.back("vif", 1, "0") + "/state", "5");
            bench.settle();
            assertEquals("5", bench.backState("vif", 1, "0"));
            assertEquals("changed vif-1-0 Connected", calls(driver).getLast());
            if (throughClosing) {
              bench.frontState("vif", 1, "0", 5);
              bench.settle();
              assertEquals("5", bench.backState("vif", 1, "0"));
            }
            bench.frontState("vif", 1, "0", 6);
            bench.awaitBackState("vif", 1, "0", 6);
            assertEquals(List.of("vif-1-0"), bench.deviceNames());
          }
        });
  }
}

package dev.xenbus.scenarios;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.scenarios.FaultyXenbus.Fault;
import dev.xenbus.scenarios.FaultyXenbus.Watch;
import dev.xenbus.testkit.TestGate;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.xs.Mtwatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// W1, W3, W6, W8, W10 and lost events, against dispatchers that have a fault: a stand-in of the
/// test's own, or the design of the summit where it is not the contract's.
class WatchInvariantsTest {
  private final Planted planted = new Planted();

  /// A gate for callbacks of the stand-in.
  private static TestGate gate(Machine machine) {
    return new TestGate(machine.cpu("dom0"));
  }

  private static Task spawn(Machine machine, String comm, Runnable what) throws Exception {
    Cpu cpu = machine.cpu("dom0");
    Task task =
        cpu.kthread(
            "emu-" + comm,
            self -> {
              what.run();
              return 0;
            });
    task.wake();
    return task;
  }

  /// The stand-in has no fault unless it is given one: all that the tests below do holds.
  @Test
  void standInWithoutAFaultHolds() {
    List<String> seen = new ArrayList<>();
    planted.holds(
        machine -> {
          try (FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.NONE)) {
            TestGate gate = gate(machine);
            Watch slow =
                xenbus.watch(
                    "/slow",
                    path -> {
                      gate.pass();
                      seen.add(path);
                    });
            Watch quick = xenbus.watch("/quick", seen::add);
            xenbus.fire(slow, "/slow/1");
            gate.awaitEntered(1);
            xenbus.fire(slow, "/slow/2");
            xenbus.fire(quick, "/quick/1");
            Task suspender =
                spawn(
                    machine,
                    "suspender",
                    () -> {
                      xenbus.suspend();
                      Planted.longEnough();
                      xenbus.resume();
                    });
            gate.open();
            suspender.stop();
            TestMachines.await(xenbus::isDone);
            xenbus.fire(slow, "/slow/3");
            xenbus.unregister(slow);
            Planted.longEnough();
            planted.invariants.powersOff();
          }
        });
    assertEquals(List.of("/slow/1", "/slow/2", "/quick/1"), seen.subList(0, 3));
  }

  @Test
  void w1TwoCallbacksOfOneWatchAtOnce() {
    planted.breaks(
        "W1",
        "dom0 watch 1 for 0 runs in xenwatch while it runs in xenwatch",
        machine -> {
          FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.TWO_THREADS);
          TestGate gate = gate(machine);
          Watch watch = xenbus.watch("/o", path -> gate.pass());
          xenbus.fire(watch, "/o/1");
          xenbus.fire(watch, "/o/2");
          gate.awaitEntered(2);
        });
  }

  /// What two threads do with two watches is no fault of W1.
  @Test
  void w1TwoWatchesMayRunAtOnce() {
    planted.holds(
        machine -> {
          try (FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.TWO_THREADS)) {
            TestGate gate = gate(machine);
            xenbus.fire(xenbus.watch("/a", path -> gate.pass()), "/a");
            xenbus.fire(xenbus.watch("/b", path -> gate.pass()), "/b");
            gate.awaitEntered(2);
            gate.open();
            TestMachines.await(xenbus::isDone);
            planted.invariants.powersOff();
          }
        });
  }

  /// MT-1: taken from the end that it was put to.
  @Test
  void w1EventThatOvertakesAnotherOfItsWatch() {
    planted.breaks(
        "W1",
        "dom0 watch 1 for 0 runs /o/3 where /o/2 is next",
        machine -> {
          FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.NEWEST_FIRST);
          TestGate gate = gate(machine);
          Watch watch = xenbus.watch("/o", path -> gate.pass());
          xenbus.fire(watch, "/o/1");
          gate.awaitEntered(1);
          xenbus.fire(watch, "/o/2");
          xenbus.fire(watch, "/o/3");
          gate.open();
        });
  }

  /// The design of the summit puts every event on the default list first.
  @Test
  void w3EventOfAGuestOnTheDefaultList() {
    planted.breaks(
        "W3",
        "/o of guest 2 is on the default list",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted, Mtwatch.SUMMIT);
          bench.store.write("/local/domain/2/name", "guest");
          bench.store.special("@introduceDomain");
          bench.xs.watch("/o", MtwatchBench.ownedBy(2), path -> {});
        });
  }

  @Test
  void w6CallbackThatStartsAfterItsWatchIsUnregistered() {
    planted.breaks(
        "W6",
        "dom0 watch 2 for 0 runs /gone though it is unregistered",
        machine -> {
          FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.DOES_NOT_PURGE);
          TestGate gate = gate(machine);
          Watch slow = xenbus.watch("/slow", path -> gate.pass());
          Watch gone = xenbus.watch("/gone", path -> {});
          xenbus.fire(slow, "/slow");
          gate.awaitEntered(1);
          xenbus.fire(gone, "/gone");
          xenbus.unregister(gone);
          gate.open();
        });
  }

  /// XSA-349: a watch of the other end's state that takes every event.
  @Test
  void w8StateOfTheOtherEndWithoutABound() {
    String state = "/local/domain/2/device/vif/0/state";
    planted.breaks(
        "W8",
        "2 events of " + state + " wait in xen-mtwatch-2",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          TestGate gate = new TestGate(bench.kernel.cpu());
          bench.xs.watch(state, MtwatchBench.ownedBy(2), path -> gate.pass());
          gate.awaitEntered(1);
          bench.store.write(state, "4");
          bench.store.write(state, "5");
        });
  }

  @Test
  void w10CallbackThatBeginsInASuspendedKernel() {
    planted.breaks(
        "W10",
        "dom0 watch 1 for 0 runs /o while its kernel is suspended",
        machine -> {
          FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.DOES_NOT_FREEZE);
          Watch watch = xenbus.watch("/o", path -> {});
          xenbus.suspend();
          xenbus.fire(watch, "/o");
        });
  }

  @Test
  void w10CallbackThatIsCaughtBySuspend() {
    planted.breaks(
        "W10",
        "dom0 watch 1 for 0 runs /o while its kernel is suspended",
        machine -> {
          FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.DOES_NOT_WAIT);
          TestGate gate = gate(machine);
          Watch watch = xenbus.watch("/o", path -> gate.pass());
          xenbus.fire(watch, "/o");
          gate.awaitEntered(1);
          xenbus.suspend();
          gate.open();
        });
  }

  @Test
  void w10KernelThatIsSuspendedTwice() {
    planted.breaks(
        "W10",
        "SuspendFact[kernel=0, isSuspended=true] is told twice",
        machine -> {
          FaultyXenbus xenbus = new FaultyXenbus(machine, Fault.NONE);
          xenbus.suspend();
          xenbus.suspend();
        });
  }

  /// It would be told as W2 if the machine ran on for a second.
  @Test
  void lostEventIsToldAtTheEnd() throws MachineFailure {
    planted.machine.run(
        () -> {
          try (FaultyXenbus xenbus = new FaultyXenbus(planted.machine, Fault.LOSES_THE_FIRST)) {
            List<String> seen = new ArrayList<>();
            Watch watch = xenbus.watch("/o", seen::add);
            xenbus.fire(watch, "/o/1");
            TestMachines.await(xenbus::isDone);
            assertEquals(List.of(), seen);
            planted.invariants.powersOff();
          }
          return 0;
        });
    assertEquals(List.of(), planted.invariants.broken());
    planted.invariants.checkEnd();
    assertEquals(
        List.of("lost: dom0 watch 1 for 0 has never run [/o/1]"), planted.invariants.broken());
  }
}

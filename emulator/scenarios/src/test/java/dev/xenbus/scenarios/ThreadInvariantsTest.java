package dev.xenbus.scenarios;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DeviceFact;
import dev.xenbus.api.StateFact;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Threads that are left, missing, or nobody's: made by a test that stands for a driver.
class ThreadInvariantsTest {
  private static final String NODE = "backend/vif/7/0";

  private final Planted planted = new Planted();

  private static Task start(Cpu cpu, String comm) throws Exception {
    WaitQueue queue = cpu.waitQueue("test");
    Task task =
        cpu.kthread(
            comm,
            self -> {
              queue.await(Task.State.S, WaitQueue.FOREVER, self::shouldStop);
              return 0;
            });
    task.wake();
    return task;
  }

  private static void tell(Machine machine, String point) {
    machine
        .trace()
        .emit(point, 7, 0, new DeviceFact(Domid.DOM0, true, true, "vif", Domid.of(7), NODE));
  }

  private static void connected(Machine machine) {
    machine
        .trace()
        .emit(
            "device_state",
            2,
            4,
            new StateFact(
                Domid.DOM0,
                true,
                false,
                "vif",
                NODE,
                XenbusState.INIT_WAIT,
                XenbusState.CONNECTED));
  }

  private static List<Task> startAll(Cpu cpu) throws Exception {
    return List.of(
        start(cpu, "napi/vif7.0-q0"),
        start(cpu, "vif7.0-q0-guest-rx"),
        start(cpu, "vif7.0-q0-dealloc"));
  }

  @Test
  void threadsThatComeAndGoWithTheirDeviceHold() {
    planted.holds(
        machine -> {
          Cpu cpu = machine.cpu("dom0");
          tell(machine, "device_probe");
          List<Task> tasks = startAll(cpu);
          connected(machine);
          Planted.longEnough();
          tell(machine, "device_remove");
          tasks.forEach(Task::stop);
          tell(machine, "device_unbound");
          Planted.longEnough();
          planted.invariants.checkPoweredOff();
        });
  }

  @Test
  void threadThatOutlivesItsDriver() {
    planted.breaks(
        "threads",
        "vif7.0-q0-dealloc outlives the driver of backend/vif/7/0",
        machine -> {
          Cpu cpu = machine.cpu("dom0");
          tell(machine, "device_probe");
          start(cpu, "vif7.0-q0-dealloc");
          tell(machine, "device_unbound");
        });
  }

  @Test
  void threadOfADeviceThatIsNotThere() {
    planted.breaks(
        "threads",
        "7.xvda-0 of dom0 belongs to no device with a driver",
        machine -> start(machine.cpu("dom0"), "7.xvda-0"));
  }

  @Test
  void threadOfAGuestThatIsNotThere() {
    planted.breaks(
        "threads",
        "xen-mtwatch-7 of dom0 is there and its guest is not",
        machine -> start(machine.cpu("dom0"), "xen-mtwatch-7"));
  }

  @Test
  void threadThatNobodyKnows() {
    planted.breaks(
        "threads", "nobody knows lonely of dom0", machine -> start(machine.cpu("dom0"), "lonely"));
  }

  @Test
  void connectedDeviceWithoutOneOfItsThreads() {
    planted.breaks(
        "threads",
        "backend/vif/7/0 is connected and has 2 of its threads",
        machine -> {
          Cpu cpu = machine.cpu("dom0");
          tell(machine, "device_probe");
          List<Task> tasks = startAll(cpu);
          connected(machine);
          Planted.longEnough();
          tasks.getLast().stop();
        });
  }

  @Test
  void threadThatIsLeftAtTheEnd() throws MachineFailure {
    planted.machine.run(
        () -> {
          Cpu cpu = planted.machine.cpu("dom0");
          start(cpu, "vif7.0-q0-dealloc");
          planted.invariants.powersOff();
          planted.invariants.checkPoweredOff();
          return 0;
        });
    assertEquals(
        List.of("threads: at the end [vif7.0-q0-dealloc] are left"), planted.invariants.broken());
  }
}

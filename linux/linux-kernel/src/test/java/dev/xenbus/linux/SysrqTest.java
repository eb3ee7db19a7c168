package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.EventChannels;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SysrqTest {
  private static final String TRIGGER = "/proc/sysrq-trigger";
  private static final String ENABLED = "/proc/sys/kernel/sysrq";

  @Test
  void unknownKeysListTheOthers() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          kernel.handleSysrq('h');
          assertEquals(
              List.of(
                  "sysrq: HELP : reboot(b) crash(c) poweroff(o) sync(s) show-task-states(t)"
                      + " show-blocked-tasks(w) "),
              TestKernel.log(kernel));
        });
  }

  @Test
  void tasksAreShownOrThoseInStateD() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          WaitQueue queue = kernel.cpu().waitQueue("some_wait");
          boolean[] done = new boolean[1];
          Task stuck =
              kernel
                  .cpu()
                  .kthread(
                      "stuck",
                      self -> {
                        queue.await(Task.State.D, WaitQueue.FOREVER, () -> done[0]);
                        return 0;
                      });
          Task idle =
              kernel
                  .cpu()
                  .kthread(
                      "idle",
                      self -> {
                        queue.await(Task.State.S, WaitQueue.FOREVER, () -> done[0]);
                        return 0;
                      });
          stuck.wake();
          idle.wake();
          Task.sleep(1_000_000_000L);
          kernel.handleSysrq('w');
          String blocked = String.join("\n", TestKernel.log(kernel));
          assertTrue(blocked.startsWith("sysrq: Show Blocked State\ntask:stuck "), blocked);
          assertTrue(blocked.contains(" state:D stack:0     pid:" + stuck.pid()), blocked);
          assertTrue(blocked.contains("\nCall Trace:\n <TASK>\n schedule\n"), blocked);
          assertFalse(blocked.contains("task:idle"), blocked);
          kernel.handleSysrq('t');
          String all = String.join("\n", TestKernel.log(kernel));
          assertTrue(all.contains("sysrq: Show State\n"), all);
          assertTrue(all.contains("task:idle            state:S"), all);
          done[0] = true;
          queue.wakeAll();
          stuck.waitFor();
          idle.waitFor();
        });
  }

  @Test
  void syncIsDoneByAWorker() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          kernel.files().write(TRIGGER, "s\n");
          Task.sleep(1_000_000_000L);
          assertEquals(
              List.of("sysrq: Emergency Sync", "Emergency Sync complete"), TestKernel.log(kernel));
        });
  }

  @Test
  void keysAreAllowedByTheirMasksButForTheTrigger() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          assertEquals("1\n", kernel.files().read(ENABLED));
          kernel.files().write(ENABLED, "16\n");
          kernel.handleSysrq('w');
          kernel.handleSysrq('s');
          kernel.files().write(TRIGGER, "w\n");
          Task.sleep(1_000_000_000L);
          List<String> log = new ArrayList<>(TestKernel.log(kernel));
          log.remove("Emergency Sync complete");
          assertEquals(
              List.of(
                  "sysrq: This sysrq operation is disabled.",
                  "sysrq: Emergency Sync",
                  "sysrq: Show Blocked State"),
              log);
          assertEquals(
              Errno.EINVAL,
              assertThrows(KernelException.class, () -> kernel.files().write(ENABLED, "on\n"))
                  .errno());
        });
  }

  @Test
  void triggerTakesOneKeyOrManyBehindAnUnderscore() throws MachineFailure {
    TestKernel.play(
        kernel -> {
          kernel.files().write(TRIGGER, "ww\n");
          assertEquals(1, TestKernel.log(kernel).size());
          kernel.files().write(TRIGGER, "_ww\n");
          assertEquals(3, TestKernel.log(kernel).size());
        });
  }

  @Test
  void kernelIsCrashedRestartedOrPoweredOff() throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(SimulatedMachine.Options.fair());
    machine.run(
        () -> {
          List<ShutdownReason> power = new ArrayList<>();
          LinuxKernel kernel = TestKernel.boot(machine, "", mock(EventChannels.class), power);
          kernel.handleSysrq('c');
          kernel.handleSysrq('b');
          kernel.handleSysrq('o');
          assertEquals(
              List.of(ShutdownReason.CRASH, ShutdownReason.REBOOT, ShutdownReason.POWEROFF), power);
          assertEquals(
              List.of(
                  "sysrq: Trigger a crash",
                  "Kernel panic - not syncing: sysrq triggered crash",
                  "sysrq: Resetting",
                  "sysrq: Power Off"),
              TestKernel.log(kernel));
          return null;
        });
  }
}

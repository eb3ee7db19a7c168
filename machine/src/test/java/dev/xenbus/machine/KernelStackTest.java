package dev.xenbus.machine;

import static dev.xenbus.machine.World.spinUntil;
import static dev.xenbus.machine.World.start;
import static dev.xenbus.machine.World.startProcess;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

class KernelStackTest {
  /// Named as the callbacks of the published stall are.
  private static final class Driver {
    private final Task thread;

    Driver(Task thread) {
      this.thread = thread;
    }

    @KernelSymbol(value = "frontend_changed", module = "xen_netback")
    void frontendChanged() {
      setState();
    }

    @KernelSymbol(value = "set_backend_state", module = "xen_netback")
    private void setState() {
      setState(0);
    }

    @KernelSymbol(value = "set_backend_state", module = "xen_netback")
    private void setState(int depth) {
      if (depth == 0) {
        unnamed();
      }
    }

    private void unnamed() {
      disconnectData();
    }

    @KernelSymbol(value = "xenvif_disconnect_data", module = "xen_netback")
    private void disconnectData() {
      thread.stop();
    }
  }

  @KernelSymbol("xenwatch_thread")
  private static int xenwatchThread(Task vif) {
    Runnable callback = () -> new Driver(vif).frontendChanged();
    callback.run();
    return 0;
  }

  @EveryMachine
  void stackOfStuckThreadReadsAsThePublishedOne(World world) {
    world.run(
        (machine, cpu) -> {
          Completion held = cpu.completion("held");
          Task vif =
              start(
                  cpu,
                  "vif1.0-q0-dealloc",
                  self -> {
                    held.await(WaitQueue.FOREVER);
                    return 0;
                  });
          spinUntil(() -> vif.state() == Task.State.D);
          Task xenwatch = start(cpu, "xenwatch", self -> xenwatchThread(vif));
          spinUntil(() -> xenwatch.state() == Task.State.D);
          KernelStack stacks = new KernelStack();
          assertEquals(
              """
              [<0>] kthread_stop
              [<0>] xenvif_disconnect_data [xen_netback]
              [<0>] set_backend_state [xen_netback]
              [<0>] frontend_changed [xen_netback]
              [<0>] xenwatch_thread
              [<0>] kthread
              [<0>] ret_from_fork
              """,
              stacks.proc(xenwatch));
          assertEquals(
              List.of("schedule", "wait_for_completion", "kthread_stop"),
              stacks.frames(xenwatch).subList(0, 3).stream()
                  .map(KernelStack.Frame::symbol)
                  .toList());
          held.complete();
          xenwatch.waitFor();
          assertEquals("", stacks.proc(xenwatch));
        });
  }

  @EveryMachine
  void processesStandOnTheSystemCall(World world) {
    world.run(
        (machine, cpu) -> {
          Task sleeper = startProcess(cpu, "sleep", self -> Task.sleep(WaitQueue.FOREVER) ? 1 : 0);
          spinUntil(() -> sleeper.state() == Task.State.S);
          assertEquals(
              "[<0>] do_syscall_64\n[<0>] entry_SYSCALL_64_after_hwframe\n",
              new KernelStack().proc(sleeper));
          sleeper.signal();
          sleeper.waitFor();
        });
  }

  @EveryMachine
  void framesOfUnknownClassesAreLeftOut(World world) {
    world.run(
        (machine, cpu) -> {
          StackTraceElement[] stack = {
            new StackTraceElement("no.such.Thing", "method", "Thing.java", 1),
            new StackTraceElement("app", "gone.module", "1", "gone.Thing", "m", "Thing.java", 1),
            new StackTraceElement(
                Driver.class.getName(), "disconnectData", "KernelStackTest.java", 1)
          };
          assertEquals(
              "[xenvif_disconnect_data [xen_netback]]", new KernelStack().frames(stack).toString());
        });
  }
}

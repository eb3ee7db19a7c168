package dev.xenbus.linux;

import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.MachineListener;
import dev.xenbus.machine.Task;

/// Writes what the machine finds wrong with a kernel's tasks into that kernel's log. Mirrors
/// `check_hung_task` (`kernel/hung_task.c`).
final class HungTaskReports implements MachineListener {
  /// Longest name of a task in these lines (`TASK_COMM_LEN` - 1).
  private static final int COMM_CHARS_MAX = 15;

  private final Cpu cpu;
  private final Printk printk;
  private final KernelSymbols symbols;

  HungTaskReports(Cpu cpu, Printk printk, KernelSymbols symbols) {
    this.cpu = cpu;
    this.printk = printk;
    this.symbols = symbols;
  }

  static String shortComm(Task task) {
    String comm = task.comm();
    return comm.substring(0, Math.min(comm.length(), COMM_CHARS_MAX));
  }

  @Override
  public void hungTask(Task task, long seconds) {
    if (!task.cpu().equals(cpu)) {
      return;
    }
    String comm = shortComm(task);
    printk.error(
        "INFO: task %s:%d blocked for more than %d seconds.".formatted(comm, task.pid(), seconds));
    printk.error("      Not tainted " + LinuxKernel.RELEASE + " #1");
    printk.error("\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.");
    printk.error(
        "task:%-15s state:%s stack:0     pid:%-5d tgid:%-5d ppid:2"
            .formatted(comm, task.state(), task.pid(), task.pid()));
    trace(task);
  }

  private void trace(Task task) {
    printk.error("Call Trace:");
    printk.error(" <TASK>");
    symbols.report(task).forEach(frame -> printk.error(" " + frame));
    printk.error(" </TASK>");
  }

  @Override
  public void problem(MachineFailure.Kind kind, String report) {
    if (cpu.owner().equals("dom0")) {
      printk.error("WARNING: " + kind + ": " + report);
    }
  }

  @Override
  public void oops(Task task, Throwable fault) {
    if (!task.cpu().equals(cpu)) {
      return;
    }
    printk.log(Printk.Level.ALERT, "BUG: " + fault);
    printk.log(
        Printk.Level.ALERT, "CPU: 0 PID: %d Comm: %s".formatted(task.pid(), shortComm(task)));
    printk.error("Call Trace:");
    for (StackTraceElement frame : fault.getStackTrace()) {
      printk.error(" " + frame);
    }
  }
}

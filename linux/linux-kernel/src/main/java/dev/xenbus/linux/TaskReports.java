package dev.xenbus.linux;

import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.KernelStack;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.MachineListener;
import dev.xenbus.machine.Task;

/// Writes what the machine finds wrong with a kernel's tasks into that kernel's log. Mirrors
/// `check_hung_task` (`kernel/hung_task.c`).
final class TaskReports implements MachineListener {
  /// Longest name of a task in these lines (`TASK_COMM_LEN` - 1).
  private static final int COMM_CHARS_MAX = 15;

  private final Printk printk;
  private final KernelStack stacks;

  TaskReports(Printk printk, KernelStack stacks) {
    this.printk = printk;
    this.stacks = stacks;
  }

  /// Returns what writes down problems of the machine as a whole: dom0's log alone has them.
  MachineListener ofMachine() {
    return new MachineListener() {
      @Override
      public void problem(MachineFailure.Kind kind, String report) {
        printk.error("WARNING: " + kind + ": " + report);
      }
    };
  }

  static String shortComm(Task task) {
    String comm = task.comm();
    return comm.substring(0, Math.min(comm.length(), COMM_CHARS_MAX));
  }

  @Override
  public void hungTask(Task task, long seconds) {
    String comm = shortComm(task);
    printk.error(
        "INFO: task %s:%d blocked for more than %d seconds.".formatted(comm, task.pid(), seconds));
    printk.error("      Not tainted " + LinuxKernel.RELEASE + " #1");
    printk.error("\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.");
    show(task, Printk.Level.ERR);
  }

  /// Says what a task does (`sched_show_task`).
  void show(Task task, Printk.Level level) {
    printk.log(
        level,
        "task:%-15s state:%s stack:0     pid:%-5d tgid:%-5d ppid:%d"
            .formatted(
                shortComm(task),
                task.state(),
                task.pid(),
                task.pid(),
                task.isKernelThread() ? 2 : 1));
    printk.log(level, "Call Trace:");
    printk.log(level, " <TASK>");
    stacks.frames(task).forEach(frame -> printk.log(level, " " + frame));
    printk.log(level, " </TASK>");
  }

  @Override
  public void oops(Task task, Throwable fault) {
    printk.log(Printk.Level.ALERT, "BUG: " + fault);
    printk.log(
        Printk.Level.ALERT, "CPU: 0 PID: %d Comm: %s".formatted(task.pid(), shortComm(task)));
    printk.error("Call Trace:");
    for (StackTraceElement frame : fault.getStackTrace()) {
      printk.error(" " + frame);
    }
  }
}

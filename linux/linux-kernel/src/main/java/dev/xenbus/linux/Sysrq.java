package dev.xenbus.linux;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Task;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/// The magic keys of a kernel: `/proc/sysrq-trigger`, `/proc/sys/kernel/sysrq`, and what the
/// toolstack sends. Mirrors `drivers/tty/sysrq.c`.
///
/// Threads: any task.
final class Sysrq {
  private static final int DUMP = 8;
  private static final int SYNC = 16;
  private static final int BOOT = 128;
  private static final int ALL = 1;

  /// A key.
  private enum Key {
    RESTART('b', BOOT, "reboot(b)", "Resetting"),
    CRASH('c', DUMP, "crash(c)", "Trigger a crash"),
    POWER_OFF('o', BOOT, "poweroff(o)", "Power Off"),
    SYNC('s', Sysrq.SYNC, "sync(s)", "Emergency Sync"),
    STATES('t', DUMP, "show-task-states(t)", "Show State"),
    BLOCKED('w', DUMP, "show-blocked-tasks(w)", "Show Blocked State");

    private final char key;
    private final int mask;
    private final String help;
    private final String action;

    Key(char key, int mask, String help, String action) {
      this.key = key;
      this.mask = mask;
      this.help = help;
      this.action = action;
    }

    static Optional<Key> of(char key) {
      return Arrays.stream(values()).filter(each -> each.key == key).findFirst();
    }
  }

  private final LinuxKernel kernel;
  private final TaskReports reports;

  /// What is allowed: 1 everything, else the sum of the masks.
  private volatile int enabled = ALL;

  private Sysrq(LinuxKernel kernel, TaskReports reports) {
    this.kernel = kernel;
    this.reports = reports;
  }

  /// Makes the files.
  static Sysrq of(LinuxKernel kernel, TaskReports reports) {
    Sysrq sysrq = new Sysrq(kernel, reports);
    kernel.files().add("/proc/sysrq-trigger", sysrq.new Trigger());
    kernel.files().add("/proc/sys/kernel/sysrq", sysrq.new Enabled());
    return sysrq;
  }

  /// Does what a key asks for, if it is allowed (`handle_sysrq`).
  void handle(char key) {
    handle(key, true);
  }

  private void handle(char pressed, boolean checksMask) {
    Optional<Key> key = Key.of(pressed);
    if (key.isEmpty()) {
      String help = Arrays.stream(Key.values()).map(k -> k.help).collect(Collectors.joining(" "));
      kernel.printk().info("sysrq: HELP : " + help + " ");
    } else if (checksMask && enabled != ALL && (enabled & key.get().mask) == 0) {
      kernel.printk().info("sysrq: This sysrq operation is disabled.");
    } else {
      kernel.printk().info("sysrq: " + key.get().action);
      run(key.get());
    }
  }

  private void run(Key key) {
    switch (key) {
      case RESTART -> kernel.emergencyRestart();
      case CRASH -> {
        kernel
            .printk()
            .log(Printk.Level.EMERG, "Kernel panic - not syncing: sysrq triggered crash");
        kernel.power(ShutdownReason.CRASH);
      }
      case POWER_OFF -> kernel.power(ShutdownReason.POWEROFF);
      // No disk of ours has a page cache in front of it: there is nothing to write.
      case SYNC ->
          kernel.systemWorkQueue().queue(() -> kernel.printk().info("Emergency Sync complete"));
      case STATES -> show(false);
      case BLOCKED -> show(true);
    }
  }

  /// Shows the kernel's tasks, or those in state D (`show_state_filter`).
  private void show(boolean onlyBlocked) {
    for (Task task : kernel.cpu().machine().tasks()) {
      boolean isMine = task.cpu().equals(kernel.cpu()) && task.state() != Task.State.Z;
      if (isMine && (!onlyBlocked || task.state() == Task.State.D)) {
        reports.show(task, Printk.Level.INFO);
      }
    }
  }

  private final class Trigger implements KernelFile {
    @Override
    public String read() throws KernelException {
      throw new KernelException(Errno.EIO, "sysrq-trigger is for writing");
    }

    /// Takes one key; behind `_` any number of them.
    @Override
    public void write(String text) {
      boolean isBulk = text.startsWith("_");
      text.strip()
          .chars()
          .filter(c -> c != '_')
          .limit(isBulk ? text.length() : 1)
          .forEach(c -> handle((char) c, false));
    }
  }

  private final class Enabled implements KernelFile {
    @Override
    public String read() {
      return enabled + "\n";
    }

    @Override
    public void write(String text) throws KernelException {
      if (!text.strip().matches("\\d{1,9}")) {
        throw new KernelException(Errno.EINVAL, "sysrq is a number, not " + text.strip());
      }
      enabled = Integer.parseInt(text.strip());
    }
  }
}

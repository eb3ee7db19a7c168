package dev.xenbus.linux;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles.KernelFile;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetStatistics;
import dev.xenbus.machine.KernelStack;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// `/proc`: a folder for each task of the kernel, and what is said of the kernel as a whole.
final class ProcFiles implements FileTree.DynamicFolder {
  private static final List<String> OF_TASK = List.of("comm", "stack", "status", "wchan");
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_CENTISECOND = 10_000_000L;

  private final LinuxKernel kernel;
  private final KernelStack stacks;

  private ProcFiles(LinuxKernel kernel, KernelStack stacks) {
    this.kernel = kernel;
    this.stacks = stacks;
  }

  static void addTo(LinuxKernel kernel, FileTree files, KernelStack stacks) {
    ProcFiles proc = new ProcFiles(kernel, stacks);
    files.addFolder("/proc", proc);
    files.add("/proc/version", () -> "Linux version " + LinuxKernel.RELEASE + " (xenemu) #1\n");
    files.add("/proc/cmdline", () -> kernel.commandLine().text() + "\n");
    files.add("/proc/uptime", proc::uptime);
    files.add("/proc/net/dev", proc::netDev);
    files.add("/proc/partitions", proc::partitions);
    files.add("/proc/sys/kernel/osrelease", () -> LinuxKernel.RELEASE + "\n");
    files.add("/proc/sys/kernel/hostname", () -> kernel.hostname() + "\n");
    files.add("/proc/sys/kernel/hung_task_timeout_secs", new HungTaskTimeout(kernel));
  }

  /// The time-out of the hung-task check; writing it sets the machine's.
  private static final class HungTaskTimeout implements KernelFile {
    private final LinuxKernel kernel;
    private final AtomicLong seconds;

    HungTaskTimeout(LinuxKernel kernel) {
      this.kernel = kernel;
      this.seconds = new AtomicLong(kernel.parameters().number("hung_task_timeout_secs"));
      // One watch serves the whole machine: dom0's kernel sets it.
      if (kernel.domid().value() == 0) {
        apply();
      }
    }

    private void apply() {
      kernel.cpu().machine().hungTaskTimeout(seconds.get() * NANOS_PER_SECOND);
    }

    @Override
    public String read() {
      return seconds.get() + "\n";
    }

    @Override
    public void write(String text) throws KernelException {
      String number = text.strip();
      boolean isDigits = !number.isEmpty() && number.chars().allMatch(c -> c >= '0' && c <= '9');
      if (!isDigits || number.length() > 9) {
        throw new KernelException(Errno.EINVAL, "not a number of seconds: " + number);
      }
      seconds.set(Long.parseLong(number));
      apply();
    }
  }

  private List<Task> tasks() {
    return kernel.cpu().machine().tasks().stream()
        .filter(task -> task.cpu().equals(kernel.cpu()))
        .toList();
  }

  private Optional<Task> task(String pid) {
    return tasks().stream().filter(task -> Integer.toString(task.pid()).equals(pid)).findFirst();
  }

  @Override
  public List<String> names() {
    return tasks().stream().map(task -> task.pid() + "/").toList();
  }

  @Override
  public Optional<List<String>> names(String folder) {
    return task(folder).map(task -> OF_TASK);
  }

  @Override
  public Optional<KernelFile> file(String path) {
    int slash = path.indexOf('/');
    if (slash < 0 || !OF_TASK.contains(path.substring(slash + 1))) {
      return Optional.empty();
    }
    String name = path.substring(slash + 1);
    return task(path.substring(0, slash)).map(task -> () -> text(task, name));
  }

  private String text(Task task, String name) {
    return switch (name) {
      case "comm" -> task.comm() + "\n";
      case "wchan" -> task.wchan();
      case "stack" -> stacks.proc(task);
      default -> status(task);
    };
  }

  private static String status(Task task) {
    String state =
        switch (task.state()) {
          case R -> "R (running)";
          case S -> "S (sleeping)";
          case D -> "D (disk sleep)";
          case Z -> "Z (zombie)";
        };
    return "Name:\t%s\nState:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nThreads:\t1\n"
        .formatted(task.comm(), state, task.pid(), task.pid(), task.isKernelThread() ? 2 : 1);
  }

  private String uptime() {
    long centiseconds = kernel.clock().nanos() / NANOS_PER_CENTISECOND;
    return String.format(Locale.ROOT, "%d.%02d 0.00\n", centiseconds / 100, centiseconds % 100);
  }

  private String netDev() {
    StringBuilder text = new StringBuilder();
    text.append("Inter-|   Receive                                                |  Transmit\n");
    text.append(" face |bytes    packets errs drop fifo frame compressed multicast|bytes    ");
    text.append("packets errs drop fifo colls carrier compressed\n");
    for (NetDevice device : kernel.net().devices()) {
      NetStatistics count = device.statistics();
      text.append(
          String.format(
              Locale.ROOT,
              "%6s: %7d %7d %4d %4d    0     0          0         0 %8d %7d    0 %4d    0     0"
                  + "       0          0\n",
              device.name(),
              count.rxBytes().get(),
              count.rxPackets().get(),
              count.rxErrors().get(),
              count.rxDropped().get(),
              count.txBytes().get(),
              count.txPackets().get(),
              count.txDropped().get()));
    }
    return text.toString();
  }

  private String partitions() {
    List<String> lines = new ArrayList<>();
    lines.add("major minor  #blocks  name\n\n");
    for (Disk disk : kernel.block().disks()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%4d  %7d %10d %s\n",
              disk.number().major(),
              disk.number().minor(),
              disk.sectors() / 2,
              disk.name()));
    }
    return String.join("", lines);
  }
}

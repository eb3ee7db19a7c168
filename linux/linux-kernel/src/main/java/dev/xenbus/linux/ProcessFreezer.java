package dev.xenbus.linux;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import java.util.List;

/// Sees to it that no process is in the middle of something when its kernel is suspended
/// (`kernel/power/process.c`).
///
/// Differs: processes are not sent into a refrigerator one by one; they run on until the whole
/// kernel stands still a moment later.
public final class ProcessFreezer {
  /// How long processes have (`freeze_timeout_msecs`).
  public static final long TIMEOUT_NANOS = 20_000_000_000L;

  private static final long POLL_NANOS_MIN = 1_000_000L;
  private static final long POLL_NANOS_MAX = 8_000_000L;

  private ProcessFreezer() {}

  /// Waits until no process of the kernel is in state D.
  ///
  /// @throws KernelException `EBUSY` if one is so for 20 s; the log names it
  @KernelSymbol("freeze_processes")
  public static void freeze(Kernel kernel) throws KernelException {
    long deadline = kernel.clock().nanos() + TIMEOUT_NANOS;
    long pause = POLL_NANOS_MIN;
    List<Task> stuck = stuck(kernel);
    while (!stuck.isEmpty()) {
      if (kernel.clock().nanos() >= deadline) {
        throw refused(kernel, stuck);
      }
      Task.sleep(pause);
      pause = Math.min(POLL_NANOS_MAX, 2 * pause);
      stuck = stuck(kernel);
    }
  }

  private static List<Task> stuck(Kernel kernel) {
    return kernel.cpu().machine().tasks().stream()
        .filter(task -> task.cpu().equals(kernel.cpu()))
        .filter(task -> !task.isKernelThread() && task.state() == Task.State.D)
        .toList();
  }

  private static KernelException refused(Kernel kernel, List<Task> stuck) {
    String line =
        "Freezing of tasks failed after 20.000 seconds ("
            + stuck.size()
            + " tasks refusing to freeze, wq_busy=0): "
            + String.join(", ", stuck.stream().map(Task::comm).toList());
    kernel.printk().error(line);
    return new KernelException(Errno.EBUSY, line);
  }
}

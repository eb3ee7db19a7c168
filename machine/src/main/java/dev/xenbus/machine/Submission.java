package dev.xenbus.machine;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// Work that runs as a process of a live machine and is waited for, usually by a thread from
/// outside of it.
///
/// @param <T> what it returns
public final class Submission<T> {
  private final MachineTask process;
  private volatile @Nullable T result;
  private volatile @Nullable Throwable fault;
  private volatile boolean returned;

  Submission(MachineCpu cpu, String comm, Callable<T> work) {
    this.process = cpu.makeTask(MachineTask.Kind.PROCESS, comm, self -> runHere(work));
  }

  private int runHere(Callable<T> work) {
    try {
      result = work.call();
      returned = true;
      return 0;
    } catch (CpuGone gone) {
      throw gone;
    } catch (Throwable thrown) {
      fault = thrown;
      return MachineTask.EXIT_OOPS;
    }
  }

  MachineTask process() {
    return process;
  }

  @Nullable Throwable fault() {
    return fault;
  }

  @SuppressWarnings("NullAway") // null only if T is nullable
  T result() {
    return result;
  }

  /// Returns the process, to signal it.
  public Task task() {
    return process;
  }

  /// Waits until the work ended.
  ///
  /// @return what it returned
  /// @throws ExecutionException if it threw, with that as the cause, or if its Cpu was killed
  @SuppressWarnings("NullAway") // null only if T is nullable
  public T await() throws ExecutionException {
    process.waitFor();
    Throwable thrown = fault;
    if (thrown != null) {
      throw new ExecutionException(thrown);
    }
    if (!returned) {
      throw new ExecutionException(
          Objects.toString(process) + " was killed", new CpuGone(process.cpu.owner()));
    }
    return result;
  }
}

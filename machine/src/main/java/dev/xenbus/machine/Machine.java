package dev.xenbus.machine;

import java.util.List;
import java.util.concurrent.Callable;

/// The ground on which everything emulated stands: threads, locks, time and chance.
///
/// A live machine runs its tasks on virtual threads in real time; a simulated one runs exactly one
/// task at a time, moves virtual time, and lets one seed decide at every scheduling point who goes
/// on. Code above sees no difference. Not sealed, so that tests may stand in for it.
///
/// Threads: every method may be called from any task, and, on a live machine, from any thread.
public interface Machine {
  /// Returns a new set of threads that is paused and killed as one: the threads of one kernel.
  ///
  /// @param owner whose threads these are, such as `dom0` or `dom7`
  Cpu cpu(String owner);

  /// Returns the time since boot, in its several units.
  Clock clock();

  /// Returns the source of every non-determinism there is.
  Choices choices();

  /// Returns where trace points go.
  Trace trace();

  /// Returns the tasks that exist, zombies included, in the order of their pids.
  List<Task> tasks();

  /// Runs `main` as a task of this machine and returns its result once it ends; other tasks run
  /// meanwhile. Called once from outside of the machine.
  ///
  /// @throws MachineFailure if the run cannot go on: deadlock, step limit, a broken invariant, or
  ///     an exception of `main` (then it is the cause)
  <T> T run(Callable<T> main) throws MachineFailure;

  /// Returns whether time is virtual: no sockets, no terminal, no real waiting.
  boolean isSimulated();
}

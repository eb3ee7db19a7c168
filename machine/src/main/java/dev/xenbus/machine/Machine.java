package dev.xenbus.machine;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;

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

  /// Declares a scheduling point: called before code reads or writes memory that it shares without
  /// a lock, such as a ring's index. Cheap; a live machine looks only whether the caller's Cpu was
  /// paused or killed. Does nothing for a thread from outside.
  ///
  /// @param on what is shared, for the trace: a constant, or something that exists anyway
  void point(Object on);

  /// Lets others run (`cond_resched`); what [Task#relax] does.
  void relax();

  /// Adds a check that is made at every step of a simulated run; a live machine ignores it.
  ///
  /// @param holds pure and quick; takes no locks
  void invariant(String name, BooleanSupplier holds);

  /// Adds somebody who hears of hung tasks, deadlocks and the like.
  void addListener(MachineListener listener);

  /// Adds somebody who hears of the tasks of one Cpu alone, and is forgotten once that is killed.
  void addListener(Cpu cpu, MachineListener listener);

  /// Removes a listener.
  void removeListener(MachineListener listener);

  /// Declares that an injector holds something, so that hung tasks are expected until it is let go.
  ///
  /// @param what is held, such as `sk_buff of vif1.0`
  Hold hold(String what);

  /// Sets after how long in state D a task is hung (`hung_task_timeout_secs`); 0 turns it off.
  void hungTaskTimeout(long nanos);

  /// Returns whether time is virtual: no sockets, no terminal, no real waiting.
  boolean isSimulated();
}

package dev.xenbus.machine;

/// What differs between the live and the simulated machine, and nothing else does.
///
/// Every primitive is written once over these calls. A task has one permit: [#ready] before
/// [#block] is not lost. Primitives keep their own truth (a list, an owner, a count) and look at it
/// again after every return of [#block], since one permit may be spent by an inner wait.
interface Scheduler {
  /// What a scheduling point stands before or after.
  enum Point {
    /// Before a lock is taken.
    LOCK,
    /// After a lock was dropped.
    UNLOCK,
    /// Before a wait looks at its condition.
    WAIT,
    /// After somebody was woken.
    WAKE,
    /// After an interrupt was raised or a pipe was used.
    SEND,
    /// After a timer was armed or cancelled.
    TIMER,
    /// `cond_resched`: others go first.
    RELAX,
    /// Declared by code that shares memory without a lock.
    MEMORY
  }

  /// Makes what this scheduler keeps of a task.
  Seat seat(MachineTask task);

  /// Returns the task that calls; a stand-in for a thread from outside.
  MachineTask current();

  /// Called by a task when it first runs: stops it if its Cpu is paused.
  ///
  /// @throws CpuGone if its Cpu was killed
  void begin(MachineTask self);

  /// Lets the machine decide who goes on. Live: looks at pause and kill only.
  ///
  /// @throws CpuGone if the caller's Cpu was killed
  void point(Point why, Object on);

  /// Waits until [#ready], a signal if `signals`, the deadline, or the end of the Cpu.
  ///
  /// @return a `MachineTask` outcome: `READY`, `TIMED_OUT`, `SIGNALLED` or `GONE`
  int block(MachineTask self, boolean signals, long deadlineNanos);

  /// Waits outside until that ends, [#ready], the deadline, or the end of the Cpu. Live only.
  ///
  /// @return a `MachineTask` outcome: `READY`, also for no reason, or `GONE`
  int blockOutside(MachineTask self, OutsideWait outside, long deadlineNanos);

  /// Gives the task its permit.
  void ready(MachineTask task);

  /// Starts the thread of a task.
  void start(MachineTask task);

  /// Hears that a Cpu was paused, unpaused or killed.
  void attention(MachineCpu cpu);

  /// Returns whether a task of a paused Cpu has stopped.
  boolean isQuiet(MachineTask task);

  /// Returns nanoseconds since boot.
  long nanos();

  /// Returns by how many nanoseconds virtual time has moved although somebody could run: what is to
  /// be patient with everybody does not count these.
  long skippedNanos();

  /// Arms a timer entry at its [Due#at]; the entry is not armed.
  void arm(Due due);

  /// Disarms a timer entry.
  ///
  /// @return whether it was armed
  boolean disarm(Due due);

  /// Drops the armed timers of a dead Cpu.
  void dropTimers(MachineCpu cpu);
}

package dev.xenbus.machine;

/// The threads of one kernel and the primitives they meet at; paused, unpaused and killed as one.
///
/// Once [#kill] was called, every task of this Cpu unwinds with [CpuGone] at its next primitive.
///
/// A primitive may be used by tasks of every Cpu. A task that holds a lock of another Cpu is inside
/// of a call to it, as a hypercall is; it is paused or killed only once it has dropped that lock,
/// so that tables of the other side are never left half changed. So the hypervisor's locks belong
/// to a Cpu of its own.
public interface Cpu {
  /// Returns whose threads these are, such as `dom0`.
  String owner();

  /// Makes a kernel thread, not yet started (`kthread_create`): [Task#wake] starts it.
  ///
  /// @param comm the name that `ps` shows, such as `xenwatch`
  /// @throws NoThread if none can be made; the failure is a choice of the machine
  Task kthread(String comm, Body body) throws NoThread;

  /// Makes a kernel thread that waits at an [OutsideWait]: on a live machine it has a thread of the
  /// operating system of its own, which such a wait does not hand over to others.
  ///
  /// @param comm the name that `ps` shows, such as `xenstored`
  /// @throws NoThread if none can be made; the failure is a choice of the machine
  default Task ioThread(String comm, Body body) throws NoThread {
    return kthread(comm, body);
  }

  /// Makes a process such as `xl` or `dd`, not yet started: it takes signals, and stays a zombie
  /// until [Task#waitFor] has collected its exit code.
  ///
  /// @throws NoThread if none can be made
  Task process(String comm, Body body) throws NoThread;

  /// Returns a new wait queue; tasks that wait on it show `wchan` as their wait channel.
  WaitQueue waitQueue(String wchan);

  /// Returns a new mutex, checked for lock order by its class.
  Mutex mutex(LockClass order);

  /// Returns a new spin lock, checked for lock order by its class.
  SpinLock spinLock(LockClass order);

  /// Returns a new reader-writer semaphore.
  RwSemaphore rwSemaphore(LockClass order);

  /// Returns a new completion.
  Completion completion(String wchan);

  /// Returns a new work queue whose workers are called `kworker/<comm>`.
  ///
  /// @param maxActive how many works may run at once
  WorkQueue workQueue(String comm, int maxActive);

  /// Returns a new timer, not armed; `softirq` runs in interrupt context and may not sleep.
  Timer timer(String name, TimerKind kind, Runnable softirq);

  /// Returns a new interrupt line; `handler` runs in interrupt context, one handler of a Cpu at a
  /// time, and may not sleep.
  Irq irq(String name, Runnable handler);

  /// Returns a new poller for a task that waits for several things at once.
  Poller poller(String wchan);

  /// Returns a new poller for a task that waits for things outside of the machine too: its
  /// [Poller#await] also returns whenever `outside` does.
  ///
  /// @throws UnsupportedOperationException if time is virtual
  default Poller poller(String wchan, OutsideWait outside) {
    throw new UnsupportedOperationException("nothing outside of " + owner());
  }

  /// Returns a new local byte stream in both directions, such as a connected Unix socket pair.
  ///
  /// @param bytesMax how many bytes each direction holds before a writer waits
  PipePair pipe(int bytesMax);

  /// Stops all its tasks, and returns once none of them runs. Pauses nest. Interrupts and timers
  /// that come meanwhile are delivered afterwards. A task that pauses its own Cpu stops at its next
  /// primitive.
  void pause();

  /// As [#pause], but returns at once: each task stops at its next primitive. For a Cpu that may
  /// have tasks which wait outside of the machine, for a socket say, for as long as they like.
  void pauseSoon();

  /// Undoes one [#pause] or [#pauseSoon].
  void unpause();

  /// Stops all other tasks of the caller's own Cpu, interrupt handlers and timers included, and
  /// returns once none of them runs; the caller goes on alone until [#restartMachine]
  /// (`stop_machine`). A [#pause] stops the caller too.
  ///
  /// The caller must not wait for anything that only a stopped task would bring, and takes no lock
  /// that one of them may hold.
  void stopMachine();

  /// Lets the others go on; called by the task that called [#stopMachine].
  void restartMachine();

  /// Ends all its tasks: each unwinds with [CpuGone] at its next primitive. Returns at once.
  void kill();

  /// Returns the machine that this Cpu is a part of.
  Machine machine();
}

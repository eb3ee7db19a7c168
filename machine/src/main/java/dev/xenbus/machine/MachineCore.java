package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// What both machines share: the table of tasks, the checks, who listens.
abstract class MachineCore implements Machine {
  final Scheduler scheduler;
  final LockOrder lockOrder;
  final WaitGraph waitGraph = new WaitGraph(this);
  final HungTasks hungTasks;
  final List<MachineListener> listeners = new CopyOnWriteArrayList<>();

  private final ConcurrentSkipListMap<Integer, MachineTask> tasks = new ConcurrentSkipListMap<>();
  private final ConcurrentHashMap<MachineTask, Boolean> interrupts = new ConcurrentHashMap<>();
  private final AtomicInteger lastPid = new AtomicInteger();

  /// The Cpu of the main task and of threads from outside.
  final MachineCpu host;

  /// Set once the machine shuts down: what is made from then on is dead from the start.
  volatile boolean down;

  MachineCore(Scheduler scheduler, long hungTaskTimeoutNanos, boolean lockStacks) {
    this.scheduler = scheduler;
    this.lockOrder = new LockOrder(this, lockStacks);
    this.host = new MachineCpu(this, "host");
    this.hungTasks = new HungTasks(this, hungTaskTimeoutNanos);
  }

  /// Notes that something is wrong, and returns: a simulated run ends at the next step.
  abstract void report(MachineFailure.Kind kind, String report);

  /// Reports, and unwinds the caller if that ends the run.
  abstract void fail(MachineFailure.Kind kind, String report);

  /// A task or handler threw what it should not.
  abstract void oops(MachineTask task, Throwable fault);

  MachineTask current() {
    return scheduler.current();
  }

  @Override
  public final Cpu cpu(String owner) {
    return new MachineCpu(this, owner);
  }

  @Override
  public final List<Task> tasks() {
    return new ArrayList<>(tasks.values());
  }

  @Override
  public final void point(Object on) {
    scheduler.point(Scheduler.Point.MEMORY, on);
  }

  @Override
  public final void relax() {
    scheduler.point(Scheduler.Point.RELAX, "relax");
  }

  @Override
  public final void addListener(MachineListener listener) {
    listeners.add(listener);
  }

  @Override
  public final void addListener(Cpu cpu, MachineListener listener) {
    CpuListener ofCpu = new CpuListener((MachineCpu) cpu, listener);
    listeners.add(ofCpu);
    if (ofCpu.cpu().isGone()) {
      listeners.remove(ofCpu);
    }
  }

  @Override
  public final void removeListener(MachineListener listener) {
    listeners.removeIf(
        each ->
            each.equals(listener)
                || (each instanceof CpuListener of && of.listener().equals(listener)));
  }

  /// Forgets who hears of a Cpu that was killed.
  void forgetListeners(MachineCpu cpu) {
    listeners.removeIf(each -> each instanceof CpuListener of && of.cpu() == cpu);
  }

  @Override
  public final Hold hold(String what) {
    return hungTasks.hold(what);
  }

  @Override
  public final void hungTaskTimeout(long nanos) {
    hungTasks.timeout(nanos);
  }

  /// Makes a task and puts it into the table.
  MachineTask newTask(MachineCpu cpu, MachineTask.Kind kind, String comm, Body body) {
    boolean shown = kind == MachineTask.Kind.KERNEL_THREAD || kind == MachineTask.Kind.PROCESS;
    MachineTask task =
        new MachineTask(cpu, kind, shown ? lastPid.incrementAndGet() : 0, comm, body);
    if (shown) {
      tasks.put(task.pid(), task);
    } else if (kind == MachineTask.Kind.INTERRUPT) {
      interrupts.put(task, true);
    }
    return task;
  }

  /// Takes an ended task out of the table.
  void forget(MachineTask task) {
    task.cpu.remove(task);
    if (task.isInterrupt()) {
      interrupts.remove(task);
    } else {
      tasks.remove(task.pid(), task);
    }
  }

  /// Returns every task that has not ended, interrupt contexts last; in no promised order there.
  List<MachineTask> everything() {
    List<MachineTask> all = new ArrayList<>(tasks.values());
    all.addAll(interrupts.keySet());
    return all;
  }

  long deadline(long timeoutNanos) {
    if (timeoutNanos == WaitQueue.FOREVER) {
      return WaitQueue.FOREVER;
    }
    long deadline = scheduler.nanos() + Math.max(0, timeoutNanos);
    return deadline < 0 ? WaitQueue.FOREVER : deadline;
  }
}

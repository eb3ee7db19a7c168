package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// A work queue of either machine. Its workers are made when they are first needed and stay until
/// [#close]. A work never runs twice at the same time: queued while it runs, it runs again after.
///
/// Guarded by itself, for moments: everything.
final class MachineWorkQueue implements WorkQueue {
  private final MachineCpu cpu;
  private final MachineCore machine;
  private final String comm;
  private final int maxActive;

  /// What waits to run, in order of arrival, with the number of its arrival.
  private final LinkedHashMap<Runnable, Long> waiting = new LinkedHashMap<>();

  private final Map<Runnable, MachineTimer> delayed = new LinkedHashMap<>();
  private final List<Worker> workers = new ArrayList<>();
  private final Waiters idle = new Waiters();
  private final Waiters doneWaiters = new Waiters();
  private long arrivals;
  private boolean closed;

  MachineWorkQueue(MachineCpu cpu, String comm, int maxActive) {
    Bug.unless(maxActive > 0, "work queue without workers: " + comm);
    this.cpu = cpu;
    this.machine = cpu.machine;
    this.comm = comm;
    this.maxActive = maxActive;
  }

  @Override
  public boolean queue(Runnable work) {
    boolean queued;
    synchronized (this) {
      queued = !closed && !delayed.containsKey(work) && !waiting.containsKey(work);
    }
    if (queued) {
      queued = enqueue(work);
    }
    machine.scheduler.point(Scheduler.Point.WAKE, comm);
    return queued;
  }

  @Override
  public boolean queueDelayed(Runnable work, long delayNanos) {
    if (delayNanos <= 0) {
      return queue(work);
    }
    MachineTimer timer;
    synchronized (this) {
      if (closed || delayed.containsKey(work) || waiting.containsKey(work)) {
        return false;
      }
      timer = new MachineTimer(cpu, comm, TimerKind.NORMAL, () -> delayIsOver(work));
      delayed.put(work, timer);
    }
    timer.arm(delayNanos);
    return true;
  }

  private void delayIsOver(Runnable work) {
    synchronized (this) {
      if (delayed.remove(work) == null) {
        return;
      }
    }
    enqueue(work);
  }

  private boolean enqueue(Runnable work) {
    Worker fresh = null;
    synchronized (this) {
      if (closed || waiting.putIfAbsent(work, arrivals) != null) {
        return false;
      }
      arrivals++;
      if (idle.isEmpty() && workers.size() < maxActive && !cpu.isGone()) {
        fresh = new Worker();
        workers.add(fresh);
      }
    }
    if (fresh != null) {
      fresh.task.kick();
    } else {
      idle.wakeOne(machine.scheduler);
    }
    return true;
  }

  /// Takes the first work that does not run already.
  private synchronized boolean take(Worker worker) {
    for (Iterator<Map.Entry<Runnable, Long>> i = waiting.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<Runnable, Long> entry = i.next();
      if (!isRunning(entry.getKey())) {
        worker.work = entry.getKey();
        worker.arrival = entry.getValue();
        i.remove();
        return true;
      }
    }
    return false;
  }

  private boolean isRunning(Runnable work) {
    for (Worker worker : workers) {
      if (work.equals(worker.work)) {
        return true;
      }
    }
    return false;
  }

  private void done(Worker worker) {
    boolean more;
    synchronized (this) {
      worker.work = null;
      more = !waiting.isEmpty();
    }
    if (more) {
      idle.wakeOne(machine.scheduler); // what waited for this run may start elsewhere
    }
    doneWaiters.wakeAll(machine.scheduler);
  }

  private synchronized boolean isOver() {
    return closed && waiting.isEmpty();
  }

  @Override
  @KernelSymbol("__flush_workqueue")
  public void flush() {
    long limit;
    synchronized (this) {
      limit = arrivals;
    }
    waitFor("flush_workqueue", () -> isDoneBefore(limit), worker -> worker.arrival < limit);
  }

  private synchronized boolean isDoneBefore(long limit) {
    if (cpu.isGone()) {
      return true;
    }
    for (long arrival : waiting.values()) {
      if (arrival < limit) {
        return false;
      }
    }
    for (Worker worker : workers) {
      if (worker.work != null && worker.arrival < limit) {
        return false;
      }
    }
    return true;
  }

  @Override
  @KernelSymbol("cancel_work_sync")
  public boolean cancelSync(Runnable work) {
    machine.scheduler.point(Scheduler.Point.WAKE, comm);
    MachineTimer timer;
    boolean was;
    synchronized (this) {
      timer = delayed.remove(work);
      was = waiting.remove(work) != null || timer != null;
    }
    if (timer != null) {
      timer.cancel();
    }
    waitFor("cancel_work_sync", () -> isIdle(work), worker -> work.equals(worker.work));
    return was;
  }

  private synchronized boolean isIdle(Runnable work) {
    return cpu.isGone() || !isRunning(work);
  }

  private void waitFor(String wchan, BooleanSupplier condition, Predicate<Worker> inTheWay) {
    machine.current().waitUntil(doneWaiters, Task.State.D, wchan, condition, new Running(inTheWay));
  }

  @Override
  @KernelSymbol("destroy_workqueue")
  public void close() {
    List<MachineTimer> timers;
    List<Worker> last;
    synchronized (this) {
      closed = true;
      timers = new ArrayList<>(delayed.values());
      delayed.clear();
      last = new ArrayList<>(workers);
    }
    for (MachineTimer timer : timers) {
      timer.cancel();
    }
    idle.wakeAll(machine.scheduler);
    for (Worker worker : last) {
      worker.task.waitFor();
    }
  }

  /// What a flush waits for: the workers that are in its way, as long as they work.
  private final class Running implements Owned {
    private final Predicate<Worker> inTheWay;

    Running(Predicate<Worker> inTheWay) {
      this.inTheWay = inTheWay;
    }

    @Override
    public void owners(List<MachineTask> into) {
      synchronized (MachineWorkQueue.this) {
        for (Worker worker : workers) {
          if (worker.work != null && inTheWay.test(worker)) {
            into.add(worker.task);
          }
        }
      }
    }

    @Override
    public String describe() {
      return "works of " + comm;
    }
  }

  /// One worker.
  private final class Worker {
    final MachineTask task;
    @Nullable Runnable work;
    long arrival;

    Worker() {
      this.task =
          cpu.makeTask(MachineTask.Kind.KERNEL_THREAD, "kworker/" + comm, self -> workerThread());
    }

    @KernelSymbol("worker_thread")
    private int workerThread() {
      try {
        return serve();
      } finally {
        doneWaiters.wakeAll(machine.scheduler);
      }
    }

    private int serve() {
      Waiter waiter = task.waiter();
      while (true) {
        idle.add(waiter);
        if (take(this)) {
          idle.remove(waiter);
          processOneWork();
        } else if (isOver()) {
          idle.remove(waiter);
          return 0;
        } else if (task.block(Task.State.S, "worker_thread", false, WaitQueue.FOREVER)
            == MachineTask.GONE) {
          throw task.gone();
        }
      }
    }

    @KernelSymbol("process_one_work")
    private void processOneWork() {
      Runnable now = work;
      try {
        machine.scheduler.point(Scheduler.Point.WAIT, comm);
        if (now != null) {
          now.run();
        }
      } catch (CpuGone gone) {
        throw gone;
      } catch (Throwable fault) {
        machine.oops(task, fault);
      } finally {
        done(this);
      }
    }
  }
}

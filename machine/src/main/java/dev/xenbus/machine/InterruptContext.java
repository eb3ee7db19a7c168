package dev.xenbus.machine;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Where interrupt handlers and timer functions of one Cpu run, one at a time, in order of arrival:
/// a task that is in no table (pid 0) and may not sleep. Made when something first arrives.
///
/// Guarded by itself, for moments: the queue.
final class InterruptContext {
  private final MachineCpu cpu;
  private final ArrayDeque<Delivery> queue = new ArrayDeque<>(4);
  private @Nullable MachineTask task;

  InterruptContext(MachineCpu cpu) {
    this.cpu = cpu;
  }

  void add(Delivery delivery) {
    MachineTask context;
    synchronized (this) {
      if (cpu.isGone()) {
        return;
      }
      queue.add(delivery);
      context = task();
    }
    context.kick();
  }

  synchronized void remove(Delivery delivery) {
    queue.remove(delivery);
  }

  synchronized MachineTask task() {
    MachineTask context = task;
    if (context == null) {
      context = cpu.makeTask(MachineTask.Kind.INTERRUPT, "swapper/0", this::loop);
      task = context;
    }
    return context;
  }

  private int loop(Task self) {
    MachineTask context = (MachineTask) self;
    while (true) {
      Delivery next;
      synchronized (this) {
        next = queue.poll();
      }
      if (next != null) {
        next.deliver(context);
      } else if (context.block(Task.State.R, "0", false, WaitQueue.FOREVER) == MachineTask.GONE) {
        throw context.gone();
      }
    }
  }
}

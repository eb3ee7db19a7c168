package dev.xenbus.machine;

import java.util.List;

/// Something that runs in the interrupt context of a Cpu: an interrupt line or a timer's function.
///
/// Guarded by itself, for moments: whether it waits to be delivered, whether it runs.
abstract class Delivery implements Owned {
  final MachineCpu cpu;
  final String name;
  private final Runnable handler;
  private boolean queued;
  private volatile boolean running;
  private final Waiters doneWaiters = new Waiters();

  Delivery(MachineCpu cpu, String name, Runnable handler) {
    this.cpu = cpu;
    this.name = name;
    this.handler = handler;
  }

  /// Called in interrupt context before the handler: may clear what made it pending.
  ///
  /// @return whether the handler is to run
  abstract boolean begin();

  /// Queues it, unless it waits already.
  final void enqueue() {
    synchronized (this) {
      if (queued) {
        return;
      }
      queued = true;
    }
    cpu.interrupts().add(this);
  }

  /// Takes it off the queue.
  ///
  /// @return whether it waited there
  final boolean dequeue() {
    synchronized (this) {
      if (!queued) {
        return false;
      }
      queued = false;
    }
    cpu.interrupts().remove(this);
    return true;
  }

  final synchronized boolean isQueued() {
    return queued;
  }

  /// Runs the handler, in interrupt context.
  final void deliver(MachineTask context) {
    synchronized (this) {
      if (!queued) {
        return; // taken off after all
      }
      queued = false;
      running = true;
    }
    try {
      if (begin()) {
        handler.run();
      }
    } catch (CpuGone gone) {
      throw gone;
    } catch (Throwable fault) {
      cpu.machine.oops(context, fault);
    } finally {
      running = false;
      doneWaiters.wakeAll(cpu.machine.scheduler);
    }
  }

  /// Waits until the handler does not run, unless called from interrupt context of the same Cpu.
  final void awaitDone(Task.State how, String wchan) {
    if (!running) {
      return;
    }
    MachineTask self = cpu.machine.current();
    if (!self.isInterrupt() || self.cpu != cpu) {
      self.waitUntil(doneWaiters, how, wchan, () -> !running, this);
    }
  }

  @Override
  public final void owners(List<MachineTask> into) {
    if (running) {
      into.add(cpu.interrupts().task());
    }
  }

  @Override
  public final String describe() {
    return "the end of the handler of " + name;
  }

  @Override
  public final String toString() {
    return name;
  }
}

package dev.xenbus.machine;

/// An interrupt line of either machine. Guarded by itself, for moments: pending, masked, closed.
final class MachineIrq extends Delivery implements Irq {
  private boolean pending;
  private boolean masked;
  private boolean closed;

  MachineIrq(MachineCpu cpu, String name, Runnable handler) {
    super(cpu, name, handler);
  }

  @Override
  public void raise() {
    boolean send;
    synchronized (this) {
      send = !pending && !closed;
      pending |= send;
      send &= !masked;
    }
    if (send) {
      enqueue();
    }
    cpu.machine.scheduler.point(Scheduler.Point.SEND, this);
  }

  @Override
  synchronized boolean begin() {
    if (masked || closed || !pending) {
      return false;
    }
    pending = false; // before the handler: an edge from now on is another one
    return true;
  }

  @Override
  public synchronized void mask() {
    masked = true;
  }

  @Override
  public void unmask() {
    boolean send;
    synchronized (this) {
      masked = false;
      send = pending && !closed;
    }
    if (send) {
      enqueue();
    }
    cpu.machine.scheduler.point(Scheduler.Point.SEND, this);
  }

  @Override
  @KernelSymbol("free_irq")
  public void close() {
    cpu.machine.scheduler.point(Scheduler.Point.SEND, this);
    synchronized (this) {
      closed = true;
      pending = false;
    }
    dequeue();
    awaitDone(Task.State.D, "synchronize_irq");
  }
}

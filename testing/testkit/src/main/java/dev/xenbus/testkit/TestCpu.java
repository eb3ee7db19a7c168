package dev.xenbus.testkit;

import dev.xenbus.machine.Body;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Irq;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.PipePair;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.RwSemaphore;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.Timer;
import dev.xenbus.machine.TimerKind;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.machine.WorkQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// A machine's Cpu whose threads of one name cannot be made for a while.
final class TestCpu implements Cpu {
  private final Cpu cpu;
  private final AtomicInteger failures = new AtomicInteger();
  private volatile String failing = "";

  TestCpu(Cpu cpu) {
    this.cpu = cpu;
  }

  void failThreads(String comm, int times) {
    failing = comm;
    failures.set(times);
  }

  @Override
  public String owner() {
    return cpu.owner();
  }

  @Override
  public Task kthread(String comm, Body body) throws NoThread {
    if (comm.equals(failing) && failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new NoThread(comm);
    }
    return cpu.kthread(comm, body);
  }

  @Override
  public Task process(String comm, Body body) throws NoThread {
    return cpu.process(comm, body);
  }

  @Override
  public WaitQueue waitQueue(String wchan) {
    return cpu.waitQueue(wchan);
  }

  @Override
  public Mutex mutex(LockClass order) {
    return cpu.mutex(order);
  }

  @Override
  public SpinLock spinLock(LockClass order) {
    return cpu.spinLock(order);
  }

  @Override
  public RwSemaphore rwSemaphore(LockClass order) {
    return cpu.rwSemaphore(order);
  }

  @Override
  public Completion completion(String wchan) {
    return cpu.completion(wchan);
  }

  @Override
  public WorkQueue workQueue(String comm, int maxActive) {
    return cpu.workQueue(comm, maxActive);
  }

  @Override
  public Timer timer(String name, TimerKind kind, Runnable softirq) {
    return cpu.timer(name, kind, softirq);
  }

  @Override
  public Irq irq(String name, Runnable handler) {
    return cpu.irq(name, handler);
  }

  @Override
  public Poller poller(String wchan) {
    return cpu.poller(wchan);
  }

  @Override
  public PipePair pipe(int bytesMax) {
    return cpu.pipe(bytesMax);
  }

  @Override
  public void pause() {
    cpu.pause();
  }

  @Override
  public void pauseSoon() {
    cpu.pauseSoon();
  }

  @Override
  public void unpause() {
    cpu.unpause();
  }

  @Override
  public void stopMachine() {
    cpu.stopMachine();
  }

  @Override
  public void restartMachine() {
    cpu.restartMachine();
  }

  @Override
  public void kill() {
    cpu.kill();
  }

  @Override
  public Machine machine() {
    return cpu.machine();
  }
}

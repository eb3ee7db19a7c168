package dev.xenbus.testkit;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Hold;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A place where a test holds tasks in state D: a stall on purpose.
///
/// Threads: any.
public final class TestGate {
  private final Cpu cpu;
  private final WaitQueue inside;
  private final WaitQueue outside;
  private final AtomicInteger entered = new AtomicInteger();
  private volatile boolean open;
  private volatile @Nullable Hold hold;

  /// Makes a closed gate.
  public TestGate(Cpu cpu) {
    this.cpu = cpu;
    inside = cpu.waitQueue("test_gate");
    outside = cpu.waitQueue("test_gate_outside");
  }

  /// Waits, uninterruptibly, until the gate is open.
  public void pass() {
    if (hold == null) {
      hold = cpu.machine().hold("test gate");
    }
    entered.incrementAndGet();
    outside.wakeAll();
    inside.await(Task.State.D, WaitQueue.FOREVER, () -> open);
  }

  /// Waits until so many tasks have come to the gate in all.
  public void awaitEntered(int count) {
    outside.await(Task.State.D, WaitQueue.FOREVER, () -> entered.get() >= count);
  }

  /// Returns how many tasks have come to the gate in all.
  public int entered() {
    return entered.get();
  }

  /// Opens it for all.
  public void open() {
    open = true;
    Hold held = hold;
    if (held != null) {
      held.close();
    }
    inside.wakeAll();
  }
}

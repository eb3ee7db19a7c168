package dev.xenbus.linux.block;

import dev.xenbus.machine.Bug;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;

/// The request tags of one disk: how many requests its driver has at once.
///
/// Threads: any. The fields are written under `lock` and may be read without it.
final class RequestTags {
  private final int count;
  private final WaitQueue waiters;
  private final SpinLock lock;
  private volatile int free;
  private volatile boolean dead;

  RequestTags(Cpu cpu, int count) {
    this.count = count;
    this.free = count;
    this.waiters = cpu.waitQueue("blk_mq_get_tag");
    this.lock = cpu.spinLock(LockClass.of("blk_mq_tags"));
  }

  /// Takes a tag; waits, in state D, until one is free.
  ///
  /// @return false if the disk died before there was one
  @KernelSymbol("blk_mq_get_tag")
  boolean get() {
    while (!dead) {
      if (tryGet()) {
        return true;
      }
      waiters.await(Task.State.D, WaitQueue.FOREVER, () -> free > 0 || dead);
    }
    return false;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written under `lock`
  private boolean tryGet() {
    lock.lock();
    try {
      if (free == 0) {
        return false;
      }
      free = free - 1;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// Gives a tag back; interrupt context too.
  @SuppressWarnings("NonAtomicVolatileUpdate") // written under `lock`
  void put() {
    lock.lock();
    try {
      Bug.unless(free < count, "tag given back twice");
      free = free + 1;
    } finally {
      lock.unlock();
    }
    waiters.wakeOne();
  }

  /// Sends all waiters away, present and future.
  void kill() {
    dead = true;
    waiters.wakeAll();
  }

  /// Returns whether [#kill] was called.
  boolean isDead() {
    return dead;
  }

  /// Returns how many tags nobody has.
  int free() {
    return free;
  }
}

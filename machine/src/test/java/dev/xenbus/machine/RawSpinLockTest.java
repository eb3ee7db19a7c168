package dev.xenbus.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RawSpinLockTest {
  @Test
  void oneHoldsItAtATime() throws Exception {
    RawSpinLock lock = new RawSpinLock();
    int[] count = {0};
    LiveMachine machine = new LiveMachine();
    machine.run(
        () -> {
          Cpu cpu = machine.cpu("test");
          List<Task> tasks = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            tasks.add(
                cpu.process(
                    "adder",
                    self -> {
                      for (int n = 0; n < 50_000; n++) {
                        lock.lock();
                        try {
                          count[0]++;
                        } finally {
                          lock.unlock();
                        }
                      }
                      return 0;
                    }));
          }
          tasks.forEach(Task::wake);
          for (Task task : tasks) {
            assertEquals(0, task.waitFor());
          }
          return null;
        });
    assertEquals(200_000, count[0]);
  }

  @Test
  void takenLockIsNotTakenAgain() {
    RawSpinLock lock = new RawSpinLock();
    assertTrue(lock.tryLock());
    assertFalse(lock.tryLock());
    lock.unlock();
    lock.barrier();
    assertTrue(lock.tryLock());
  }

  @Test
  void whatWouldNeedTheSchedulerIsRefused() {
    RawSpinLock lock = new RawSpinLock();
    assertThrows(UnsupportedOperationException.class, lock::newCondition);
    assertThrows(UnsupportedOperationException.class, lock::lockInterruptibly);
    assertThrows(UnsupportedOperationException.class, () -> lock.tryLock(1, TimeUnit.SECONDS));
  }
}

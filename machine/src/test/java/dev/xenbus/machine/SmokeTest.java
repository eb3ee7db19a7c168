package dev.xenbus.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SmokeTest {
  static Stream<Machine> machines() {
    return Stream.of(
        new LiveMachine(LiveMachine.Options.usual().endingOnProblem()),
        new SimulatedMachine(SimulatedMachine.Options.fair()),
        new SimulatedMachine(1),
        new SimulatedMachine(2),
        new SimulatedMachine(SimulatedMachine.Options.seed(3).with(new Pct(3, 100))));
  }

  @ParameterizedTest
  @MethodSource("machines")
  void everything(Machine machine) throws MachineFailure {
    int result =
        machine.run(
            () -> {
              Cpu cpu = machine.cpu("dom0");
              Mutex mutex = cpu.mutex(LockClass.of("m"));
              int[] count = {0};
              Task[] tasks = new Task[4];
              for (int i = 0; i < 4; i++) {
                tasks[i] =
                    cpu.kthread(
                        "worker" + i,
                        self -> {
                          for (int k = 0; k < 100; k++) {
                            mutex.lock();
                            try {
                              int now = count[0];
                              Task.relax();
                              count[0] = now + 1;
                            } finally {
                              mutex.unlock();
                            }
                          }
                          return 7;
                        });
                tasks[i].wake();
              }
              for (Task task : tasks) {
                assertEquals(7, task.waitFor());
              }
              Completion done = cpu.completion("done");
              Irq irq = cpu.irq("irq", done::complete);
              irq.raise();
              assertEquals(WaitQueue.Wake.READY, done.await(WaitQueue.FOREVER));
              Timer timer = cpu.timer("t", TimerKind.NORMAL, done::complete);
              timer.arm(1_000_000);
              assertEquals(WaitQueue.Wake.READY, done.await(WaitQueue.FOREVER));
              assertEquals(WaitQueue.Wake.TIMEOUT, done.await(1_000_000));
              WorkQueue works = cpu.workQueue("test", 2);
              works.queue(done::complete);
              works.flush();
              assertTrue(done.isDone());
              works.close();
              Task stopped =
                  cpu.kthread(
                      "sleeper",
                      self -> {
                        cpu.waitQueue("q").await(Task.State.S, WaitQueue.FOREVER, self::shouldStop);
                        return 3;
                      });
              assertEquals(-4, stopped.stop());
              Task slow =
                  cpu.kthread(
                      "sleeper",
                      self -> {
                        cpu.waitQueue("q").await(Task.State.S, WaitQueue.FOREVER, self::shouldStop);
                        return 3;
                      });
              slow.wake();
              Task.sleep(1_000_000);
              assertEquals(3, slow.stop());
              assertEquals(List.of(Task.current()), machine.tasks());
              return count[0];
            });
    assertEquals(400, result);
  }
}

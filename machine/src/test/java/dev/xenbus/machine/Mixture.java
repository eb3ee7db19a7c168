package dev.xenbus.machine;

import static dev.xenbus.machine.World.start;
import static dev.xenbus.machine.World.startProcess;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/// A program that uses everything, for tests of determinism. As a main class it prints the trace
/// hash of each seed that it is given.
///
/// @param machine where it runs
@SuppressWarnings("LockNotBeforeTry") // nothing can throw in between but CpuGone
record Mixture(Machine machine) implements Callable<Boolean> {
  public static void main(String[] seeds) throws MachineFailure {
    for (String seed : seeds) {
      System.out.println(hash(Long.parseLong(seed)));
    }
  }

  static long hash(long seed) throws MachineFailure {
    return hash(SimulatedMachine.Options.seed(seed).chaos(false, true));
  }

  static long hash(SimulatedMachine.Options options) throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(options);
    machine.run(new Mixture(machine));
    return machine.trace().hash();
  }

  @Override
  public Boolean call() throws IOException {
    Cpu cpu = machine.cpu("dom0");
    Cpu guest = machine.cpu("dom7");
    Mutex mutex = cpu.mutex(LockClass.of("m"));
    RwSemaphore semaphore = cpu.rwSemaphore(LockClass.of("s"));
    WaitQueue queue = cpu.waitQueue("q");
    WorkQueue works = cpu.workQueue("w", 2);
    Irq irq = cpu.irq("i", () -> machine.trace().emit("irq", 0, 0, "i"));
    PipePair pipe = cpu.pipe(16);
    int[] count = {0};
    List<Task> tasks = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int number = i;
      Body body =
          self -> {
            for (int k = 0; k < 8; k++) {
              mutex.lock();
              try {
                count[0]++;
              } finally {
                mutex.unlock();
              }
              queue.wakeAll();
              works.queue(() -> machine.trace().emit("work", number, 0, self));
              irq.raise();
              semaphore.read().lock();
              semaphore.read().unlock();
              Task.sleep(machine.choices().random("sleep").nextInt(1, 100_000));
            }
            return number;
          };
      tasks.add(i == 0 ? startProcess(cpu, "p", body) : start(cpu, "t" + i, body));
    }
    start(guest, "spinner", self -> spin(guest));
    start(cpu, "writer", self -> write(pipe.a(), queue, count));
    ByteBuffer into = ByteBuffer.allocate(64);
    while (pipe.b().tryRead(into) >= 0) {
      pipe.b().awaitReadable(50_000);
      guest.pause();
      guest.unpause();
    }
    guest.kill();
    for (Task task : tasks) {
      machine.trace().emit("ended", task.waitFor(), machine.clock().nanos(), task.comm());
    }
    works.close();
    irq.close();
    return true;
  }

  private int spin(Cpu guest) {
    Timer[] tick = new Timer[1];
    tick[0] = guest.timer("tick", TimerKind.HOUSEKEEPING, () -> tick[0].arm(10_000));
    tick[0].arm(10_000);
    while (true) {
      machine.trace().emit("spin", 0, 0, guest);
      Task.sleep(5_000);
    }
  }

  private static int write(Pipe pipe, WaitQueue queue, int[] count) {
    queue.await(Task.State.S, WaitQueue.FOREVER, () -> count[0] > 10);
    try {
      pipe.tryWrite(ByteBuffer.wrap(new byte[20]));
      pipe.awaitWritable(WaitQueue.FOREVER);
    } catch (IOException e) {
      return 1;
    }
    pipe.close();
    return 0;
  }
}

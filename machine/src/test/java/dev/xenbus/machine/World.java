package dev.xenbus.machine;

import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The machines, and ways to schedule, that every primitive must behave the same on.
enum World {
  LIVE {
    @Override
    Stream<Machine> machines() {
      return IntStream.range(0, 3)
          .mapToObj(i -> new LiveMachine(LiveMachine.Options.usual().endingOnProblem()));
    }
  },
  FAIR {
    @Override
    Stream<Machine> machines() {
      return Stream.of(new SimulatedMachine(SimulatedMachine.Options.fair()));
    }
  },
  RANDOM {
    @Override
    Stream<Machine> machines() {
      return seeds(new RandomWalk(), false);
    }
  },
  SPURIOUS {
    @Override
    Stream<Machine> machines() {
      return seeds(new RandomWalk(), true);
    }
  },
  PCT {
    @Override
    Stream<Machine> machines() {
      return seeds(new Pct(3, 60), false);
    }
  };

  private static final int SEEDS = 40;

  /// What a test does on a machine, as its main task.
  @FunctionalInterface
  interface Scenario {
    void run(Machine machine, Cpu cpu) throws Exception;
  }

  abstract Stream<Machine> machines();

  boolean isLive() {
    return this == LIVE;
  }

  private static Stream<Machine> seeds(Strategy strategy, boolean spurious) {
    return IntStream.range(0, SEEDS)
        .mapToObj(
            seed ->
                new SimulatedMachine(
                    SimulatedMachine.Options.seed(seed).with(strategy).chaos(false, spurious)));
  }

  /// Runs a scenario once on each machine of this world.
  void run(Scenario scenario) {
    machines().forEach(machine -> run(machine, scenario));
  }

  static void run(Machine machine, Scenario scenario) {
    try {
      machine.run(
          () -> {
            scenario.run(machine, machine.cpu("dom0"));
            return true;
          });
    } catch (MachineFailure failure) {
      throw new AssertionError(machine + ": " + failure.getMessage(), failure);
    }
  }

  /// Starts a kernel thread.
  static Task start(Cpu cpu, String comm, Body body) {
    try {
      Task task = cpu.kthread(comm, body);
      task.wake();
      return task;
    } catch (NoThread e) {
      throw new AssertionError(e);
    }
  }

  /// Starts a process.
  static Task startProcess(Cpu cpu, String comm, Body body) {
    try {
      Task task = cpu.process(comm, body);
      task.wake();
      return task;
    } catch (NoThread e) {
      throw new AssertionError(e);
    }
  }

  /// Lets others run until something holds, without waiting for it by a primitive.
  static void spinUntil(java.util.function.BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Task.relax();
    }
  }
}

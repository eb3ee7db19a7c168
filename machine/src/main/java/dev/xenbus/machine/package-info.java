/// The ground: threads, locks, time and randomness, live or simulated.
///
/// Start with [Machine], [Cpu] and [Task], then the primitives: [WaitQueue], [Mutex], [SpinLock],
/// [RwSemaphore], [Completion], [WorkQueue], [Timer], [Irq], [Poller], [Pipe]. A program makes a
/// [LiveMachine], a test a [SimulatedMachine]:
///
/// ```java
/// var machine = new SimulatedMachine(SimulatedMachine.Options.seed(7));
/// machine.run(() -> {
///   Cpu dom0 = machine.cpu("dom0");
///   Completion done = dom0.completion("probe");
///   Task thread = dom0.kthread("probe", self -> { done.complete(); return 0; });
///   thread.wake();
///   return done.await(10_000_000_000L);
/// });
/// ```
///
/// How it is made: every primitive (`Machine…`) is written once over a `Scheduler`; the two
/// machines differ in the scheduler alone. In the simulated one, tasks are virtual threads of which
/// all but one are parked; at each scheduling point a [Strategy] decides who goes on, and every
/// decision is recorded in a [Schedule], which a [Replay] repeats, a [Shrinker] makes smaller, and
/// [AllSchedules] enumerates for small programs.
///
/// What a run finds wrong is a [MachineFailure]: deadlocks (`WaitGraph`), locks in two orders
/// (`LockOrder`), hung tasks (`HungTasks`), invariants ([Machine#invariant]), tasks that throw. A
/// live machine tells its [MachineListener]s instead and goes on.
///
/// The monitors inside of this package are held for moments, never while a task waits, and in this
/// order: `WaitGraph`, then a primitive's own, then its `Waiters`, then an `InterruptContext`.
@NullMarked
package dev.xenbus.machine;

import org.jspecify.annotations.NullMarked;

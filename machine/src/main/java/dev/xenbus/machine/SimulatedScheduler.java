package dev.xenbus.machine;

import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One task at a time, virtual time, and a strategy that decides at every point who goes on.
///
/// Every task has its virtual thread, and all but one are parked: the one that runs has the baton,
/// and with it everything in here, without a lock. Handing the baton over is one volatile store
/// with an unpark; it orders everything that one task did before everything that the next one does.
final class SimulatedScheduler implements Scheduler {
  /// After so many steps without a switch others go first, if they can.
  private static final int SLICE_STEPS = 256;

  /// At every so many steps time may move early, if the strategy wants it to.
  private static final int STEPS_PER_ADVANCE = 16;

  private final SimulatedMachine.Options options;
  private final Decisions decisions;
  private final VirtualTime time;
  private final TaskList ready = new TaskList();
  private final TaskList alive = new TaskList();

  /// The names of all tasks that were started, in that order.
  private final SequencedSet<String> comms = new LinkedHashSet<>();
  private @Nullable SimulatedMachine machine;
  private @Nullable MachineTask outside;
  private volatile @Nullable MachineTask running;
  private @Nullable MachineTask main;
  private long steps;
  private long sliceSteps;

  /// The step at which the baton was handed over last.
  private long runsSince;

  /// After how many rounds of nothing but `RELAX` time moves. Many: a task with work to do may
  /// relax between pieces of it, and no time-out may come meanwhile.
  private static final long RELAX_ROUNDS = 1_000;

  /// How many points in a row were `RELAX`.
  private long relaxes;

  // The end. `finished` is the last thing that a run writes.
  private volatile boolean ending;
  private volatile @Nullable MachineFailure failure;
  private volatile boolean finished;
  private @Nullable Thread runner;

  SimulatedScheduler(SimulatedMachine.Options options) {
    this.options = options;
    this.decisions = new Decisions(this, options);
    this.time = new VirtualTime(decisions);
  }

  void attach(SimulatedMachine core) {
    machine = core;
    decisions.attach(core.traceRing());
  }

  private SimulatedMachine machine() {
    return java.util.Objects.requireNonNull(machine);
  }

  static SimulatedSeat seatOf(MachineTask task) {
    return (SimulatedSeat) task.seat;
  }

  Decisions decisions() {
    return decisions;
  }

  long steps() {
    return steps;
  }

  long runsSince() {
    return runsSince;
  }

  @Nullable MachineTask running() {
    return running;
  }

  SequencedSet<String> comms() {
    return comms;
  }

  boolean isEnding() {
    return ending;
  }

  @Nullable MachineFailure failure() {
    return failure;
  }

  @Override
  public Seat seat(MachineTask task) {
    return new SimulatedSeat(this, task);
  }

  @Override
  public MachineTask current() {
    MachineTask task = running;
    if (task == null) {
      return outside();
    }
    if (!isCaller(task)) {
      throw new Bug("a thread from outside used a simulated machine while it ran");
    }
    return task;
  }

  @SuppressWarnings("ReferenceEquality") // a thread is equal to itself alone
  private static boolean isCaller(MachineTask task) {
    return task.seat.thread == Thread.currentThread();
  }

  private MachineTask outside() {
    MachineTask standIn = outside;
    if (standIn == null) {
      standIn = machine().newTask(machine().host, MachineTask.Kind.OUTSIDE, "outside", self -> 0);
      outside = standIn;
    }
    return standIn;
  }

  @Override
  public long nanos() {
    return time.now();
  }

  @Override
  public long skippedNanos() {
    return time.skippedNanos();
  }

  // --- points ---------------------------------------------------------------------------------

  @Override
  public void begin(MachineTask self) {
    step(self);
    attend(self, false);
  }

  @Override
  public void point(Point why, Object on) {
    MachineTask self = running;
    if (self == null) {
      return; // before or after the run
    }
    if (!isCaller(self)) {
      throw new Bug("a thread from outside used a simulated machine while it ran");
    }
    step(self);
    if ((ending || self.cpu.attention != 0) && attend(self, why == Point.UNLOCK)) {
      return;
    }
    boolean relaxing = why == Point.RELAX;
    if (relaxing) {
      spinning();
    } else {
      relaxes = 0;
    }
    passTime(self);
    int others = ready.size();
    if (others == 0) {
      return;
    }
    boolean last = relaxing || ++sliceSteps >= SLICE_STEPS;
    if (!last && decisions.staysOn()) {
      decisions.stayed(others + 1);
      return;
    }
    int stay = last ? others : 0;
    int pick = decisions.schedule(others + 1, stay, relaxing, on);
    if (last) {
      sliceSteps = 0;
    }
    if (pick != stay) {
      MachineTask next = ready.take(pick < stay ? pick : pick - 1);
      ready.add(self);
      handOver(self, next);
    }
  }

  /// Lets happen what is due by now, and at times moves time although somebody can run.
  private void passTime(MachineTask self) {
    if (time.isStill() || time.happens()) {
      return;
    }
    if (steps % STEPS_PER_ADVANCE == 0 && decisions.advances(self)) {
      time.advance(true);
    }
  }

  /// Moves time if everybody who can run has done nothing but relax for many rounds: they all wait
  /// for something that only time brings.
  private void spinning() {
    if (++relaxes > RELAX_ROUNDS * (ready.size() + 1)) {
      relaxes = 0;
      time.advance(false);
    }
  }

  /// Returns a possibility of a scheduling step.
  MachineTask candidate(int option, int stay) {
    if (option == stay) {
      return java.util.Objects.requireNonNull(running);
    }
    return ready.get(stay >= 0 && option > stay ? option - 1 : option);
  }

  private void step(MachineTask self) {
    seatOf(self).steps++;
    if (++steps > options.stepLimit() && !ending) {
      fail(
          MachineFailure.Kind.STEP_LIMIT,
          "no end after " + options.stepLimit() + " steps\n" + machine().taskTable());
    }
    if (!ending) {
      machine().checkInvariants();
    }
  }

  /// Unwinds a task that is to end and stops one of a paused Cpu.
  ///
  /// @return whether the caller goes on without a choice: it unwinds and drops a lock
  private boolean attend(MachineTask self, boolean unlocking) {
    while (true) {
      if (ending || self.mustDie()) {
        if (unlocking && self.dying) {
          return true;
        }
        throw self.gone();
      }
      if (!self.cpu.stops(self) || self.locks.hasForeign()) {
        return false;
      }
      seatOf(self).stashed = true;
      self.cpu.quietWaiters.wakeAll(this);
      switchFrom(self, "paused");
    }
  }

  // --- waiting --------------------------------------------------------------------------------

  @Override
  public int block(MachineTask self, boolean signals, long deadlineNanos) {
    if (running == null) {
      throw new Bug("a thread from outside cannot wait on a simulated machine");
    }
    step(self);
    relaxes = 0;
    SimulatedSeat seat = seatOf(self);
    if (ending || self.mustDie()) {
      return MachineTask.GONE;
    }
    if (seat.permit) {
      seat.permit = false;
      return signals && self.signalPending() ? MachineTask.SIGNALLED : MachineTask.READY;
    }
    if (signals && self.signalPending()) {
      return MachineTask.SIGNALLED;
    }
    if (deadlineNanos != WaitQueue.FOREVER) {
      seat.sleep.at = deadlineNanos;
      time.arm(seat.sleep);
    }
    seat.blocked = true;
    if (self.cpu.isPaused()) {
      self.cpu.quietWaiters.wakeAll(this);
    }
    if (ready.size() != 0 && !time.isStill() && decisions.advances(self)) {
      time.advance(true);
    }
    switchFrom(self, "block");
    if (ending || self.mustDie()) {
      return MachineTask.GONE;
    }
    return seat.outcome == MachineTask.READY && signals && self.signalPending()
        ? MachineTask.SIGNALLED
        : seat.outcome;
  }

  /// Runs others until this task is chosen again.
  private void switchFrom(MachineTask self, Object on) {
    MachineTask next = next(on);
    if (next != self) {
      handOver(self, next);
    }
  }

  private void handOver(MachineTask self, MachineTask next) {
    sliceSteps = 0;
    runsSince = steps;
    give(next);
    SimulatedSeat seat = seatOf(self);
    while (!seat.go) {
      LockSupport.park(this);
    }
    seat.go = false;
  }

  private void give(MachineTask next) {
    running = next;
    SimulatedSeat seat = seatOf(next);
    seat.go = true;
    if (seat.begun) {
      LockSupport.unpark(seat.thread);
    } else {
      seat.begun = true;
      java.util.Objects.requireNonNull(seat.thread).start();
    }
  }

  /// Chooses who runs next, moving time if nobody can; at the end of a run the next to unwind.
  private MachineTask next(Object on) {
    while (!ending && ready.size() == 0) {
      if (!time.advance(false)) {
        note(
            MachineFailure.Kind.DEADLOCK,
            "deadlock: nobody can run and nothing is due\n" + machine().taskTable());
      }
    }
    if (ending) {
      return alive.last();
    }
    int count = ready.size();
    return ready.take(count == 1 ? 0 : decisions.schedule(count, -1, false, on));
  }

  @Override
  public int blockOutside(MachineTask self, OutsideWait outside, long deadlineNanos) {
    throw new UnsupportedOperationException("a simulated machine has no outside");
  }

  @Override
  public void ready(MachineTask task) {
    SimulatedSeat seat = seatOf(task);
    if (seat.blocked) {
      time.disarm(seat.sleep);
      wake(task, seat, MachineTask.READY);
    } else {
      seat.permit = true;
    }
  }

  void timedOut(MachineTask task) {
    wake(task, seatOf(task), MachineTask.TIMED_OUT);
  }

  private void wake(MachineTask task, SimulatedSeat seat, int outcome) {
    seat.blocked = false;
    seat.outcome = outcome;
    enter(task, seat);
  }

  private void enter(MachineTask task, SimulatedSeat seat) {
    if (task.cpu.stops(task) && !task.locks.hasForeign()) {
      seat.stashed = true;
    } else {
      ready.add(task);
      decisions.othersChanged();
    }
  }

  @Override
  public void start(MachineTask task) {
    if (ending) {
      return;
    }
    SimulatedSeat seat = seatOf(task);
    seat.thread = Thread.ofVirtual().name(task.comm()).unstarted(() -> runTask(task));
    alive.add(task);
    comms.add(task.comm());
    enter(task, seat);
  }

  private void runTask(MachineTask task) {
    try {
      seatOf(task).go = false;
      task.run();
    } finally {
      ended(task);
    }
  }

  private void ended(MachineTask task) {
    alive.remove(task);
    if (task == main) {
      ending = true;
    }
    if (ending && alive.size() == 0) {
      finish();
      return;
    }
    give(next("end"));
  }

  @Override
  public void attention(MachineCpu cpu) {
    for (MachineTask task : cpu.tasks()) {
      SimulatedSeat seat = seatOf(task);
      if (cpu.stops(task)) {
        if (task != running && !task.locks.hasForeign() && ready.remove(task)) {
          seat.stashed = true;
        }
      } else if (seat.stashed) {
        seat.stashed = false;
        ready.add(task);
      }
    }
    decisions.othersChanged();
  }

  @Override
  public boolean isQuiet(MachineTask task) {
    return !task.locks.hasForeign();
  }

  // --- time -----------------------------------------------------------------------------------

  @Override
  public void arm(Due due) {
    time.arm(due);
  }

  @Override
  public boolean disarm(Due due) {
    return time.disarm(due);
  }

  @Override
  public void dropTimers(MachineCpu cpu) {
    time.dropAll(cpu);
  }

  // --- the run --------------------------------------------------------------------------------

  /// Notes why the run fails; it unwinds from the next step on. The first reason counts.
  void note(MachineFailure.Kind kind, String report) {
    if (!ending && failure == null) {
      failure = decisions.failure(kind, report);
      ending = true;
    }
  }

  void note(MachineFailure.Kind kind, String report, Throwable cause) {
    if (!ending && failure == null) {
      failure = decisions.failure(kind, report, cause);
      ending = true;
    }
  }

  /// Fails the run and unwinds the caller.
  private void fail(MachineFailure.Kind kind, String report) {
    note(kind, report);
    unwind();
  }

  /// Unwinds the caller, if a task calls.
  void unwind() {
    MachineTask self = running;
    if (self != null) {
      throw self.gone();
    }
  }

  private void finish() {
    Thread waiting = runner;
    running = null;
    finished = true;
    LockSupport.unpark(waiting);
  }

  /// Runs the machine from outside until its main task ended and all others have unwound.
  void run(MachineTask mainTask) {
    runner = Thread.currentThread();
    main = mainTask;
    mainTask.kick();
    give(next("boot"));
    StuckWatch watch = new StuckWatch(options.stuckNanos());
    while (!finished) {
      LockSupport.parkNanos(this, watch.checkNanos());
      if (!finished && watch.isStuck(steps)) {
        MachineTask stuck = running;
        failure =
            decisions.failure(
                MachineFailure.Kind.STUCK,
                "no step for a long time"
                    + (stuck == null
                        ? ""
                        : ": " + Reports.line(stuck) + "\n" + Reports.stack(stuck)));
        return;
      }
    }
  }
}

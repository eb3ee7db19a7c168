package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// One choice that a simulated machine asks for. Reused from step to step.
///
/// For `SCHEDULE` the possibilities are the tasks that can run, the fair one first: the running
/// task if it may go on, then those that are ready, in the order in which they became so; a task
/// that relaxes, or that has run for long, stands last.
public final class Step {
  private final SimulatedScheduler scheduler;
  private Choices.Kind kind = Choices.Kind.SCHEDULE;
  private int options;
  private int stay;
  private boolean relaxing;
  private Object on = "";
  private int picked;

  Step(SimulatedScheduler scheduler) {
    this.scheduler = scheduler;
  }

  Step of(Choices.Kind kind, int options, int stay, boolean relaxing, Object on) {
    this.kind = kind;
    this.options = options;
    this.stay = stay;
    this.relaxing = relaxing;
    this.on = on;
    return this;
  }

  /// Returns how many scheduling points came before.
  public long number() {
    return scheduler.steps();
  }

  /// Returns what is chosen.
  public Choices.Kind kind() {
    return kind;
  }

  /// Returns how many possibilities there are.
  public int options() {
    return options;
  }

  /// Returns which possibility is the task that runs now, or -1 if it cannot go on.
  public int stay() {
    return stay;
  }

  /// Returns whether the running task lets others go first.
  public boolean isRelaxing() {
    return relaxing;
  }

  void picked(int option) {
    picked = option;
  }

  /// Returns whether the task that runs now was picked.
  boolean isStaying() {
    return picked == stay;
  }

  /// Returns at which scheduling point the running task was switched to.
  long since() {
    return scheduler.runsSince();
  }

  /// Returns what the choice is about.
  public Object on() {
    return on;
  }

  /// Returns the task that runs now.
  public @Nullable Task running() {
    return scheduler.running();
  }

  /// Returns a task that can run, of a `SCHEDULE` step.
  public Task candidate(int option) {
    return task(option);
  }

  private MachineTask task(int option) {
    return scheduler.candidate(option, stay);
  }

  long priority(int option) {
    return SimulatedScheduler.seatOf(task(option)).priority;
  }

  void priority(int option, long priority) {
    SimulatedScheduler.seatOf(task(option)).priority = priority;
  }
}

package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The choices of one simulated run: asks the strategy, records what it picked, lets it enter the
/// trace hash. Owned by whoever has the baton.
final class Decisions {
  private final SimulatedScheduler scheduler;
  private final SimulatedMachine.Options options;
  private final Picker picker;
  private final Step step;
  private final boolean advancesEarly;
  private final Recording recording = new Recording();
  private final @Nullable List<String> log;
  private @Nullable TraceRing trace;

  /// Before which point the running task goes on without the picker being asked.
  private long staysBefore;

  Decisions(SimulatedScheduler scheduler, SimulatedMachine.Options options) {
    this.scheduler = scheduler;
    this.options = options;
    this.picker = options.strategy().picker(options.seed());
    this.advancesEarly = options.strategy().advancesEarly();
    this.step = new Step(scheduler);
    this.log = options.readable() ? new ArrayList<>() : null;
  }

  void attach(TraceRing ring) {
    trace = ring;
  }

  private TraceRing trace() {
    return java.util.Objects.requireNonNull(trace);
  }

  /// Returns whether the running task goes on at a point where it is the first possibility, as the
  /// picker said before.
  boolean staysOn() {
    return scheduler.steps() < staysBefore;
  }

  /// Notes that the running task went on without a choice.
  void stayed(int count) {
    recording.add(0, count);
  }

  /// Hears that other tasks can run than before.
  void othersChanged() {
    staysBefore = 0;
  }

  /// Chooses among tasks.
  int schedule(int count, int stay, boolean relaxing, Object on) {
    int picked = pick(step.of(Choices.Kind.SCHEDULE, count, stay, relaxing, on));
    step.picked(picked);
    staysBefore = log == null ? picker.staysBefore(step) : 0;
    return picked;
  }

  /// Chooses whether time moves now.
  boolean advances(Object on) {
    return advancesEarly && pick(step.of(Choices.Kind.ADVANCE_TIME, 2, -1, false, on)) != 0;
  }

  int pick(Choices.Kind kind, int count, Object on) {
    return pick(step.of(kind, count, -1, false, on));
  }

  /// Chooses which of the entries due at the same moment fires first: the first or the one that
  /// comes after it.
  Due tie(TimerHeap heap, Due first, long now) {
    if (!advancesEarly) {
      return first;
    }
    Due second = heap.second();
    if (second == null || second.at > now || second.at != first.at) {
      return first;
    }
    return pick(Choices.Kind.TIMER_TIE, 2, "tie") == 0 ? first : second;
  }

  void mixTime(long now) {
    trace().mix(now);
    if (log != null) {
      log.add("time moves to " + now + " ns");
    }
  }

  private int pick(Step asked) {
    int count = asked.options();
    Bug.unless(count <= Recording.OPTIONS_MAX, "more possibilities than a schedule can hold");
    int picked = picker.pick(asked);
    if (picked < 0 || picked >= count) {
      scheduler.note(
          MachineFailure.Kind.DIVERGED,
          "diverged at step "
              + scheduler.steps()
              + ", choice "
              + recording.size()
              + ": "
              + asked.kind()
              + " of "
              + count
              + " on "
              + asked.on()
              + " does not fit the schedule");
      picked = 0;
    }
    recording.add(picked, count);
    if (picked != asked.stay()) {
      trace().mix((scheduler.steps() << 8) ^ ((long) picked << 4) ^ count);
    }
    if (log != null) {
      log(asked, picked, log);
    }
    return picked;
  }

  private void log(Step asked, int picked, List<String> lines) {
    StringBuilder line = new StringBuilder();
    line.append(scheduler.steps()).append(' ');
    Task running = asked.running();
    line.append(running == null ? "-" : running).append(' ');
    line.append(asked.on()).append(' ').append(asked.kind()).append(' ');
    line.append(picked).append('/').append(asked.options());
    if (asked.kind() == Choices.Kind.SCHEDULE) {
      line.append(picked == asked.stay() ? " stays" : " -> " + asked.candidate(picked));
    }
    lines.add(line.toString());
  }

  List<String> readable() {
    return log == null ? List.of() : List.copyOf(log);
  }

  Schedule schedule() {
    return recording.schedule(options.seed(), options.strategy().text());
  }

  MachineFailure failure(MachineFailure.Kind kind, String report) {
    return new MachineFailure(kind, report + origin(), schedule());
  }

  MachineFailure failure(MachineFailure.Kind kind, String report, Throwable cause) {
    return new MachineFailure(kind, report + origin(), schedule(), cause);
  }

  private String origin() {
    return "\n(seed "
        + options.seed()
        + ", strategy "
        + options.strategy().text()
        + ", step "
        + scheduler.steps()
        + ", time "
        + scheduler.nanos()
        + " ns)";
  }
}

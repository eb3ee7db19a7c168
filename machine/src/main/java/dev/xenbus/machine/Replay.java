package dev.xenbus.machine;

/// Repeats the picks of a schedule; after its end the usual ones.
///
/// @param schedule what to repeat
/// @param exact whether a step with another number of possibilities ends the run as diverged; a
///     shrunk schedule is not exact, and then a pick that does not fit is the usual one
public record Replay(Schedule schedule, boolean exact) implements Strategy {
  /// Returns an exact replay.
  public static Replay of(Schedule schedule) {
    return new Replay(schedule, true);
  }

  @Override
  public Picker picker(long seed) {
    int[] next = {0};
    return step -> {
      int place = next[0]++;
      if (place >= schedule.size()) {
        return 0;
      }
      int pick = schedule.pick(place);
      if (exact) {
        return schedule.options(place) == step.options() ? pick : -1;
      }
      return pick < step.options() ? pick : 0;
    };
  }

  @Override
  public String text() {
    return schedule.strategy();
  }

  @Override
  public boolean advancesEarly() {
    return Strategy.parse(schedule.strategy()).advancesEarly();
  }
}

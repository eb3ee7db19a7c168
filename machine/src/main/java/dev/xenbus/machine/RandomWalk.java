package dev.xenbus.machine;

/// At every step the running task goes on, or with chance 1/N another one does, each as likely.
///
/// @param oneIn N; 0 lets the seed choose 1, 4, 16 or 64, since some bugs want many switches and
///     some few
/// @param advancesEarly whether time may move although somebody can run: then a time-out may come
///     before what it guards had its chance. Without, runs are as fair to time-outs as [Fair]
public record RandomWalk(int oneIn, boolean advancesEarly) implements Strategy {
  /// How often time moves early, by seed: never, or rarely, or often. With time-outs going off all
  /// the time no run would get far.
  private static final int[] ADVANCE_ONE_IN = {0, 1024, 128, 16};

  private static final int POINTS_MAX_PER_CHANCE = 14;
  private static final int SPURIOUS_ONE_IN = 32;
  private static final int FAULT_ONE_IN = 64;

  /// Lets the seed choose how often to switch; time may move early.
  public RandomWalk() {
    this(0, true);
  }

  /// Returns a walk that lets time move only when nobody can run: every schedule, but no time-out
  /// that would not come in real life.
  public static RandomWalk patient() {
    return new RandomWalk(0, false);
  }

  @Override
  public Picker picker(long seed) {
    SplitMix random = new SplitMix(seed);
    int chance = oneIn > 0 ? oneIn : 1 << (2 * random.below(4));
    return new Run(random, chance, ADVANCE_ONE_IN[random.below(ADVANCE_ONE_IN.length)]);
  }

  @Override
  public String text() {
    String name = advancesEarly ? "random" : "patient";
    return oneIn == 0 ? name : name + ":" + oneIn;
  }

  private static final class Run implements Picker {
    private final SplitMix random;
    private final int chance;
    private final int advance;

    /// At which point another task may go on: drawn ahead, so that the machine need not ask before.
    private long switchAt;

    Run(SplitMix random, int chance, int advance) {
      this.random = random;
      this.chance = chance;
      this.advance = advance;
      this.switchAt = pointsToSwitch();
    }

    @Override
    public int pick(Step step) {
      return switch (step.kind()) {
        case SCHEDULE -> schedule(step);
        case ADVANCE_TIME -> advance != 0 && random.below(advance) == 0 ? 1 : 0;
        case SPURIOUS_WAKE -> random.below(SPURIOUS_ONE_IN) == 0 ? 1 : 0;
        case FAULT -> random.below(FAULT_ONE_IN) == 0 ? 1 + random.below(step.options() - 1) : 0;
        case TIMER_TIE, RANDOM -> random.below(step.options());
      };
    }

    private int schedule(Step step) {
      if (step.stay() >= 0 && !step.isRelaxing()) {
        if (step.number() < switchAt) {
          return step.stay();
        }
        switchAt = step.number() + pointsToSwitch();
      }
      return random.below(step.options());
    }

    /// How many points in a row have no switch, with a chance of 1/N at each: at most so many that
    /// all others together are less likely than one in a million.
    private int pointsToSwitch() {
      int points = 1;
      while (points < chance * POINTS_MAX_PER_CHANCE && random.below(chance) != 0) {
        points++;
      }
      return points;
    }

    @Override
    public long staysBefore(Step step) {
      return switchAt;
    }
  }
}

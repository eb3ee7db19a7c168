package dev.xenbus.machine;

/// Probabilistic concurrency testing: the runnable task with the highest of random priorities runs;
/// at `depth - 1` random points of the run the running one falls below all others. Finds a bug that
/// needs `depth` ordered events with a chance of at least 1 / (tasks * points^(depth - 1)).
///
/// A task that relaxes falls below all others too, or else it might spin for ever.
///
/// @param depth how many events must be ordered; 1 has no change points
/// @param points how many scheduling points a run is expected to have; 0 is for who explores to
///     measure, and then there are no change points
/// @param advancesEarly whether time may move although somebody can run
public record Pct(int depth, long points, boolean advancesEarly) implements Strategy {
  /// A task that ran for so many steps while others could is taken to spin, and falls.
  private static final int SPIN_STEPS = 2_000;

  /// Priorities given at random are above this, those of fallen tasks below.
  private static final long LOWEST_RANDOM = 1L << 32;

  /// Makes one that lets time move early.
  public Pct(int depth, long points) {
    this(depth, points, true);
  }

  /// Returns one for runs of another length.
  public Pct points(long others) {
    return new Pct(depth, others, advancesEarly);
  }

  @Override
  public Picker picker(long seed) {
    return new Run(seed, depth, points);
  }

  @Override
  public String text() {
    return (advancesEarly ? "early-pct:" : "pct:") + depth + ":" + points;
  }

  private static final class Run implements Picker {
    private static final int[] ADVANCE_ONE_IN = {0, 1024, 128, 16};
    private static final int SPURIOUS_ONE_IN = 64;
    private static final int FAULT_ONE_IN = 64;

    private final SplitMix random;
    private final long[] changes;
    private final int advance;
    private int nextChange;
    private long fallen = LOWEST_RANDOM;
    private long lastFall;

    Run(long seed, int depth, long points) {
      this.random = new SplitMix(seed);
      this.changes = new long[points == 0 ? 0 : Math.max(0, depth - 1)];
      for (int i = 0; i < changes.length; i++) {
        changes[i] = Long.remainderUnsigned(random.nextLong(), points);
      }
      java.util.Arrays.sort(changes);
      this.advance = ADVANCE_ONE_IN[random.below(ADVANCE_ONE_IN.length)];
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
      if (step.stay() >= 0) {
        boolean changes = passesChange(step.number());
        if (changes || step.isRelaxing() || step.number() >= spinsAt(step.since())) {
          step.priority(step.stay(), --fallen);
          lastFall = step.number();
        }
      }
      int best = 0;
      for (int i = 0; i < step.options(); i++) {
        if (step.priority(i) == 0) {
          step.priority(i, LOWEST_RANDOM + 1 + (random.nextLong() >>> 2));
        }
        if (step.priority(i) > step.priority(best)) {
          best = i;
        }
      }
      return best;
    }

    private boolean passesChange(long number) {
      boolean passed = false;
      while (nextChange < changes.length && changes[nextChange] <= number) {
        nextChange++;
        passed = true;
      }
      return passed;
    }

    /// At which point a task that has run since then is taken to spin.
    private long spinsAt(long since) {
      return Math.max(since, lastFall) + SPIN_STEPS;
    }

    @Override
    public long staysBefore(Step step) {
      long spins = spinsAt(step.isStaying() ? step.since() : step.number());
      return nextChange < changes.length ? Math.min(spins, changes[nextChange]) : spins;
    }
  }
}

package dev.xenbus.machine;

import java.util.Arrays;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// Makes a failing schedule smaller: puts the usual pick in the place of unusual ones as long as
/// the run still fails, in halves, quarters and so on (delta debugging, Zeller and Hildebrandt
/// 2002).
///
/// What is left are the switches that matter. A shrunk schedule is replayed with
/// `new Replay(schedule, false)`, since without a pick later steps may have other possibilities.
public final class Shrinker {
  private final Predicate<Schedule> fails;
  private int runsLeft;

  private Shrinker(Predicate<Schedule> fails, int runsMax) {
    this.fails = fails;
    this.runsLeft = runsMax;
  }

  /// Shrinks a schedule.
  ///
  /// @param failing a schedule that fails
  /// @param fails replays a schedule, not exactly, and returns whether it fails the same way
  /// @param runsMax how many replays there may be
  /// @return the smallest schedule found, which fails; the given one if nothing can go
  public static Schedule shrink(Schedule failing, Predicate<Schedule> fails, int runsMax) {
    return new Shrinker(fails, runsMax).shrink(failing);
  }

  private Schedule shrink(Schedule failing) {
    Schedule best = failing;
    int chunk = Math.max(1, best.unusual() / 2);
    while (true) {
      Schedule smaller = pass(best, chunk);
      boolean shrank = smaller.unusual() < best.unusual();
      best = smaller;
      if (runsLeft <= 0 || (chunk == 1 && !shrank)) {
        return best;
      }
      chunk = Math.max(1, Math.min(chunk / 2, best.unusual() / 2));
    }
  }

  /// Tries to do without each chunk of unusual picks, the last first.
  private Schedule pass(Schedule from, int chunk) {
    Schedule best = from;
    int[] places = unusual(best);
    for (int end = places.length; end > 0 && runsLeft > 0; end -= chunk) {
      int[] part = Arrays.copyOfRange(places, Math.max(0, end - chunk), end);
      Schedule candidate = best.without(part);
      runsLeft--;
      if (fails.test(candidate)) {
        best = candidate;
      }
    }
    return best;
  }

  private static int[] unusual(Schedule schedule) {
    return IntStream.range(0, schedule.size()).filter(i -> schedule.pick(i) != 0).toArray();
  }
}

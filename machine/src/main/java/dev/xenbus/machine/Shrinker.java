package dev.xenbus.machine;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Makes a failing schedule smaller: puts the usual pick in the place of unusual ones as long as
/// the run still fails (delta debugging, Zeller and Hildebrandt 2002).
///
/// First everything at once, then the tail, since what happened after the failure was decided does
/// not matter: how few of the first unusual picks are enough is found by halving. Then block by
/// block, the last first; a block size that has nothing more to give is halved, down to single
/// picks. Without a pick later steps may have other possibilities, and then the picks behind it do
/// not fit; so after each success the schedule of the run itself is gone on with, which is exact
/// again.
public final class Shrinker {
  /// Replays a schedule, not exactly: `new Replay(schedule, false)`.
  @FunctionalInterface
  public interface Replayer {
    /// Replays.
    ///
    /// @return the schedule of the run, which repeats it exactly, if it fails the same way
    Optional<Schedule> failing(Schedule candidate);
  }

  /// How far it has come.
  ///
  /// @param replays how many there were
  /// @param unusual how many unusual picks the smallest schedule has
  /// @param block how many picks it tries to do without at once; 0 when there is nothing more to
  ///     try
  public record Progress(int replays, int unusual, int block) {}

  /// What came out.
  ///
  /// @param schedule the smallest found
  /// @param progress how far it came
  public record Result(Schedule schedule, Progress progress) {
    /// Returns whether no single unusual pick can go; else the replays were used up.
    public boolean isMinimal() {
      return progress.block() == 0;
    }
  }

  private final Replayer replayer;
  private final Consumer<Progress> listener;
  private final int replaysMax;
  private Schedule best;
  private int replays;
  private int block;

  private Shrinker(
      Schedule failing, Replayer replayer, int replaysMax, Consumer<Progress> listener) {
    this.best = failing;
    this.replayer = replayer;
    this.replaysMax = replaysMax;
    this.listener = listener;
  }

  /// Shrinks a schedule.
  ///
  /// @param failing a schedule that fails
  /// @param replaysMax how many replays there may be
  /// @param listener told after each replay
  public static Result shrink(
      Schedule failing, Replayer replayer, int replaysMax, Consumer<Progress> listener) {
    Shrinker shrinker = new Shrinker(failing, replayer, replaysMax, listener);
    shrinker.run();
    return new Result(shrinker.best, shrinker.progress());
  }

  private Progress progress() {
    return new Progress(replays, best.unusual(), block);
  }

  private void run() {
    block = best.unusual();
    if (block == 0 || !hasReplays()) {
      return;
    }
    if (tryWithout(0, block) && best.unusual() == 0) {
      block = 0;
      return;
    }
    cutTail();
    block = Math.max(1, best.unusual() / 2);
    while (hasReplays()) {
      boolean shrank = pass();
      if (!shrank && block == 1) {
        block = hasReplays() ? 0 : 1;
        return;
      }
      block = Math.max(1, Math.min(shrank ? block : block / 2, best.unusual() / 2));
    }
  }

  /// Finds how few of the first unusual picks are enough.
  private void cutTail() {
    int tooFew = 0;
    while (best.unusual() - tooFew > 1 && hasReplays()) {
      int kept = tooFew + (best.unusual() - tooFew) / 2;
      block = best.unusual() - kept;
      if (!tryWithout(kept, best.unusual())) {
        tooFew = kept;
      }
    }
  }

  /// Tries to do without each block of unusual picks, the last first. What comes before a block
  /// that went is as it was, so that its numbers stay.
  private boolean pass() {
    boolean shrank = false;
    for (int end = best.unusual(); end > 0 && hasReplays(); ) {
      int from = Math.max(0, end - block);
      shrank |= tryWithout(from, end);
      end = Math.min(from, best.unusual());
    }
    return shrank;
  }

  /// Returns whether there may be one more.
  private boolean hasReplays() {
    return replays < replaysMax;
  }

  /// Tries to do without the unusual picks from one number to another, and keeps what is smaller.
  private boolean tryWithout(int from, int end) {
    Optional<Schedule> failed =
        replayer.failing(best.without(Arrays.copyOfRange(unusual(best), from, end)));
    replays++;
    boolean smaller = failed.isPresent() && failed.get().unusual() < best.unusual();
    if (smaller) {
      best = failed.get();
    }
    listener.accept(progress());
    return smaller;
  }

  private static int[] unusual(Schedule schedule) {
    return IntStream.range(0, schedule.size()).filter(i -> schedule.pick(i) != 0).toArray();
  }
}

package dev.xenbus.machine;

import java.util.Arrays;

/// Every pick of a run, with the number of possibilities each had: what a [Replay] repeats.
///
/// Its text form is one line, `seed=7 strategy=random picks=0/2*31,1/3,0/3*4`: runs of the same
/// pick of the same number of possibilities are counted.
public final class Schedule {
  private final long seed;
  private final String strategy;
  private final int[] picks;
  private final int[] options;

  Schedule(long seed, String strategy, int[] picks, int[] options) {
    this.seed = seed;
    this.strategy = strategy;
    this.picks = picks;
    this.options = options;
  }

  /// Returns the seed of the run; it still feeds the random streams of a replay.
  public long seed() {
    return seed;
  }

  /// Returns the text form of the strategy that made the picks.
  public String strategy() {
    return strategy;
  }

  /// Returns how many picks there are.
  public int size() {
    return picks.length;
  }

  /// Returns a pick.
  public int pick(int place) {
    return picks[place];
  }

  /// Returns how many possibilities a pick had.
  public int options(int place) {
    return options[place];
  }

  /// Returns how many picks are not the usual one.
  public int unusual() {
    return (int) Arrays.stream(picks).filter(pick -> pick != 0).count();
  }

  /// Returns this schedule with the usual pick at the given places.
  public Schedule without(int[] places) {
    int[] fewer = picks.clone();
    for (int place : places) {
      fewer[place] = 0;
    }
    return new Schedule(seed, strategy, fewer, options);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append("seed=").append(seed).append(" strategy=").append(strategy).append(" picks=");
    for (int i = 0; i < picks.length; ) {
      int same = i + 1;
      while (same < picks.length && picks[same] == picks[i] && options[same] == options[i]) {
        same++;
      }
      text.append(i == 0 ? "" : ",").append(picks[i]).append('/').append(options[i]);
      if (same - i > 1) {
        text.append('*').append(same - i);
      }
      i = same;
    }
    return text.toString();
  }

  /// Reads a text form.
  ///
  /// @throws IllegalArgumentException if it is none
  public static Schedule parse(String text) {
    String[] words = text.trim().split(" ", -1);
    try {
      if (words.length == 3) {
        long seed = Long.parseLong(value(words[0], "seed="));
        String strategy = value(words[1], "strategy=");
        Recording recording = new Recording();
        String picks = value(words[2], "picks=");
        for (String run : picks.isEmpty() ? new String[0] : picks.split(",", -1)) {
          String[] parts = run.split("[/*]", -1);
          int count = parts.length > 2 ? Integer.parseInt(parts[2]) : 1;
          for (int i = 0; i < count; i++) {
            recording.add(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
          }
        }
        return recording.schedule(seed, strategy);
      }
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IllegalArgumentException("not a schedule: " + text, e);
    }
    throw new IllegalArgumentException("not a schedule: " + text);
  }

  private static String value(String word, String key) {
    if (!word.startsWith(key)) {
      throw new IllegalArgumentException("not a schedule: " + word + " where " + key + " stands");
    }
    return word.substring(key.length());
  }
}

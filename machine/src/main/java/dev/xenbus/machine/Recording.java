package dev.xenbus.machine;

import java.util.Arrays;

/// The picks of a run so far, each with how many possibilities there were. Most picks are as the
/// one before: both numbers are one word, and each word is kept with how often it came in a row.
///
/// A run that goes on and on is not kept whole: after [#PICKS_MAX] picks the rest is left out, and
/// what fails then is repeated with its seed.
final class Recording {
  /// Both numbers of a pick are below this: a step has at most so many possibilities.
  static final int OPTIONS_MAX = 0xFFFF;

  private static final int PICKS_MAX = 1 << 26;

  private int[] words = new int[256];
  private int[] times = new int[256];
  private int runs;
  private int size;

  int size() {
    return size;
  }

  void add(int pick, int count) {
    if (size == PICKS_MAX) {
      return;
    }
    size++;
    int word = (pick << 16) | count;
    int last = runs - 1;
    if (last >= 0 && words[last] == word) {
      times[last]++;
      return;
    }
    if (runs == words.length) {
      words = Arrays.copyOf(words, runs * 2);
      times = Arrays.copyOf(times, runs * 2);
    }
    words[runs] = word;
    times[runs++] = 1;
  }

  Schedule schedule(long seed, String strategy) {
    int[] picks = new int[size];
    int[] options = new int[size];
    int place = 0;
    for (int run = 0; run < runs; run++) {
      Arrays.fill(picks, place, place + times[run], words[run] >>> 16);
      Arrays.fill(options, place, place + times[run], words[run] & OPTIONS_MAX);
      place += times[run];
    }
    return new Schedule(seed, strategy, picks, options);
  }
}

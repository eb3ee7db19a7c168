package dev.xenbus.machine;

import java.util.Arrays;

/// The picks of a run so far, each with how many possibilities there were, in one word.
final class Recording {
  /// Both numbers of a pick are below this: a step has at most so many possibilities.
  static final int OPTIONS_MAX = 0xFFFF;

  private int[] words = new int[256];
  private int size;

  int size() {
    return size;
  }

  void add(int pick, int count) {
    if (size == words.length) {
      words = Arrays.copyOf(words, size * 2);
    }
    words[size++] = (pick << 16) | count;
  }

  Schedule schedule(long seed, String strategy) {
    int[] picks = new int[size];
    int[] options = new int[size];
    Arrays.setAll(picks, place -> words[place] >>> 16);
    Arrays.setAll(options, place -> words[place] & OPTIONS_MAX);
    return new Schedule(seed, strategy, picks, options);
  }
}

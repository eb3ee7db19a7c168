package dev.xenbus.machine;

import java.util.Arrays;

/// The picks of a run so far, each with how many possibilities there were.
final class Recording {
  private int[] picks = new int[256];
  private int[] options = new int[256];
  private int size;

  int size() {
    return size;
  }

  void add(int pick, int count) {
    if (size == picks.length) {
      picks = Arrays.copyOf(picks, size * 2);
      options = Arrays.copyOf(options, size * 2);
    }
    picks[size] = pick;
    options[size++] = count;
  }

  Schedule schedule(long seed, String strategy) {
    return new Schedule(seed, strategy, Arrays.copyOf(picks, size), Arrays.copyOf(options, size));
  }
}

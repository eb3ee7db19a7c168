package dev.xenbus.machine;

import java.util.random.RandomGenerator;

/// A small generator whose numbers depend on its seed alone, in every JVM (SplitMix64, Steele, Lea
/// and Flood 2014). Owned by one run.
final class SplitMix implements RandomGenerator {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  SplitMix(long seed) {
    this.state = seed;
  }

  /// Returns a generator for one purpose of a seed.
  static SplitMix of(long seed, String purpose) {
    SplitMix mixer = new SplitMix(seed ^ (long) purpose.hashCode() * GAMMA);
    return new SplitMix(mixer.nextLong());
  }

  @Override
  public long nextLong() {
    state += GAMMA;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /// Returns a number from 0 to bound - 1; bounds are small, so that the bias does not matter.
  int below(int bound) {
    return bound <= 1 ? 0 : (int) (((nextLong() >>> 32) * bound) >>> 32);
  }
}

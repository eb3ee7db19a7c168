package dev.xenbus.machine;

import java.util.random.RandomGenerator;

/// Every non-determinism there is.
public interface Choices {
  /// What is chosen.
  enum Kind {
    /// Which runnable task goes on.
    SCHEDULE,
    /// Which of several timers due at one moment fires first.
    TIMER_TIE,
    /// Whether time moves although somebody could run.
    ADVANCE_TIME,
    /// Whether a sleeper is woken for nothing.
    SPURIOUS_WAKE,
    /// Whether something that may fail does.
    FAULT,
    /// A number for a user of randomness.
    RANDOM
  }

  /// Picks one of `options` possibilities; 0 is the usual one. A live machine always picks 0,
  /// except of `RANDOM`.
  ///
  /// @param on what the choice is about, for the trace
  int pick(Kind kind, int options, Object on);

  /// Returns a random stream for one purpose; streams of different purposes do not disturb each
  /// other.
  RandomGenerator random(String purpose);
}

package dev.xenbus.machine;

import java.util.List;

/// Where trace points go: a bounded ring with a running hash; text is made only when asked for.
public interface Trace {
  /// Records one fact.
  ///
  /// @param point the fact's name, a constant such as `watch_event`
  /// @param a first number, by the point's definition
  /// @param b second number
  /// @param on what it is about; its `toString` is called only when the trace is printed, unless
  ///     it is a String, whose content enters the hash
  void emit(String point, long a, long b, Object on);

  /// Hears every fact as it is emitted, in the task that emits it: it takes no lock, does not
  /// sleep,
  /// and is quick. One listener; another takes its place.
  void listener(Listener listener);

  /// Returns whether somebody hears: then facts may be emitted that cost something to make.
  boolean isHeard();

  /// Hears facts.
  interface Listener {
    /// A fact was emitted.
    void heard(String point, long a, long b, Object on);
  }

  /// Returns the hash of everything emitted and every scheduling decision so far.
  long hash();

  /// Returns the last facts as text, oldest first, as many as the ring holds:
  /// `<seconds since boot> pid=<pid> <point> <a> <b> <on>`.
  List<String> lines();
}

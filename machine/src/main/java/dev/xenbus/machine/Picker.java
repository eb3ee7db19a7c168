package dev.xenbus.machine;

/// The choices of one run.
@FunctionalInterface
public interface Picker {
  /// Picks one of the possibilities of a step.
  ///
  /// @param step valid during the call only
  /// @return a number from 0 to [Step#options] - 1
  int pick(Step step);
}

package dev.xenbus.machine;

/// The choices of one run.
@FunctionalInterface
public interface Picker {
  /// Picks one of the possibilities of a step.
  ///
  /// @param step valid during the call only
  /// @return a number from 0 to [Step#options] - 1
  int pick(Step step);

  /// Returns before which scheduling point the running task is sure to be picked at each point,
  /// as long as it does not relax and nobody else becomes ready or stops being so: the machine
  /// does not ask at those. Called after [#pick] with the same step.
  ///
  /// @return a number of a point; 0 to be asked at each
  default long staysBefore(Step step) {
    return 0;
  }
}

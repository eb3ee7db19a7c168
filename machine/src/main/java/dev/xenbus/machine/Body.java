package dev.xenbus.machine;

/// What a task does.
@FunctionalInterface
public interface Body {
  /// Runs in the new task until the task ends.
  ///
  /// @param self the task that runs
  /// @return the exit code, which [Task#stop] or [Task#waitFor] returns
  int run(Task self);
}

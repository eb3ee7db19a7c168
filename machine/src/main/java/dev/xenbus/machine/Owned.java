package dev.xenbus.machine;

import java.util.List;

/// Something that a task may wait for and that other tasks hold: an edge of the wait-for graph.
interface Owned {
  /// Adds the tasks without which it does not get free.
  void owners(List<MachineTask> into);

  /// Returns what reports call it, such as `xenwatch_mutex`.
  String describe();
}

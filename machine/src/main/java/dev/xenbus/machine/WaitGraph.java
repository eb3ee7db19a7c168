package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.List;

/// Who waits for whom: owned locks, the end of tasks, work queues and interrupt lines.
///
/// Looked at on contention only. Guarded by itself: a task notes what it waits for and looks for a
/// cycle in one step, so the last of a cycle sees it whole.
final class WaitGraph {
  private final MachineCore machine;

  WaitGraph(MachineCore machine) {
    this.machine = machine;
  }

  /// Notes that a task is about to wait for a resource, without limit; the caller clears
  /// [MachineTask#waitsFor]. Fails the run if that closes a cycle.
  void waits(MachineTask self, Owned resource) {
    String report = note(self, resource);
    if (!report.isEmpty()) {
      machine.fail(MachineFailure.Kind.DEADLOCK, report);
    }
  }

  private synchronized String note(MachineTask self, Owned resource) {
    self.waitsFor = resource;
    List<MachineTask> path = new ArrayList<>();
    return reaches(self, resource, path, new ArrayList<>()) ? report(self, path) : "";
  }

  private boolean reaches(
      MachineTask self, Owned resource, List<MachineTask> path, List<MachineTask> seen) {
    List<MachineTask> owners = new ArrayList<>();
    resource.owners(owners);
    for (MachineTask owner : owners) {
      if (owner == self) {
        return true;
      }
      if (seen.contains(owner)) {
        continue;
      }
      seen.add(owner);
      path.add(owner);
      Owned next = owner.waitsFor;
      if (next != null && reaches(self, next, path, seen)) {
        return true;
      }
      path.removeLast();
    }
    return false;
  }

  private String report(MachineTask self, List<MachineTask> path) {
    List<MachineTask> cycle = new ArrayList<>();
    cycle.add(self);
    cycle.addAll(path);
    StringBuilder text = new StringBuilder("deadlock: ");
    text.append(
        cycle.size() == 1 ? "a task waits for itself" : cycle.size() + " tasks wait in a cycle");
    for (int i = 0; i < cycle.size(); i++) {
      MachineTask task = cycle.get(i);
      Owned wanted = task.waitsFor;
      text.append('\n').append("  ").append(Reports.line(task));
      text.append(", waits for ").append(wanted == null ? "?" : wanted.describe());
      text.append(" of ").append(cycle.get((i + 1) % cycle.size()));
    }
    for (MachineTask task : cycle) {
      text.append('\n').append(Reports.stack(task));
    }
    return text.toString();
  }
}

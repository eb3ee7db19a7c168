package dev.xenbus.machine;

import java.util.Arrays;

/// A list of tasks in a defined order that allocates nothing once it has grown.
final class TaskList {
  private MachineTask[] tasks = new MachineTask[16];
  private int size;

  int size() {
    return size;
  }

  void add(MachineTask task) {
    if (size == tasks.length) {
      tasks = Arrays.copyOf(tasks, size * 2);
    }
    tasks[size++] = task;
  }

  MachineTask get(int place) {
    return tasks[place];
  }

  MachineTask last() {
    return tasks[size - 1];
  }

  /// Removes and returns the task at a place; those behind it move up.
  @SuppressWarnings("NullAway") // slots from `size` on are null and never read
  MachineTask take(int place) {
    MachineTask task = tasks[place];
    size--;
    System.arraycopy(tasks, place + 1, tasks, place, size - place);
    tasks[size] = null;
    return task;
  }

  boolean remove(MachineTask task) {
    for (int i = size - 1; i >= 0; i--) {
      if (tasks[i] == task) {
        take(i);
        return true;
      }
    }
    return false;
  }
}

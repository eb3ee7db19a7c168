package dev.xenbus.machine;

import java.util.List;

/// How tasks look in reports.
final class Reports {
  /// How many frames of a stack a report shows.
  private static final int FRAMES_MAX = 24;

  private Reports() {}

  /// Such as `xenwatch:39 (dom0) D kthread_stop, holds xenwatch_mutex`.
  static String line(Task task) {
    List<LockClass> held = task.heldLocks();
    return task.comm()
        + ":"
        + task.pid()
        + " ("
        + task.cpu().owner()
        + ") "
        + task.state()
        + " "
        + task.wchan()
        + (held.isEmpty() ? "" : ", holds " + held);
  }

  /// Returns the stack of a task, without the machine's own innermost frames.
  static String stack(Task task) {
    StringBuilder text = new StringBuilder("stack of " + task.comm() + ":" + task.pid());
    int shown = 0;
    boolean inside = true;
    for (StackTraceElement frame : task.stack()) {
      inside &= isOurs(frame.getClassName());
      if (!inside && shown++ < FRAMES_MAX && !isBase(frame)) {
        text.append("\n    at ").append(frame);
      }
    }
    return text.toString();
  }

  private static boolean isOurs(String name) {
    return name.startsWith("java.")
        || name.startsWith("jdk.")
        || (name.startsWith("dev.xenbus.machine.")
            && (name.contains(".Machine")
                || name.contains("Scheduler")
                || name.endsWith(".WaitGraph")
                || name.endsWith(".LockOrder")
                || name.endsWith(".Reports")
                || name.endsWith(".OwnedLock")));
  }

  private static boolean isBase(StackTraceElement frame) {
    return frame.getClassName().equals(MachineTask.class.getName())
        || frame.getClassName().startsWith("java.lang.");
  }
}

package dev.xenbus.machine;

/// Tells somebody of the tasks of one Cpu alone.
///
/// @param cpu whose tasks
/// @param listener who is told
record CpuListener(MachineCpu cpu, MachineListener listener) implements MachineListener {
  @Override
  public void hungTask(Task task, long seconds) {
    if (task.cpu().equals(cpu)) {
      listener.hungTask(task, seconds);
    }
  }

  @Override
  public void oops(Task task, Throwable fault) {
    if (task.cpu().equals(cpu)) {
      listener.oops(task, fault);
    }
  }
}

package dev.xenbus.scenarios;

import dev.xenbus.emulator.Dom0;

/// What a scenario leaves behind: the count of now against the one of when it began.
final class Leftovers {
  private final Dom0 dom0;
  private final Dom0.Census atStart;

  /// Counts.
  Leftovers(Dom0 dom0) {
    this.dom0 = dom0;
    atStart = dom0.census();
  }

  /// Returns whether threads, watches, queues, disks, pages, ports and mappings are what they were.
  boolean isNothing() {
    Dom0.Census now = dom0.census();
    return isAsAtStart(now) && now.disks().equals(atStart.disks());
  }

  /// Returns whether they are what they were, but for loop devices that nobody uses.
  boolean isNothingButLoopDevices() {
    Dom0.Census now = dom0.census();
    return isAsAtStart(now) && hasOnlyNewLoopDevices(now);
  }

  /// Returns both counts, a line each.
  String describe() {
    return "# at the start: " + atStart + "\n# and now:      " + dom0.census() + "\n";
  }

  private boolean hasOnlyNewLoopDevices(Dom0.Census now) {
    return now.disks().entrySet().stream()
        .allMatch(
            disk ->
                disk.getValue().equals(atStart.disks().get(disk.getKey()))
                    || (disk.getKey().startsWith("loop") && disk.getValue() == 0));
  }

  private boolean isAsAtStart(Dom0.Census now) {
    // A worker that is made when it is first needed stays, and so do the emulator's own threads.
    boolean threads =
        now.threads().entrySet().stream()
            .allMatch(
                thread ->
                    thread.getKey().startsWith("kworker/")
                        || thread.getKey().startsWith("emu-")
                        || thread
                            .getValue()
                            .equals(atStart.threads().getOrDefault(thread.getKey(), 0)));
    return threads
        && now.watches() == atStart.watches()
        && now.queues() == atStart.queues()
        && now.xen().equals(atStart.xen());
  }
}

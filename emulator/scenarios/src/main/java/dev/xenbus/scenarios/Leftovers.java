package dev.xenbus.scenarios;

import dev.xenbus.emulator.Dom0;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

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

  /// Returns what is not as it was, a line each.
  String describe() {
    Dom0.Census now = dom0.census();
    StringBuilder lines = new StringBuilder();
    compare(lines, "thread ", thatMustGo(atStart.threads()), thatMustGo(now.threads()));
    compare(lines, "who has it open: ", atStart.disks(), now.disks());
    compare(lines, "watches", atStart.watches(), now.watches());
    compare(lines, "queues", atStart.queues(), now.queues());
    compare(lines, "xen", atStart.xen(), now.xen());
    return lines.toString();
  }

  private static void compare(
      StringBuilder lines, String what, Map<String, Integer> before, Map<String, Integer> now) {
    SortedSet<String> names = new TreeSet<>(before.keySet());
    names.addAll(now.keySet());
    for (String name : names) {
      compare(lines, what + name, number(before, name), number(now, name));
    }
  }

  private static String number(Map<String, Integer> numbers, String name) {
    Integer number = numbers.get(name);
    return number == null ? "none" : number.toString();
  }

  private static void compare(StringBuilder lines, String what, Object before, Object now) {
    if (!before.equals(now)) {
      lines.append("# %s: %s at the start, %s now\n".formatted(what, before, now));
    }
  }

  private boolean hasOnlyNewLoopDevices(Dom0.Census now) {
    return now.disks().entrySet().stream()
        .allMatch(
            disk ->
                disk.getValue().equals(atStart.disks().get(disk.getKey()))
                    || (disk.getKey().startsWith("loop") && disk.getValue() == 0));
  }

  private boolean isAsAtStart(Dom0.Census now) {
    return thatMustGo(now.threads()).equals(thatMustGo(atStart.threads()))
        && now.watches() == atStart.watches()
        && now.queues() == atStart.queues()
        && now.xen().equals(atStart.xen());
  }

  /// Leaves out a worker that is made when it is first needed, and the emulator's own threads.
  private static SortedMap<String, Integer> thatMustGo(SortedMap<String, Integer> threads) {
    SortedMap<String, Integer> left = new TreeMap<>(threads);
    left.keySet().removeIf(name -> name.startsWith("kworker/") || name.startsWith("emu-"));
    return left;
  }
}

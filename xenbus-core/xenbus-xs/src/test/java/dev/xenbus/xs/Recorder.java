package dev.xenbus.xs;

import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/// Notes what callbacks see: the paths in order, who ran them, and whether two ran at once that
/// must not.
final class Recorder {
  private final CopyOnWriteArrayList<String> paths = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<String> threads = new CopyOnWriteArrayList<>();
  private final Map<String, AtomicInteger> inside = new LinkedHashMap<>();
  private final CopyOnWriteArrayList<String> overlaps = new CopyOnWriteArrayList<>();

  /// A callback body; to be called from watch callbacks.
  void note(String path, Function<String, String> group) {
    String key = group.apply(path);
    AtomicInteger count;
    synchronized (inside) {
      count = inside.computeIfAbsent(key, k -> new AtomicInteger());
    }
    if (count.incrementAndGet() > 1) {
      overlaps.add(path);
    }
    // The path last: it is what is counted.
    threads.add(Task.current().comm());
    paths.add(path);
    Task.relax();
    count.decrementAndGet();
  }

  void note(String path) {
    note(path, p -> "all");
  }

  List<String> paths() {
    return List.copyOf(paths);
  }

  List<String> threads() {
    return List.copyOf(threads);
  }

  List<String> overlaps() {
    return List.copyOf(overlaps);
  }

  int count() {
    return paths.size();
  }

  /// Returns the paths that start with a prefix, in order.
  List<String> pathsBelow(String prefix) {
    List<String> found = new ArrayList<>();
    for (String path : paths) {
      if (path.startsWith(prefix)) {
        found.add(path);
      }
    }
    return found;
  }
}

package dev.xenbus.testkit.vbd;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A flat store: absolute paths and values, and watches on whatever begins with a path. Guarded by
/// itself, for moments; watches are told without it.
public final class FakeStore {
  private final TreeMap<String, String> nodes = new TreeMap<>();
  private final List<Watch> watches = new ArrayList<>();

  FakeStore() {}

  record Watch(String path, Consumer<String> event) {}

  /// Sets a node.
  public void write(String path, String value) {
    synchronized (this) {
      nodes.put(path, value);
    }
    fire(path);
  }

  /// Returns a node.
  public synchronized Optional<String> read(String path) {
    return Optional.ofNullable(nodes.get(path));
  }

  /// Removes a node and all below it.
  public void remove(String path) {
    List<String> gone = new ArrayList<>();
    synchronized (this) {
      for (String node : nodes.keySet()) {
        if (node.equals(path) || node.startsWith(path + "/")) {
          gone.add(node);
        }
      }
      gone.forEach(nodes::remove);
    }
    gone.forEach(this::fire);
  }

  synchronized List<String> names(String dir) {
    List<String> names = new ArrayList<>();
    String prefix = dir + "/";
    for (String node : nodes.keySet()) {
      if (node.startsWith(prefix)) {
        String name = node.substring(prefix.length()).split("/", 2)[0];
        if (!names.contains(name)) {
          names.add(name);
        }
      }
    }
    return names;
  }

  Watch watch(String path, Consumer<String> event) {
    var watch = new Watch(path, event);
    synchronized (this) {
      watches.add(watch);
    }
    event.accept(path);
    return watch;
  }

  synchronized void unwatch(Watch watch) {
    watches.remove(watch);
  }

  private void fire(String path) {
    List<Watch> now;
    synchronized (this) {
      now = List.copyOf(watches);
    }
    for (Watch watch : now) {
      if (path.equals(watch.path) || path.startsWith(watch.path + "/")) {
        watch.event.accept(path);
      }
    }
  }
}

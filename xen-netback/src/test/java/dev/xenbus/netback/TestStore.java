package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.TreeMap;

/// A store without permissions, quotas and transactions. Used by the tasks of a simulated machine
/// alone, which never let go inside of its methods.
final class TestStore {
  private final TreeMap<String, String> nodes = new TreeMap<>();
  private final List<Watch> watches = new ArrayList<>();
  private final List<String> log = new ArrayList<>();

  /// Somebody who is told of changes.
  ///
  /// @param path absolute
  /// @param fire called with the path that changed
  record Watch(String path, java.util.function.Consumer<String> fire) {}

  String read(String path) throws XenstoreException {
    String value = nodes.get(path);
    if (value == null) {
      throw new XenstoreException(Errno.ENOENT, "READ " + path);
    }
    return value;
  }

  /// Returns a node's value, or an empty text.
  String peek(String path) {
    return nodes.getOrDefault(path, "");
  }

  void write(String path, String value) {
    for (int at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
      nodes.putIfAbsent(path.substring(0, at), "");
    }
    nodes.put(path, value);
    log.add(path + "=" + value);
    fire(path);
  }

  void remove(String path) throws XenstoreException {
    if (!exists(path)) {
      throw new XenstoreException(Errno.ENOENT, "RM " + path);
    }
    nodes.keySet().removeIf(node -> node.equals(path) || node.startsWith(path + "/"));
    log.add("rm " + path);
    fire(path);
    for (Watch watch : List.copyOf(watches)) {
      if (watch.path().startsWith(path + "/")) {
        watch.fire().accept(watch.path());
      }
    }
  }

  boolean exists(String path) {
    return nodes.containsKey(path);
  }

  List<String> list(String path) throws XenstoreException {
    if (!exists(path)) {
      throw new XenstoreException(Errno.ENOENT, "DIRECTORY " + path);
    }
    LinkedHashSet<String> names = new LinkedHashSet<>();
    for (String node : nodes.keySet()) {
      if (node.startsWith(path + "/")) {
        names.add(node.substring(path.length() + 1).split("/", 2)[0]);
      }
    }
    return List.copyOf(names);
  }

  void watch(Watch watch) {
    watches.add(watch);
    watch.fire().accept(watch.path());
  }

  void unwatch(Watch watch) {
    watches.remove(watch);
  }

  private void fire(String path) {
    for (Watch watch : List.copyOf(watches)) {
      if (path.equals(watch.path()) || path.startsWith(watch.path() + "/")) {
        watch.fire().accept(path);
      }
    }
  }

  /// Returns what was written to one node, in order.
  List<String> history(String path) {
    return log.stream()
        .filter(line -> line.startsWith(path + "="))
        .map(line -> line.substring(path.length() + 1))
        .toList();
  }
}

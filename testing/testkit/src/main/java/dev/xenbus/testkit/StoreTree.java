package dev.xenbus.testkit;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The nodes of a [TestStore], with transactions: a copy of the nodes at the start, and a conflict
/// if
/// somebody else changed what was touched.
///
/// Threads: guarded by the store's lock.
final class StoreTree {
  /// An open transaction.
  static final class Transaction {
    private final NavigableMap<String, String> copy;
    private final long began;
    private final Set<String> touched = new LinkedHashSet<>();
    private final List<Runnable> changes = new ArrayList<>();

    private Transaction(NavigableMap<String, String> copy, long began) {
      this.copy = copy;
      this.began = began;
    }
  }

  private final TreeMap<String, String> nodes = new TreeMap<>();
  private final Map<String, Long> changed = new TreeMap<>();
  private final List<String> events = new ArrayList<>();
  private final List<String> removals = new ArrayList<>();
  private long generation;

  StoreTree() {}

  Transaction begin() {
    return new Transaction(new TreeMap<>(nodes), generation);
  }

  /// Returns whether it was committed.
  boolean commit(Transaction tx) {
    for (String path : tx.touched) {
      if (changed.getOrDefault(path, 0L) > tx.began) {
        return false;
      }
    }
    tx.changes.forEach(Runnable::run);
    return true;
  }

  Optional<String> read(Optional<Transaction> tx, String path) {
    tx.ifPresent(t -> t.touched.add(path));
    return Optional.ofNullable(tx.map(t -> t.copy).orElse(nodes).get(path));
  }

  Optional<List<String>> list(Optional<Transaction> tx, String path) {
    tx.ifPresent(t -> t.touched.add(path));
    NavigableMap<String, String> in = tx.map(t -> t.copy).orElse(nodes);
    if (!in.containsKey(path)) {
      return Optional.empty();
    }
    List<String> names = new ArrayList<>();
    String prefix = path.equals("/") ? "/" : path + "/";
    for (String node : in.tailMap(prefix, false).keySet()) {
      if (!node.startsWith(prefix)) {
        break;
      }
      String name = node.substring(prefix.length());
      if (name.indexOf('/') < 0) {
        names.add(name);
      }
    }
    return Optional.of(names);
  }

  void write(Optional<Transaction> tx, String path, String value) {
    if (tx.isPresent()) {
      tx.get().touched.add(path);
      put(tx.get().copy, path, value);
      tx.get().changes.add(() -> write(Optional.empty(), path, value));
      return;
    }
    put(nodes, path, value);
    generation++;
    for (String at = path; !at.isEmpty(); at = parent(at)) {
      changed.put(at, generation);
    }
    events.add(path);
  }

  private static void put(NavigableMap<String, String> in, String path, String value) {
    for (String at = parent(path); !at.isEmpty(); at = parent(at)) {
      in.putIfAbsent(at, "");
    }
    in.put(path, value);
  }

  private static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash <= 0 ? "" : path.substring(0, slash);
  }

  boolean remove(Optional<Transaction> tx, String path) {
    NavigableMap<String, String> in = tx.map(t -> t.copy).orElse(nodes);
    boolean was = in.containsKey(path);
    in.keySet().removeIf(node -> node.equals(path) || node.startsWith(path + "/"));
    if (tx.isPresent()) {
      tx.get().touched.add(path);
      tx.get().changes.add(() -> remove(Optional.empty(), path));
    } else if (was) {
      generation++;
      for (String at = path; !at.isEmpty(); at = parent(at)) {
        changed.put(at, generation);
      }
      removals.add(path);
      events.add(path);
    }
    return was;
  }

  boolean exists(String path) {
    return nodes.containsKey(path);
  }

  /// Returns what changed since the last call: paths, in order.
  List<String> takeEvents() {
    List<String> taken = List.copyOf(events);
    events.clear();
    return taken;
  }

  /// Returns which of them were removals.
  List<String> takeRemovals() {
    List<String> taken = List.copyOf(removals);
    removals.clear();
    return taken;
  }
}

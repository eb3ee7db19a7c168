package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/// A node's entries in the model, the owner's first.
record ModelPerms(List<Entry> entries) {
  /// @param ignored whether the domain did not exist when the entry was set
  record Entry(char letter, int domid, boolean ignored) {}

  /// Reads `n0 r5`.
  static ModelPerms parse(String text, IntPredicate exists) {
    List<Entry> entries = new ArrayList<>();
    for (String word : text.split(" ", -1)) {
      int domid = Integer.parseInt(word.substring(1));
      entries.add(new Entry(word.charAt(0), domid, !exists.test(domid)));
    }
    return new ModelPerms(entries);
  }

  String text() {
    return String.join("", entries.stream().map(e -> e.letter() + "" + e.domid() + "|").toList());
  }

  int owner() {
    return entries.getFirst().domid();
  }

  ModelPerms withOwner(int domid) {
    List<Entry> changed = new ArrayList<>(entries);
    changed.set(0, new Entry(entries.getFirst().letter(), domid, false));
    return new ModelPerms(changed);
  }

  /// What is left when a domain is no more.
  ModelPerms without(int domid) {
    List<Entry> kept = new ArrayList<>(entries.subList(1, entries.size()));
    kept.removeIf(entry -> entry.domid() == domid);
    kept.addFirst(entries.getFirst());
    ModelPerms rest = new ModelPerms(kept);
    return owner() == domid ? rest.withOwner(0) : rest;
  }

  boolean names(int domid) {
    return entries.stream().anyMatch(entry -> entry.domid() == domid);
  }

  /// What a guest may do: some of `r`, `w`, and `o` for an owner.
  ///
  /// @param target the domain whose rights it has beside its own, or its own id
  String rights(int domid, int target) {
    if (owner() == domid || owner() == target) {
      return "rwo";
    }
    for (Entry entry : entries.subList(1, entries.size())) {
      if (!entry.ignored() && (entry.domid() == domid || entry.domid() == target)) {
        return rights(entry.letter());
      }
    }
    return rights(entries.getFirst().letter());
  }

  private static String rights(char letter) {
    return switch (letter) {
      case 'r' -> "r";
      case 'w' -> "w";
      case 'b' -> "rw";
      default -> "";
    };
  }
}

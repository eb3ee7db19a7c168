package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// A node that a transaction looked at or changed: as it was found first, and as it is in the
/// transaction. Nodes are immutable, so that both are references and no copies.
final class Touched extends PathEntry {
  private final @Nullable Node seen;
  private @Nullable Node current;
  private boolean modified;
  private boolean firesUp;
  private boolean firesExact;
  private boolean remade;
  private int madeAt;

  Touched(byte[] path, int hash, @Nullable Node seen) {
    super(path, hash);
    this.seen = seen;
    this.current = seen;
  }

  /// The node in the store when it was first looked for; null if there was none.
  @Nullable Node seen() {
    return seen;
  }

  /// The node in the transaction; of its children, the names alone count. Null if there is none.
  @Nullable Node current() {
    return current;
  }

  /// Puts a changed node in its place, or removes it.
  void set(@Nullable Node changed) {
    remade |= current == null && seen != null && changed != null;
    current = changed;
    modified = true;
  }

  boolean isModified() {
    return modified;
  }

  /// Whether the node of the store goes: it was removed, perhaps to be made anew.
  boolean removesSeen() {
    return seen != null && (current == null || remade);
  }

  /// Whether the commit makes the node.
  boolean isMade() {
    return current != null && (seen == null || remade);
  }

  /// When it was made, among all that were; of several times, the last.
  int madeAt() {
    return madeAt;
  }

  void setMadeAt(int index) {
    madeAt = index;
  }

  /// A request named it as the thing to change.
  void fireUp() {
    firesUp = true;
  }

  /// It vanished with a subtree.
  void fireExact() {
    firesExact = true;
  }

  boolean firesUp() {
    return firesUp;
  }

  boolean firesExact() {
    return firesExact;
  }
}

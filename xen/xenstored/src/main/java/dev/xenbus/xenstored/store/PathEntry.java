package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// Something kept in a [PathMap] under an absolute path.
abstract class PathEntry {
  private final byte[] path;
  private final int hash;

  /// The next entry of the same bucket; the map's.
  @Nullable PathEntry next;

  /// Keeps the array, which is not to be changed any more.
  PathEntry(byte[] path, int hash) {
    this.path = path;
    this.hash = hash;
  }

  /// Not to be changed.
  byte[] path() {
    return path;
  }

  int hash() {
    return hash;
  }
}

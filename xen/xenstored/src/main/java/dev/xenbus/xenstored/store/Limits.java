package dev.xenbus.xenstored.store;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The limits of a domain, or those of every domain that has none of its own.
final class Limits {
  private static final int COUNT = Quota.values().length;

  private final @Nullable Limits general;
  private final Dialect dialect;
  private final int[] hard = new int[COUNT];
  private final int[] slack = new int[COUNT];
  private final boolean[] own = new boolean[COUNT];
  private int softMemory = Quota.SOFT_MEMORY;
  private boolean ownSoftMemory;

  /// The limits of a fresh store.
  Limits(Dialect dialect) {
    this.dialect = dialect;
    general = null;
    for (Quota quota : Quota.values()) {
      hard[quota.index()] = dialect.initial(quota);
      slack[quota.index()] = dialect.slack(quota);
    }
  }

  /// A domain's, which are the general ones until set.
  Limits(Limits general) {
    this.general = general;
    this.dialect = general.dialect;
    System.arraycopy(general.slack, 0, slack, 0, COUNT);
  }

  /// The limit as it is set: 0 for none.
  int value(Quota quota) {
    Limits others = general;
    return others == null || own[quota.index()] ? hard[quota.index()] : others.value(quota);
  }

  Dialect dialect() {
    return dialect;
  }

  /// The limit to compare with: what reaches it is too much. The largest number for none.
  int hard(Quota quota) {
    int value = value(quota);
    return value == 0 ? Integer.MAX_VALUE : value + slack[quota.index()];
  }

  int softMemory() {
    Limits others = general;
    return others == null || ownSoftMemory ? softMemory : others.softMemory();
  }

  /// Those that were set for this one, by name.
  Map<String, Integer> own() {
    Map<String, Integer> set = new TreeMap<>();
    for (Quota quota : Quota.values()) {
      if (own[quota.index()]) {
        set.put(quota.label(), hard[quota.index()]);
      }
    }
    if (ownSoftMemory) {
      set.put(Quota.SOFT_MEMORY_NAME, softMemory);
    }
    return set;
  }

  void set(Quota quota, int value) {
    hard[quota.index()] = value;
    own[quota.index()] = true;
  }

  void setSoftMemory(int value) {
    softMemory = value;
    ownSoftMemory = true;
  }
}

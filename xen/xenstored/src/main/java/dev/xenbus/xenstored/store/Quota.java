package dev.xenbus.xenstored.store;

import java.util.Optional;

/// What is limited for unprivileged connections, in the order in which CONTROL `quota` lists it. A
/// limit of 0 means none.
public enum Quota {
  /// Nodes that a domain owns.
  NODES(0, "nodes", 1000, "Nodes per domain"),
  /// Watches of a domain.
  WATCHES(1, "watches", 128, "Watches per domain"),
  /// Requests whose replies or events were not taken yet.
  OUTSTANDING(2, "outstanding", 20, "Outstanding requests per domain"),
  /// Bytes.
  MEMORY(3, "memory", 2_621_440, "Total Xenstore memory per domain"),
  /// Open transactions.
  TRANSACTIONS(4, "transactions", 10, "Active transactions per domain"),
  /// Nodes that one transaction touches.
  TRANSACTION_NODES(5, "transaction-nodes", 1024, "Max. number of accessed nodes per transaction"),
  /// Entries in one node's permissions.
  NODE_PERMISSIONS(6, "node-permissions", 5, "Max. number of permissions per node"),
  /// Bytes of a path, less the domain's home.
  PATH_MAX(7, "path-max", 2048, "Max. length of a node path"),
  /// Bytes of a node.
  NODE_SIZE(8, "node-size", 2048, "Max. size of a node");

  /// Bytes from which a domain is logged to use much.
  public static final int SOFT_MEMORY = 2_097_152;

  /// The name of the soft limit of [#MEMORY] in GET_QUOTA and SET_QUOTA.
  static final String SOFT_MEMORY_NAME = "soft-memory";

  private final int index;
  private final String label;
  private final int initial;
  private final String description;

  Quota(int index, String label, int initial, String description) {
    this.index = index;
    this.label = label;
    this.initial = initial;
    this.description = description;
  }

  /// Returns the name in requests and options.
  public String label() {
    return label;
  }

  /// Returns the limit that a fresh store has.
  public int initial() {
    return initial;
  }

  /// Its place in arrays with one element a quota.
  int index() {
    return index;
  }

  String description() {
    return description;
  }

  /// Returns the quota of the given name, or empty if none has it.
  public static Optional<Quota> ofLabel(String label) {
    for (Quota quota : values()) {
      if (quota.label.equals(label)) {
        return Optional.of(quota);
      }
    }
    return Optional.empty();
  }
}

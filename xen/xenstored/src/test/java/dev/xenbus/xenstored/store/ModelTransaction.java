package dev.xenbus.xenstored.store;

import java.util.LinkedHashMap;
import java.util.Optional;

/// A transaction in the model: what it touched, in order.
final class ModelTransaction {
  /// How a node was found, and what it is now; empty where there is none.
  static final class Touch {
    final Optional<ModelNode> found;
    Optional<ModelNode> now;
    boolean written;
    boolean vanished;

    Touch(Optional<ModelNode> found) {
      this.found = found;
      this.now = found;
    }
  }

  final LinkedHashMap<String, Touch> touched = new LinkedHashMap<>();

  /// It met a quota, and cannot commit.
  boolean doomed;

  /// Nodes that were looked at at different times do not fit together: others changed them. Such a
  /// transaction cannot commit, and what it answers until then is not specified.
  boolean torn;

  /// How many nodes more a domain would own.
  int more(int domid) {
    int more = 0;
    for (Touch touch : touched.values()) {
      more += touch.now.filter(n -> n.perms().owner() == domid).isPresent() ? 1 : 0;
      more -= touch.found.filter(n -> n.perms().owner() == domid).isPresent() ? 1 : 0;
    }
    return more;
  }
}

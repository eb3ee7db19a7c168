package dev.xenbus.xenstored.store;

import java.util.List;

/// A node. Two that are equal but for the generation are different to a transaction.
record ModelNode(String value, ModelPerms perms, List<String> children, long generation) {
  int size() {
    int names = children.stream().mapToInt(name -> name.length() + 1).sum();
    return sizeOf(perms, value) + names;
  }

  static int sizeOf(ModelPerms perms, String value) {
    return 16 + 8 * perms.entries().size() + value.length();
  }
}

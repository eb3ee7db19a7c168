package dev.xenbus.xl;

import java.util.Optional;

/// The kinds of devices that we make.
enum DeviceKind {
  VBD("vbd", "disk"),
  VIF("vif", "vif"),
  CONSOLE("console", "console");

  private final String node;
  private final String messageName;

  DeviceKind(String node, String messageName) {
    this.node = node;
    this.messageName = messageName;
  }

  /// Returns the kind whose folder has the given name.
  static Optional<DeviceKind> ofNode(String node) {
    for (DeviceKind kind : values()) {
      if (kind.node.equals(node)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /// Returns the word in "unable to add vif devices".
  String inMessages() {
    return messageName;
  }

  /// Returns the name of its folder in the store.
  @Override
  public String toString() {
    return node;
  }
}

package dev.xenbus.xl;

import java.util.Locale;
import java.util.Optional;

/// What the toolstack does with a domain that stopped (`on_poweroff` and the like).
public enum ShutdownAction {
  /// Destroy it.
  DESTROY,
  /// Destroy it and make it again.
  RESTART,
  /// Give it another name, keep it, and make it again.
  RENAME_RESTART,
  /// Keep it.
  PRESERVE,
  /// Dump its memory, then destroy it.
  COREDUMP_DESTROY,
  /// Dump its memory, then destroy it and make it again.
  COREDUMP_RESTART,
  /// Reset it in place.
  SOFT_RESET;

  /// Returns the action of the given name.
  public static Optional<ShutdownAction> ofName(String name) {
    for (ShutdownAction action : values()) {
      if (action.toString().equals(name)) {
        return Optional.of(action);
      }
    }
    return Optional.empty();
  }

  /// Returns the name in configuration files, such as `rename-restart`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

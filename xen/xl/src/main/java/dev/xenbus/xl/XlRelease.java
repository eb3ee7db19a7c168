package dev.xenbus.xl;

import java.util.Optional;

/// Whose toolstack we are: what differs between the releases is decided here and nowhere else.
public enum XlRelease {
  /// 4.10.0, of December 2017: the release whose messages the published mtwatch patches show.
  XEN_4_10("4.10", 410),
  /// 4.17 as Debian 12 has it.
  XEN_4_17("4.17", 417);

  private static final int SYSRQ_NODE = 412;
  private static final int CONTROL_ACKNOWLEDGE = 413;
  private static final int ERROR_NODE = 414;
  private static final int CONSOLE_WAIT = 414;
  private static final int MTU_NODE = 415;
  private static final int DETACH_WITHOUT_FORCE = 415;
  private static final int NODES_OF_4_17 = 417;

  private final String label;
  private final int number;

  XlRelease(String label, int number) {
    this.label = label;
    this.number = number;
  }

  /// Returns the release with the given label, such as `4.10`.
  public static Optional<XlRelease> ofLabel(String label) {
    for (XlRelease release : values()) {
      if (release.label.equals(label)) {
        return Optional.of(release);
      }
    }
    return Optional.empty();
  }

  /// Returns the first two numbers of the version, such as `4.10`.
  public String label() {
    return label;
  }

  /// Whether guests have the writable node `control/sysrq`.
  boolean hasSysrqNode() {
    return number >= SYSRQ_NODE;
  }

  /// Whether guests have the writable node `error`.
  boolean hasErrorNode() {
    return number >= ERROR_NODE;
  }

  /// Whether `device` is made before `control` is, and its `event-channel` after the features.
  boolean makesEventChannelLate() {
    return number < SYSRQ_NODE;
  }

  /// Whether creation waits until the console daemon has named a tty.
  boolean waitsForConsole() {
    return number >= CONSOLE_WAIT;
  }

  /// Whether shutdown and reboot wait until the guest has taken note.
  boolean waitsForControlAcknowledge() {
    return number >= CONTROL_ACKNOWLEDGE;
  }

  /// Whether a vif's frontend has the node `mtu`.
  boolean hasMtuNode() {
    return number >= MTU_NODE;
  }

  /// Whether `block-detach` gives up after one time-out unless it is told to force.
  boolean detachesDisksWithoutForce() {
    return number >= DETACH_WITHOUT_FORCE;
  }

  /// Whether there are `specification`, `trusted` and an empty `hotplug-status`.
  boolean hasNodesOf417() {
    return number >= NODES_OF_4_17;
  }

  /// Whether a backend whose `state` is missing counts as removed.
  boolean takesMissingBackendForRemoved() {
    return number >= CONSOLE_WAIT;
  }
}

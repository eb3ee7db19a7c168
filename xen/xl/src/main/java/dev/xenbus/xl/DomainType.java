package dev.xenbus.xl;

import java.util.Locale;

/// How a guest is virtualised.
public enum DomainType {
  /// Paravirtualised.
  PV,
  /// Paravirtualised in a hardware container.
  PVH,
  /// A whole emulated machine; not offered here.
  HVM;

  /// Returns the lower case name.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

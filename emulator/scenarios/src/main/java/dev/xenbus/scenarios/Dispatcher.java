package dev.xenbus.scenarios;

import java.util.Locale;

/// Which thread runs a watch event: the designs that scenarios are tried with.
public enum Dispatcher {
  /// Mainline: one thread for all guests.
  SINGLE("xen_mtwatch=off"),
  /// The series of September 2018: a thread for each guest.
  SERIES("xen_mtwatch=series"),
  /// The summit version of June 2018, faults included.
  SUMMIT("xen_mtwatch=summit");

  private final String parameter;

  Dispatcher(String parameter) {
    this.parameter = parameter;
  }

  /// Returns the word of the kernel command line that chooses it.
  public String parameter() {
    return parameter;
  }

  /// Returns its name as typed.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package dev.xenbus.xs;

import dev.xenbus.linux.api.KernelParameter;
import java.util.Optional;

/// Which design decides the thread that runs a watch event: the values of `xen_mtwatch`.
public enum Mtwatch {
  /// Mainline: every callback in `xenwatch`.
  OFF,
  /// The series of September 2018: a thread for each guest with a device of an opted-in driver.
  SERIES,
  /// The summit version of June 2018, faults included: `xenwatch` hands every event out.
  SUMMIT;

  /// The kernel parameter.
  public static final KernelParameter PARAMETER =
      new KernelParameter(
          "xen_mtwatch",
          KernelParameter.Type.TEXT,
          "off",
          "",
          "multithreaded xenwatch: on (or series, or alone), summit, off",
          "Documentation/admin-guide/kernel-parameters.txt of the mtwatch series");

  /// Returns the design that a value of the parameter stands for, or empty if it is none.
  ///
  /// @param value as typed; empty if the parameter stands alone
  public static Optional<Mtwatch> parse(String value) {
    return switch (value) {
      case "", "1", "on", "y", "series" -> Optional.of(SERIES);
      case "0", "off", "n" -> Optional.of(OFF);
      case "summit" -> Optional.of(SUMMIT);
      default -> Optional.empty();
    };
  }
}

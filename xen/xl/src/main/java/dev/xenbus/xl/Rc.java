package dev.xenbus.xl;

/// Return codes of libxl (`ERROR_*`, `libxl_types.idl`).
public enum Rc {
  /// Not specified.
  NONSPECIFIC(-1),
  /// Failed.
  FAIL(-3),
  /// Not implemented.
  NI(-4),
  /// Out of memory.
  NOMEM(-5),
  /// Invalid argument.
  INVAL(-6),
  /// Not in time.
  TIMEDOUT(-9),
  /// Not possible without paravirtualised drivers.
  NOPARAVIRT(-10),
  /// Not ready.
  NOT_READY(-11),
  /// There is such a device already.
  DEVICE_EXISTS(-17),
  /// No such domain.
  DOMAIN_NOTFOUND(-21),
  /// Aborted.
  ABORTED(-22),
  /// Not found.
  NOTFOUND(-23);

  private final int code;

  Rc(int code) {
    this.code = code;
  }

  /// Returns the number, below 0.
  public int code() {
    return code;
  }
}

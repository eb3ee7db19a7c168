package dev.xenbus.abi;

/// The state of one end of a split device (`enum xenbus_state`,
/// `xen/include/public/io/xenbus.h`); a decimal number in the node `state`.
public enum XenbusState {
  /// Never written: what an unreadable state reads as.
  UNKNOWN(0, "Unknown"),
  /// Made by the toolstack; the driver is not ready.
  INITIALISING(1, "Initialising"),
  /// The backend published its features and waits for the frontend and the hotplug script.
  INIT_WAIT(2, "InitWait"),
  /// The frontend published its rings.
  INITIALISED(3, "Initialised"),
  /// Data flows.
  CONNECTED(4, "Connected"),
  /// An orderly end was asked for, or an error happened.
  CLOSING(5, "Closing"),
  /// Detached.
  CLOSED(6, "Closed"),
  /// A change while attached was asked for.
  RECONFIGURING(7, "Reconfiguring"),
  /// Answer to RECONFIGURING.
  RECONFIGURED(8, "Reconfigured");

  private static final XenbusState[] BY_CODE = values();

  private final int code;
  private final String label;

  XenbusState(int code, String label) {
    this.code = code;
    this.label = label;
  }

  /// Returns the number that the node holds.
  public int code() {
    return code;
  }

  /// Returns the state with the given number; a number that is no state is UNKNOWN.
  public static XenbusState ofCode(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : UNKNOWN;
  }

  /// Returns the kernel's name, as sysfs shows it. Mirrors `xenbus_strstate`
  /// (`drivers/xen/xenbus/xenbus_client.c`).
  @Override
  public String toString() {
    return label;
  }
}

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
  RECONFIGURED(8, "Reconfigured"),
  /// A number that is no state. Readers do not check the range, so a peer may show one; no driver
  /// writes one. Its own code, -1, stands for all of them: who wants the number reads it with
  /// `otherEndChanged(state, code)`.
  INVALID(-1, "INVALID");

  private static final XenbusState[] BY_CODE = values();

  private final int code;
  private final String label;

  XenbusState(int code, String label) {
    this.code = code;
    this.label = label;
  }

  /// Returns the number that the node holds; -1 for INVALID, which may be any other.
  public int code() {
    return code;
  }

  /// Returns the state with the given number; a number that is no state is INVALID, which is not
  /// UNKNOWN: something was there to be read.
  public static XenbusState ofCode(int code) {
    return code >= 0 && code <= RECONFIGURED.code ? BY_CODE[code] : INVALID;
  }

  /// Returns the kernel's name, as sysfs shows it. Mirrors `xenbus_strstate`
  /// (`drivers/xen/xenbus/xenbus_client.c`).
  @Override
  public String toString() {
    return label;
  }
}

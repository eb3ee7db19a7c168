package dev.xenbus.abi.hypercall;

import java.util.Optional;

/// Why a domain stopped (`SHUTDOWN_*`, `xen/include/public/sched.h`).
public enum ShutdownReason {
  /// Powered off.
  POWEROFF(0, '-'),
  /// Wants to be started again.
  REBOOT(1, 'r'),
  /// Suspended.
  SUSPEND(2, 's'),
  /// Crashed.
  CRASH(3, 'c'),
  /// Its watchdog ran out.
  WATCHDOG(4, 'w'),
  /// Soft reset.
  SOFT_RESET(5, 'S');

  private final int code;
  private final char letter;

  ShutdownReason(int code, char letter) {
    this.code = code;
    this.letter = letter;
  }

  /// Returns the number.
  public int code() {
    return code;
  }

  /// Returns the letter in the state column of `xl list`.
  public char letter() {
    return letter;
  }

  /// Returns the reason with the given number.
  public static Optional<ShutdownReason> ofCode(int code) {
    for (ShutdownReason reason : values()) {
      if (reason.code == code) {
        return Optional.of(reason);
      }
    }
    return Optional.empty();
  }
}

package dev.xenbus.machine;

/// Whether a timer may move virtual time on its own.
public enum TimerKind {
  /// Somebody waits for it: when nobody can run, virtual time jumps to it.
  NORMAL,
  /// Housekeeping that runs for ever: never moves virtual time on its own.
  HOUSEKEEPING
}

package dev.xenbus.abi.xenstore;

import java.util.Optional;

/// What a permission entry allows (`enum xs_perm_type`), with its letter on the wire.
public enum Access {
  /// Nothing.
  NONE('n'),
  /// Reading.
  READ('r'),
  /// Writing.
  WRITE('w'),
  /// Both.
  READ_WRITE('b');

  private final char letter;

  Access(char letter) {
    this.letter = letter;
  }

  /// Returns the letter on the wire.
  public char letter() {
    return letter;
  }

  /// Returns whether it includes reading.
  public boolean allowsRead() {
    return this == READ || this == READ_WRITE;
  }

  /// Returns whether it includes writing.
  public boolean allowsWrite() {
    return this == WRITE || this == READ_WRITE;
  }

  /// Returns the access with the given letter, or empty if none has it.
  public static Optional<Access> ofLetter(int letter) {
    return switch (letter) {
      case 'n' -> Optional.of(NONE);
      case 'r' -> Optional.of(READ);
      case 'w' -> Optional.of(WRITE);
      case 'b' -> Optional.of(READ_WRITE);
      default -> Optional.empty();
    };
  }
}

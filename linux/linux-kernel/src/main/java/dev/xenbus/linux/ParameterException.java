package dev.xenbus.linux;

import java.util.Optional;

/// A word of a kernel command line that cannot be used.
public final class ParameterException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String word;
  private final int number;
  private final int column;
  private final Optional<String> nearest;

  /// Makes the exception.
  ///
  /// @param reason such as `unknown parameter`
  /// @param word the word as it was typed
  /// @param number which word, from 1
  /// @param column its first character, from 1
  /// @param nearest the known name that is most like it
  public ParameterException(
      String reason, String word, int number, int column, Optional<String> nearest) {
    super(
        reason
            + " \""
            + word
            + "\" (word "
            + number
            + ", column "
            + column
            + " of the command line)"
            + nearest.map(name -> "; did you mean \"" + name + "\"?").orElse(""));
    this.word = word;
    this.number = number;
    this.column = column;
    this.nearest = nearest;
  }

  /// Returns the word as it was typed.
  public String word() {
    return word;
  }

  /// Returns which word it is, from 1.
  public int number() {
    return number;
  }

  /// Returns its first character, from 1.
  public int column() {
    return column;
  }

  /// Returns the known name that is most like it.
  public Optional<String> nearest() {
    return nearest;
  }
}

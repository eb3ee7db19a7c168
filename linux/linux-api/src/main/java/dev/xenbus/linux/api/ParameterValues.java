package dev.xenbus.linux.api;

/// The values of parameters that were declared.
public interface ParameterValues {
  /// Returns a flag's value.
  ///
  /// @throws IllegalArgumentException if no such flag was declared
  boolean flag(String name);

  /// Returns a number's value.
  ///
  /// @throws IllegalArgumentException if no such number was declared
  long number(String name);

  /// Returns a text's value.
  ///
  /// @throws IllegalArgumentException if no such text was declared
  String text(String name);
}

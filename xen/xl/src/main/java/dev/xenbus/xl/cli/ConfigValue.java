package dev.xenbus.xl.cli;

import java.util.List;

/// What a setting is set to.
sealed interface ConfigValue {
  /// Returns the line it is on.
  int line();

  /// A string, or a number as it is written.
  ///
  /// @param value without quotes
  /// @param line where it is
  record Text(String value, int line) implements ConfigValue {}

  /// A list.
  ///
  /// @param values its elements
  /// @param line where it begins
  record Values(List<ConfigValue> values, int line) implements ConfigValue {}
}

package dev.xenbus.linux.api;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;

/// Where a command writes text: no locks inside, so that it is safe in a simulated machine.
@FunctionalInterface
public interface TextOutput {
  /// Writes text as it is.
  void print(String text);

  /// Writes a line.
  default void println(String line) {
    print(line + "\n");
  }

  /// Writes formatted text.
  @FormatMethod
  default void printf(@FormatString String format, Object... arguments) {
    print(String.format(java.util.Locale.ROOT, format, arguments));
  }
}

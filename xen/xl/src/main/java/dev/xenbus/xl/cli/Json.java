package dev.xenbus.xl.cli;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Writes JSON as libxl does: four blanks a level, a field a line.
final class Json {
  private static final String INDENT = "    ";

  private Json() {}

  /// Returns a value's text.
  ///
  /// @param value a map, a list, a number, or something else as its string
  /// @param level how far the value stands from the margin
  static String text(Object value, int level) {
    StringBuilder out = new StringBuilder();
    write(out, value, level);
    return out.toString();
  }

  private static void write(StringBuilder out, Object value, int level) {
    switch (value) {
      case Map<?, ?> map -> {
        out.append('{');
        Iterator<? extends Map.Entry<?, ?>> fields = map.entrySet().iterator();
        while (fields.hasNext()) {
          Map.Entry<?, ?> field = fields.next();
          newline(out, level + 1);
          string(out, String.valueOf(field.getKey()));
          out.append(": ");
          write(out, field.getValue(), level + 1);
          out.append(fields.hasNext() ? "," : "");
        }
        newline(out, level);
        out.append('}');
      }
      case List<?> list -> {
        out.append('[');
        Iterator<?> elements = list.iterator();
        while (elements.hasNext()) {
          newline(out, level + 1);
          write(out, elements.next(), level + 1);
          out.append(elements.hasNext() ? "," : "");
        }
        newline(out, level);
        out.append(']');
      }
      case Number number -> out.append(number);
      default -> string(out, value.toString());
    }
  }

  private static void newline(StringBuilder out, int level) {
    out.append('\n').append(INDENT.repeat(level));
  }

  private static void string(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}

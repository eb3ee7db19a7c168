package dev.xenbus.xl.cli;

import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.xl.cli.ConfigToken.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A parsed configuration file (`libxlu_cfg.c`, `libxlu_cfg_y.y`):
///
/// ```
/// file    := { [ setting ] ( newline | ';' ) } [ setting ]
/// setting := name ( '=' | '+=' ) value
/// value   := string | number | '[' [ value { ',' value } [ ',' ] ] ']'
/// ```
///
/// The last setting of a name counts. A parameter of the wrong type is warned of and ignored.
final class ConfigFile {
  private static final String VALUE_EXPECTED = "STRING or NUMBER or '['";

  private final String source;
  private final TextOutput report;
  private final Map<String, ConfigValue> settings = new LinkedHashMap<>();

  private ConfigFile(String source, TextOutput report) {
    this.source = source;
    this.report = report;
  }

  /// Parses.
  ///
  /// @param source name of the file, for messages
  /// @param report where warnings go, now and when values are asked for
  static ConfigFile parse(String source, String text, TextOutput report)
      throws ConfigSyntaxException {
    ConfigFile file = new ConfigFile(source, report);
    new Parser(file, new ConfigLexer(source, text)).parse();
    return file;
  }

  /// Returns the name of the file.
  String source() {
    return source;
  }

  private static final class Parser {
    private final ConfigFile file;
    private final ConfigLexer lexer;
    private ConfigToken token;

    Parser(ConfigFile file, ConfigLexer lexer) throws ConfigSyntaxException {
      this.file = file;
      this.lexer = lexer;
      this.token = lexer.next();
    }

    void parse() throws ConfigSyntaxException {
      while (!token.is(Kind.END)) {
        if (token.is(Kind.IDENT)) {
          setting();
          if (token.is(Kind.END)) {
            return;
          }
          if (!token.is(Kind.NEWLINE) && !token.is(Kind.SEMICOLON)) {
            throw unexpected("$end");
          }
        } else if (!token.is(Kind.NEWLINE) && !token.is(Kind.SEMICOLON)) {
          throw unexpected("$end or IDENT or NEWLINE or ';'");
        }
        advance();
      }
    }

    private void setting() throws ConfigSyntaxException {
      String name = token.value();
      advance();
      boolean add = token.is(Kind.ADD);
      if (!add && !token.is(Kind.ASSIGN)) {
        throw unexpected("+= or '='");
      }
      advance();
      ConfigValue value = value();
      ConfigToken last = token;
      ConfigValue old = file.settings.remove(name);
      file.settings.put(name, add && old != null ? sum(old, value, last) : value);
      advance();
    }

    // Leaves its last token in place: a list and a string that are added complain about that one.
    private ConfigValue value() throws ConfigSyntaxException {
      return switch (token.kind()) {
        case STRING, NUMBER -> new ConfigValue.Text(token.value(), token.line());
        case OPEN -> list();
        default -> throw unexpected(VALUE_EXPECTED);
      };
    }

    private ConfigValue list() throws ConfigSyntaxException {
      int line = token.line();
      List<ConfigValue> values = new ArrayList<>();
      advance();
      skipNewlines();
      while (!token.is(Kind.CLOSE)) {
        if (!token.is(Kind.STRING) && !token.is(Kind.NUMBER) && !token.is(Kind.OPEN)) {
          throw unexpected("']'");
        }
        values.add(value());
        advance();
        skipNewlines();
        if (token.is(Kind.COMMA)) {
          advance();
          skipNewlines();
        } else if (!token.is(Kind.CLOSE)) {
          throw unexpected("']'");
        }
      }
      return new ConfigValue.Values(List.copyOf(values), line);
    }

    private void skipNewlines() throws ConfigSyntaxException {
      while (token.is(Kind.NEWLINE)) {
        advance();
      }
    }

    private ConfigValue sum(ConfigValue old, ConfigValue value, ConfigToken last)
        throws ConfigSyntaxException {
      if (old instanceof ConfigValue.Text(String a, int line)
          && value instanceof ConfigValue.Text(String b, int _)) {
        return new ConfigValue.Text(a + b, line);
      }
      if (old instanceof ConfigValue.Values(var a, int line)
          && value instanceof ConfigValue.Values(var b, int _)) {
        List<ConfigValue> values = new ArrayList<>(a);
        values.addAll(b);
        return new ConfigValue.Values(List.copyOf(values), line);
      }
      throw ConfigSyntaxException.near(
          file.source, last, "can't add [list] to \"string\" or vice versa");
    }

    private ConfigSyntaxException unexpected(String expected) {
      return ConfigSyntaxException.near(
          file.source,
          token,
          "syntax error, unexpected " + token.kind() + ", expecting " + expected);
    }

    private void advance() throws ConfigSyntaxException {
      token = lexer.next();
    }
  }

  /// Returns a single value.
  Optional<String> string(String name) {
    ConfigValue value = settings.get(name);
    return switch (value) {
      case ConfigValue.Text(String text, int _) -> Optional.of(text);
      case ConfigValue.Values(_, int line) -> {
        warn(line, name, "is a list but should be a single value");
        yield Optional.empty();
      }
      case null -> Optional.empty();
    };
  }

  /// Returns a number: decimal, `0x…` or octal with a leading 0.
  OptionalLong number(String name) {
    Optional<String> text = string(name);
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.decode(text.get().strip()));
    } catch (NumberFormatException _) {
      ConfigValue value = settings.get(name);
      warn(value == null ? 0 : value.line(), name, "is not a valid number");
      return OptionalLong.empty();
    }
  }

  /// Returns whether a number is there and not 0.
  boolean flag(String name) {
    return number(name).orElse(0) != 0;
  }

  /// Returns the strings of a list; elements that are lists are warned of and left out.
  List<String> strings(String name) {
    ConfigValue value = settings.get(name);
    if (value instanceof ConfigValue.Text(String _, int line)) {
      warn(line, name, "is a single value but should be a list");
    }
    if (!(value instanceof ConfigValue.Values(List<ConfigValue> values, int _))) {
      return List.of();
    }
    List<String> strings = new ArrayList<>();
    for (ConfigValue element : values) {
      switch (element) {
        case ConfigValue.Text(String text, int _) -> strings.add(text);
        // The real parser knows no columns and says 1.
        case ConfigValue.Values(_, int line) ->
            report.println(source + ":" + line + ":1: warning: value is not a string");
      }
    }
    return strings;
  }

  private void warn(int line, String name, String what) {
    report.println(source + ":" + line + ": warning: parameter `" + name + "' " + what);
  }
}

package dev.xenbus.xl.cli;

import dev.xenbus.xl.cli.ConfigToken.Kind;

/// Cuts a configuration file into tokens (`libxlu_cfg_l.l`).
final class ConfigLexer {
  private static final String PYTHON = "+-.():";

  private final String source;
  private final String text;
  private int at;
  private int line = 1;
  private int lastLine = 1;

  /// Starts at the beginning.
  ///
  /// @param source name of the file, for messages
  ConfigLexer(String source, String text) {
    this.source = source;
    this.text = text;
  }

  /// Returns the next token; after the last one, `END` again and again.
  ConfigToken next() throws ConfigSyntaxException {
    skipBlanks();
    if (at == text.length()) {
      return new ConfigToken(Kind.END, "", "", lastLine);
    }
    char c = text.charAt(at);
    return switch (c) {
      case '\n' -> newline("");
      case '#' -> comment();
      case '=' -> single(Kind.ASSIGN);
      case '[' -> single(Kind.OPEN);
      case ']' -> single(Kind.CLOSE);
      case ',' -> single(Kind.COMMA);
      case ';' -> single(Kind.SEMICOLON);
      case '"', '\'' -> string(c);
      default -> word(c);
    };
  }

  private void skipBlanks() {
    while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
      at++;
    }
  }

  private ConfigToken newline(String shown) {
    at++;
    ConfigToken token = token(Kind.NEWLINE, shown, "", line - 1);
    line++;
    return token;
  }

  // A comment and the newline behind it are one token; without a newline it is nothing.
  private ConfigToken comment() throws ConfigSyntaxException {
    int end = text.indexOf('\n', at);
    if (end < 0) {
      at = text.length();
      return next();
    }
    String shown = text.substring(at, end);
    at = end;
    return newline(shown);
  }

  private ConfigToken single(Kind kind) {
    return taken(kind, at + 1);
  }

  private ConfigToken taken(Kind kind, int end) {
    String shown = text.substring(at, end);
    at = end;
    return token(kind, shown, shown, line);
  }

  private ConfigToken token(Kind kind, String shown, String value, int tokenLine) {
    lastLine = tokenLine;
    return new ConfigToken(kind, shown, value, tokenLine);
  }

  private ConfigToken word(char c) throws ConfigSyntaxException {
    if (c >= 'a' && c <= 'z') {
      return taken(Kind.IDENT, endOf("_.", 'a', 'z'));
    }
    if (c >= '0' && c <= '9') {
      return taken(Kind.NUMBER, endOf("x", 'a', 'f'));
    }
    if (text.startsWith("+=", at)) {
      return taken(Kind.ADD, at + 2);
    }
    throw lexicalError(PYTHON.indexOf(c) >= 0);
  }

  private int endOf(String others, char first, char last) {
    int end = at + 1;
    while (end < text.length()) {
      char c = text.charAt(end);
      boolean part = (c >= '0' && c <= '9') || (c >= first && c <= last) || others.indexOf(c) >= 0;
      if (!part) {
        break;
      }
      end++;
    }
    return end;
  }

  // What is shown goes on to the next blank; a blank right behind the first character belongs to
  // it.
  private ConfigSyntaxException lexicalError(boolean python) {
    int end = at + 1;
    while (end < text.length() && " \t\n".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    if (end == at + 1 && end < text.length() && text.charAt(end) != '\n') {
      end++;
    }
    return ConfigSyntaxException.lexical(
        source, line, text.substring(at, end), "lexical error", python);
  }

  private ConfigToken string(char quote) throws ConfigSyntaxException {
    int end = at + 1;
    while (end < text.length() && text.charAt(end) != quote && text.charAt(end) != '\n') {
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= text.length() || text.charAt(end) != quote) {
      throw lexicalError(false);
    }
    String shown = text.substring(at, end + 1);
    int begin = at;
    at = end + 1;
    lastLine = line;
    return new ConfigToken(Kind.STRING, shown, dequote(begin + 1, end, shown), line);
  }

  private String dequote(int begin, int end, String shown) throws ConfigSyntaxException {
    StringBuilder value = new StringBuilder();
    int i = begin;
    while (i < end) {
      char c = text.charAt(i++);
      if (c != '\\') {
        value.append(c);
        continue;
      }
      char escaped = text.charAt(i++);
      int simple = "'\"\\abfnrtv".indexOf(escaped);
      if (simple >= 0) {
        value.append("'\"\\\u0007\b\f\n\r\t\u000b".charAt(simple));
      } else if (escaped == 'x') {
        value.append(coded(i, 2, 16, end, shown));
        i += 2;
      } else if (escaped >= '0' && escaped <= '7') {
        value.append(coded(i - 1, 3, 8, end, shown));
        i += 2;
      } else {
        throw bad(shown, "invalid character after backlash in quoted string");
      }
    }
    return value.toString();
  }

  private char coded(int from, int digits, int radix, int end, String shown)
      throws ConfigSyntaxException {
    if (from + digits > end) {
      throw bad(shown, "missing digits in numerical escape");
    }
    int code = 0;
    for (int i = from; i < from + digits; i++) {
      int digit = Character.digit(text.charAt(i), radix);
      if (digit < 0) {
        throw bad(shown, "invalid digit in numerical escape");
      }
      code = code * radix + digit;
    }
    return (char) (code & 0xff);
  }

  private ConfigSyntaxException bad(String shown, String what) {
    return ConfigSyntaxException.lexical(source, line, shown, what, false);
  }
}

package dev.xenbus.xl.cli;

/// A configuration file that cannot be parsed.
final class ConfigSyntaxException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean python;

  private ConfigSyntaxException(String message, boolean python) {
    super(message);
    this.python = python;
  }

  /// Something is wrong near a token. A newline prints as `<newline>`, the end as empty quotes.
  static ConfigSyntaxException near(String source, ConfigToken token, String what) {
    boolean bare = token.is(ConfigToken.Kind.NEWLINE) && token.text().isEmpty();
    return near(source, token.line(), bare ? "<newline>" : "`" + token.text() + "'", what, false);
  }

  /// Something that is no token.
  static ConfigSyntaxException lexical(
      String source, int line, String text, String what, boolean python) {
    return near(source, line, "`" + text + "'", what, python);
  }

  private static ConfigSyntaxException near(
      String source, int line, String where, String what, boolean python) {
    return new ConfigSyntaxException(
        source + ":" + line + ": config parsing error near " + where + ": " + what, python);
  }

  /// Returns whether it looks like a program in Python, which files once could be.
  boolean looksLikePython() {
    return python;
  }
}

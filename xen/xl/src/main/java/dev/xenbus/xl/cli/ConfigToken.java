package dev.xenbus.xl.cli;

/// One token of a configuration file.
///
/// @param kind what it is
/// @param text as it stands in the file, without the newline at its end
/// @param value of a string, a number or a name
/// @param line as messages have it: of a newline, one too small, as with the real parser
record ConfigToken(Kind kind, String text, String value, int line) {
  /// What a token is, with its name in messages.
  enum Kind {
    IDENT("IDENT"),
    STRING("STRING"),
    NUMBER("NUMBER"),
    NEWLINE("NEWLINE"),
    ASSIGN("'='"),
    ADD("+="),
    OPEN("'['"),
    CLOSE("']'"),
    COMMA("','"),
    SEMICOLON("';'"),
    END("$end");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  boolean is(Kind other) {
    return kind == other;
  }
}

package dev.xenbus.xenstore.conformance;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/// Reads one line of a script.
final class ScriptLine {
  private static final List<String> WITHOUT_REPLY =
      List.of("EVENT", "EVENT_BEFORE", "EVENT_AFTER", "NONE", "CLOSED", "RECONNECT", "BYTES");

  private final String line;
  private int at;

  private ScriptLine(String line) {
    this.line = line;
  }

  /// What a word looked like.
  enum Kind {
    PLAIN,
    QUOTED,
    LIST,
    EXPRESSION
  }

  /// A word.
  record Word(Kind kind, String text) {}

  static StoreScript.Step parse(int number, String text) {
    List<Word> words = new ScriptLine(text).words();
    if (words.size() < 2) {
      throw new IllegalArgumentException("an actor and an operation are wanted");
    }
    String[] who = words.getFirst().text().split(":", 2);
    if (!who[0].matches("s[0-9]+|d[0-9]+[a-z]?")) {
      throw new IllegalArgumentException(who[0] + " is no actor; s1 or d5 are");
    }
    String operation = words.get(1).text();
    List<Word> rest = words.subList(2, words.size());
    Expected expected = new Expected.Nothing();
    if (!WITHOUT_REPLY.contains(operation)) {
      if (rest.isEmpty()) {
        throw new IllegalArgumentException("what is expected is missing");
      }
      expected = expected(rest.getLast());
      rest = rest.subList(0, rest.size() - 1);
    }
    return new StoreScript.Step(
        number,
        who[0],
        who.length > 1 ? who[1] : "",
        operation,
        rest.stream().map(Word::text).toList(),
        expected);
  }

  private List<Word> words() {
    List<Word> words = new ArrayList<>();
    while (true) {
      while (at < line.length() && line.charAt(at) == ' ') {
        at++;
      }
      if (at >= line.length()) {
        return words;
      }
      words.add(
          switch (line.charAt(at)) {
            case '"' -> new Word(Kind.QUOTED, quoted());
            case '[' -> new Word(Kind.LIST, until(']'));
            default -> plain(words.size());
          });
    }
  }

  /// A word that begins with a slash is a path; only at the end of a line, and with a slash at its
  /// end too, it is an expression.
  private Word plain(int index) {
    int end = line.indexOf(' ', at);
    String text = line.substring(at, end < 0 ? line.length() : end);
    boolean expression = index >= 2 && line.charAt(at) == '/' && line.endsWith("/");
    if (expression && line.indexOf("/ ", at) < 0 && text.length() > 1 && isLastWord(text)) {
      String inside = line.substring(at + 1, line.length() - 1);
      at = line.length();
      return new Word(Kind.EXPRESSION, inside);
    }
    at += text.length();
    return new Word(Kind.PLAIN, text);
  }

  private boolean isLastWord(String text) {
    return at + text.length() >= line.length();
  }

  private String until(char end) {
    int close = line.indexOf(end, at);
    if (close < 0) {
      throw new IllegalArgumentException("the bracket is not closed");
    }
    String inside = line.substring(at + 1, close);
    at = close + 1;
    return inside;
  }

  private String quoted() {
    StringBuilder text = new StringBuilder();
    at++;
    while (at < line.length() && line.charAt(at) != '"') {
      char c = line.charAt(at++);
      text.append(c == '\\' ? escaped() : c);
    }
    if (at >= line.length()) {
      throw new IllegalArgumentException("the quote is not closed");
    }
    at++;
    return text.toString();
  }

  private char escaped() {
    char c = line.charAt(at++);
    return switch (c) {
      case '0' -> '\0';
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'x' -> {
        at += 2;
        yield (char) HexFormat.fromHexDigits(line, at - 2, at);
      }
      default -> c;
    };
  }

  /// Reads the last word of a line.
  private static Expected expected(Word word) {
    return switch (word.kind()) {
      case QUOTED -> new Expected.Payload(word.text());
      case LIST ->
          new Expected.Strings(
              word.text().isBlank() ? List.of() : List.of(word.text().split(" +")));
      case EXPRESSION -> new Expected.Matching(Pattern.compile(word.text(), Pattern.DOTALL));
      case PLAIN -> {
        if (word.text().equals("*")) {
          yield new Expected.Success();
        }
        if (word.text().equals("OK")) {
          yield new Expected.Strings(List.of("OK"));
        }
        if (word.text().matches("E[A-Z0-9]+")) {
          yield new Expected.Failure(word.text());
        }
        throw new IllegalArgumentException(
            word.text() + " cannot be expected; OK, an errno, \"text\", [list], * and /expr/ can");
      }
    };
  }
}

package dev.xenbus.xenstore.conformance;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads one line of a script.
final class ScriptLine {
  private static final List<String> WITHOUT_REPLY =
      List.of(
          "EVENT", "EVENT_BEFORE", "EVENT_AFTER", "NONE", "CLOSED", "RECONNECT", "BYTES", "SEND");
  /// What a server of another profile answers, at the end of a line: `(ocaml: EIO)`.
  private static final Pattern ALTERNATIVE = Pattern.compile("(.*\\S) +\\(([a-z0-9]+): *(.+)\\)");

  private static final Pattern TIMES = Pattern.compile("([1-9][0-9]{0,4})x");
  private static final Pattern REPEATED = Pattern.compile("\\{(.)\\*([0-9]{1,4})}");

  private final String line;
  private int at;

  private final int expressionsFrom;

  /// @param expressionsFrom the first word that may be an expression
  private ScriptLine(String line, int expressionsFrom) {
    this.line = line;
    this.expressionsFrom = expressionsFrom;
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
    SequencedMap<String, Expected> alternatives = new LinkedHashMap<>();
    String line = text;
    for (Matcher m = ALTERNATIVE.matcher(line); m.matches(); m = ALTERNATIVE.matcher(line)) {
      Word answer = new ScriptLine(m.group(3), 0).words().getLast();
      alternatives.put(m.group(2), expected(answer));
      line = m.group(1);
    }
    List<Word> words = new ScriptLine(line, 2).words();
    if (words.size() < 2) {
      throw new IllegalArgumentException("an actor and an operation are wanted");
    }
    String[] who = words.getFirst().text().split(":", 2);
    if (!who[0].matches("s[0-9]+|d[0-9]+[a-z]?|xen")) {
      throw new IllegalArgumentException(who[0] + " is no actor; s1, d5 and xen are");
    }
    Matcher times = TIMES.matcher(words.get(1).text());
    int operationAt = times.matches() ? 2 : 1;
    if (words.size() <= operationAt) {
      throw new IllegalArgumentException("the operation is missing");
    }
    String operation = words.get(operationAt).text();
    List<Word> rest = words.subList(operationAt + 1, words.size());
    Expected expected = new Expected.Nothing();
    if (!WITHOUT_REPLY.contains(operation) && !who[0].equals("xen")) {
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
        times.matches() ? Integer.parseInt(times.group(1)) : 1,
        operation,
        rest.stream().map(Word::text).toList(),
        expected,
        alternatives);
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

  /// A word that begins with a slash is a path; the last one that does, in a line that ends with a
  /// slash, is an expression, blanks included.
  private Word plain(int index) {
    boolean expression =
        index >= expressionsFrom
            && line.charAt(at) == '/'
            && line.endsWith("/")
            && line.length() > at + 1
            && line.indexOf(" /", at) < 0;
    if (expression) {
      String inside = line.substring(at + 1, line.length() - 1);
      at = line.length();
      return new Word(Kind.EXPRESSION, inside);
    }
    int end = line.indexOf(' ', at);
    String text = line.substring(at, end < 0 ? line.length() : end);
    at += text.length();
    return new Word(Kind.PLAIN, repeated(text));
  }

  /// Writes `{x*2000}` out: so many times that character.
  private static String repeated(String text) {
    return REPEATED
        .matcher(text)
        .replaceAll(
            found ->
                Matcher.quoteReplacement(found.group(1).repeat(Integer.parseInt(found.group(2)))));
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
    return repeated(text.toString());
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

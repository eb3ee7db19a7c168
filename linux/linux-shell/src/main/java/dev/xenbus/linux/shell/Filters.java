package dev.xenbus.linux.shell;

import dev.xenbus.linux.shell.ShellSyntax.SyntaxException;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/// What may stand behind a `|`: `grep [-v] [-i] PATTERN`, `head [-n N]`, `tail [-n N]`, `wc -l`.
final class Filters {
  private static final int LINES_DEFAULT = 10;

  private Filters() {}

  static String apply(List<String> words, String input) throws SyntaxException {
    List<String> lines = input.lines().toList();
    List<String> arguments = words.subList(1, words.size());
    List<String> kept =
        switch (words.getFirst()) {
          case "grep" -> lines.stream().filter(grep(arguments)).toList();
          case "head" -> lines.subList(0, Math.min(count(words), lines.size()));
          case "tail" -> lines.subList(Math.max(0, lines.size() - count(words)), lines.size());
          case "wc" -> List.of(Integer.toString(lines.size()));
          default ->
              throw new SyntaxException(
                  words.getFirst() + ": cannot stand behind a |; grep, head, tail and wc -l can");
        };
    return kept.stream().map(line -> line + "\n").collect(Collectors.joining());
  }

  private static Predicate<String> grep(List<String> arguments) throws SyntaxException {
    boolean inverted = arguments.contains("-v");
    int flags = arguments.contains("-i") ? Pattern.CASE_INSENSITIVE : 0;
    List<String> patterns = arguments.stream().filter(a -> !a.matches("-[viE]")).toList();
    if (patterns.size() != 1) {
      throw new SyntaxException("usage: grep [-v] [-i] PATTERN");
    }
    try {
      Predicate<String> found = Pattern.compile(patterns.getFirst(), flags).asPredicate();
      return inverted ? found.negate() : found;
    } catch (PatternSyntaxException e) {
      throw new SyntaxException("grep: " + patterns.getFirst() + ": " + e.getDescription());
    }
  }

  private static int count(List<String> words) throws SyntaxException {
    String number =
        switch (words.size()) {
          case 1 -> Integer.toString(LINES_DEFAULT);
          case 2 -> words.get(1).replaceFirst("^-n?", "");
          default -> words.get(2);
        };
    if (!number.matches("\\d{1,6}") || words.size() > 3) {
      throw new SyntaxException("usage: " + words.getFirst() + " [-n LINES]");
    }
    return Integer.parseInt(number);
  }
}

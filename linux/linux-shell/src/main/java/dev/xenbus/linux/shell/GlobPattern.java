package dev.xenbus.linux.shell;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A pattern for names of files: `*`, `?`, `[a-z]`, `[!a-z]`, `[[:digit:]]` (`glob(7)`). Immutable.
///
/// `/` is matched by itself alone, and a dot at the beginning of a name by a dot.
final class GlobPattern {
  private static final Map<String, String> CLASSES =
      Map.of(
          "alpha", "a-zA-Z",
          "alnum", "a-zA-Z0-9",
          "digit", "0-9",
          "lower", "a-z",
          "upper", "A-Z",
          "xdigit", "0-9a-fA-F",
          "space", "\\s",
          "punct", "\\p{Punct}");

  /// One step of a path: its text without quotes, and what matches it, or null if only itself does.
  private record Step(String text, @Nullable Pattern names) {}

  /// Puts a pattern together.
  static final class Builder {
    private final StringBuilder text = new StringBuilder();

    /// For each character of the text whether it was quoted.
    private final java.util.BitSet quoted = new java.util.BitSet();

    void bare(String more) {
      text.append(more);
    }

    void quoted(String more) {
      quoted.set(text.length(), text.length() + more.length());
      text.append(more);
    }

    GlobPattern build() {
      List<Step> steps = new ArrayList<>();
      int from = 0;
      for (int slash = text.indexOf("/"); slash >= 0; slash = text.indexOf("/", from)) {
        steps.add(step(from, slash));
        from = slash + 1;
      }
      steps.add(step(from, text.length()));
      return new GlobPattern(text.toString(), steps);
    }

    private Step step(int from, int to) {
      StringBuilder regex = new StringBuilder();
      boolean isPattern = false;
      int i = from;
      while (i < to) {
        char c = text.charAt(i);
        int end = c == '[' && !quoted.get(i) ? bracketEnd(i, to) : -1;
        if (end > 0) {
          regex.append(bracket(i, end));
          i = end;
        } else if (!quoted.get(i) && (c == '*' || c == '?')) {
          regex.append(c == '*' ? ".*" : ".");
          end = 0;
        } else {
          regex.append(Pattern.quote(String.valueOf(c)));
        }
        isPattern |= end >= 0;
        i++;
      }
      return new Step(
          text.substring(from, to),
          isPattern ? Pattern.compile(regex.toString(), Pattern.DOTALL) : null);
    }

    /// Returns where the bracket that opens at `open` closes, or -1 if it means itself.
    private int bracketEnd(int open, int to) {
      int i = open + 1;
      if (i < to && (isBare(i, '!') || isBare(i, '^'))) {
        i++;
      }
      int first = i;
      while (i < to && (i == first || !isBare(i, ']'))) {
        int close = isBare(i, '[') && i + 1 < to ? classEnd(i, to) : -1;
        i = close > 0 ? close + 2 : i + 1;
      }
      return i < to ? i : -1;
    }

    /// Returns where `:]` of a class that begins at `i` stands, or -1.
    private int classEnd(int i, int to) {
      int close = text.charAt(i + 1) == ':' ? text.indexOf(":]", i + 2) : -1;
      return close >= 0 && close + 1 < to && CLASSES.containsKey(text.substring(i + 2, close))
          ? close
          : -1;
    }

    private String bracket(int open, int end) {
      int i = open + 1;
      StringBuilder set = new StringBuilder("[");
      if (isBare(i, '!') || isBare(i, '^')) {
        set.append('^');
        i++;
      }
      while (i < end) {
        int close = isBare(i, '[') && i + 1 < end ? classEnd(i, end) : -1;
        if (close > 0) {
          set.append(CLASSES.get(text.substring(i + 2, close)));
          i = close + 2;
        } else if (i + 2 < end && isBare(i + 1, '-')) {
          // A range from high to low has nothing in it.
          if (text.charAt(i) <= text.charAt(i + 2)) {
            set.append(literal(i)).append('-').append(literal(i + 2));
          }
          i += 3;
        } else {
          set.append(literal(i));
          i++;
        }
      }
      if (set.length() == 1) {
        return "(?!)";
      }
      return set.append(']').toString().replace("[^]", ".");
    }

    private String literal(int i) {
      char c = text.charAt(i);
      return Character.isLetterOrDigit(c)
          ? String.valueOf(c)
          : "\\x{" + Integer.toHexString(c) + "}";
    }

    private boolean isBare(int i, char wanted) {
      return text.charAt(i) == wanted && !quoted.get(i);
    }
  }

  private final String text;
  private final List<Step> steps;

  private GlobPattern(String text, List<Step> steps) {
    this.text = text;
    this.steps = steps;
  }

  /// Returns the files that match, sorted, each step before what is below it; the text itself if
  /// none does, if it is no pattern, or if it does not begin with `/`.
  List<String> expand(KernelFiles files) {
    boolean isPattern = steps.stream().anyMatch(step -> step.names() != null);
    if (!isPattern || !text.startsWith("/")) {
      return List.of(text);
    }
    List<String> found = new ArrayList<>(List.of(""));
    for (int i = 1; i < steps.size(); i++) {
      List<String> next = new ArrayList<>();
      for (String path : found) {
        next.addAll(descend(files, path, steps.get(i), i + 1 < steps.size()));
      }
      found = next;
    }
    found.sort(null);
    return found.isEmpty() ? List.of(text) : found;
  }

  /// Returns what a step leads to from a path; only folders if more steps follow.
  private static List<String> descend(
      KernelFiles files, String path, Step step, boolean mustBeFolder) {
    List<String> found = new ArrayList<>();
    if (step.text().isEmpty() || step.text().matches("\\.\\.?")) {
      found.add(path + "/" + step.text());
      return found;
    }
    List<String> names;
    try {
      names = files.list(path.isEmpty() ? "/" : path);
    } catch (KernelException _) {
      return found; // gone meanwhile, or no folder: nothing there matches
    }
    for (String name : names) {
      boolean isFolder = name.endsWith("/");
      String plain = isFolder ? name.substring(0, name.length() - 1) : name;
      if ((isFolder || !mustBeFolder) && matches(step, plain)) {
        found.add(path + "/" + plain);
      }
    }
    return found;
  }

  private static boolean matches(Step step, String name) {
    Pattern names = step.names();
    if (names == null) {
      return name.equals(step.text());
    }
    boolean isHidden = name.startsWith(".") && !step.text().startsWith(".");
    return !isHidden && names.matcher(name).matches();
  }
}

package dev.xenbus.linux.shell;

import dev.xenbus.linux.api.KernelFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// A word of a shell's line as it was typed, and what becomes of it: braces, then variables, then
/// the names of files (`bash(1)`, EXPANSION). Immutable.
///
/// Differs: values of variables are not split into words.
final class ShellWord {
  /// A piece of a word; what is bare may mean something, what is quoted is itself.
  private sealed interface Piece {
    record Bare(char c) implements Piece {}

    record Quoted(String text) implements Piece {}

    record Variable(String name, boolean isQuoted) implements Piece {}
  }

  /// Puts a word together.
  static final class Builder {
    private final List<Piece> pieces = new ArrayList<>();

    /// Makes an empty word.
    Builder() {}

    /// Adds a character that was not quoted.
    Builder bare(char c) {
      pieces.add(new Piece.Bare(c));
      return this;
    }

    /// Adds text that was quoted; also an empty one.
    Builder quoted(String text) {
      pieces.add(new Piece.Quoted(text));
      return this;
    }

    /// Adds the value that a variable will have.
    Builder variable(String name, boolean isQuoted) {
      pieces.add(new Piece.Variable(name, isQuoted));
      return this;
    }

    /// Returns the word.
    ShellWord build() {
      return new ShellWord(pieces);
    }
  }

  private final List<Piece> pieces;

  private ShellWord(List<Piece> pieces) {
    this.pieces = List.copyOf(pieces);
  }

  /// Returns what the word stands for, one or more words: braces in the order in which they are
  /// written, names of files sorted by their code points. A pattern that no file has stays as it
  /// was typed.
  ///
  /// @param variables the value of a variable, empty if it has none
  /// @param files where patterns that begin with `/` are looked for; others stay as they are
  List<String> expand(UnaryOperator<String> variables, KernelFiles files) {
    List<String> words = new ArrayList<>();
    for (List<Piece> braced : braces(pieces)) {
      GlobPattern.Builder pattern = new GlobPattern.Builder();
      for (Piece piece : braced) {
        switch (piece) {
          case Piece.Bare(char c) -> pattern.bare(String.valueOf(c));
          case Piece.Quoted(String text) -> pattern.quoted(text);
          case Piece.Variable(String name, boolean isQuoted) -> {
            String value = variables.apply(name);
            if (isQuoted) {
              pattern.quoted(value);
            } else {
              pattern.bare(value);
            }
          }
        }
      }
      words.addAll(pattern.build().expand(files));
    }
    return words;
  }

  /// Returns what the words of a command stand for, in their order.
  static List<String> expandAll(
      List<ShellWord> words, UnaryOperator<String> variables, KernelFiles files) {
    return words.stream().flatMap(word -> word.expand(variables, files).stream()).toList();
  }

  /// Returns the word as text, its quotes gone and nothing expanded; a variable as `$NAME`.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces) {
      switch (piece) {
        case Piece.Bare(char c) -> text.append(c);
        case Piece.Quoted(String quoted) -> text.append(quoted);
        case Piece.Variable(String name, boolean _) -> text.append('$').append(name);
      }
    }
    return text.toString();
  }

  // ---- braces ----------------------------------------------------------------------------------

  /// Expands the first pair of braces that means something, then what is inside and behind it.
  private static List<List<Piece>> braces(List<Piece> pieces) {
    for (int open = 0; open < pieces.size(); open++) {
      if (!isBare(pieces.get(open), '{')) {
        continue;
      }
      int close = closing(pieces, open);
      if (close < 0) {
        continue;
      }
      List<List<Piece>> middles = middles(pieces.subList(open + 1, close));
      if (middles.isEmpty()) {
        continue;
      }
      List<List<Piece>> tails = braces(pieces.subList(close + 1, pieces.size()));
      List<List<Piece>> all = new ArrayList<>();
      for (List<Piece> middle : middles) {
        for (List<Piece> tail : tails) {
          List<Piece> word = new ArrayList<>(pieces.subList(0, open));
          word.addAll(middle);
          word.addAll(tail);
          all.add(word);
        }
      }
      return all;
    }
    return List.of(pieces);
  }

  /// Returns where the brace at `open` closes, or -1.
  private static int closing(List<Piece> pieces, int open) {
    int depth = 0;
    for (int i = open; i < pieces.size(); i++) {
      if (isBare(pieces.get(i), '{')) {
        depth++;
      } else if (isBare(pieces.get(i), '}') && --depth == 0) {
        return i;
      }
    }
    return -1;
  }

  /// Returns what stands for a pair of braces with this in it; nothing if they mean themselves.
  private static List<List<Piece>> middles(List<Piece> inside) {
    List<List<Piece>> choices = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < inside.size(); i++) {
      if (isBare(inside.get(i), '{')) {
        depth++;
      } else if (isBare(inside.get(i), '}')) {
        depth--;
      } else if (depth == 0 && isBare(inside.get(i), ',')) {
        choices.addAll(braces(inside.subList(from, i)));
        from = i + 1;
      }
    }
    if (from == 0) {
      return BraceSequence.of(new ShellWord(inside), isAllBare(inside)).stream()
          .map(text -> List.<Piece>of(new Piece.Quoted(text)))
          .toList();
    }
    choices.addAll(braces(inside.subList(from, inside.size())));
    return choices;
  }

  private static boolean isAllBare(List<Piece> pieces) {
    return pieces.stream().allMatch(piece -> piece instanceof Piece.Bare);
  }

  private static boolean isBare(Piece piece, char wanted) {
    return piece instanceof Piece.Bare(char c) && c == wanted;
  }
}

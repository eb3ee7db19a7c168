package dev.xenbus.linux.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a line of the shell means.
final class ShellSyntax {
  private ShellSyntax() {}

  /// When a command runs, seen from the one before it.
  enum When {
    ALWAYS,
    IF_DONE,
    IF_FAILED
  }

  /// One command.
  ///
  /// @param when whether it runs at all
  /// @param words its name and arguments
  /// @param filters what its output goes through, such as `grep xen`
  /// @param redirect where its output goes instead
  /// @param background whether the shell goes on at once, with all that `&&` and `||` join to it
  /// @param text as it was typed, for the list of jobs
  record Command(
      When when,
      List<ShellWord> words,
      List<List<ShellWord>> filters,
      Optional<ShellWord> redirect,
      boolean background,
      String text) {}

  /// A line that means nothing.
  static final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1L;

    SyntaxException(String message) {
      super(message);
    }
  }

  /// Reads a line.
  ///
  /// @throws SyntaxException with one line that says what is wrong, and at which column
  static List<Command> parse(String line) throws SyntaxException {
    return new Parser(line).parse();
  }

  private static final class Parser {
    private final String line;
    private int at;
    private final List<Command> commands = new ArrayList<>();
    private When when = When.ALWAYS;
    private int commandStart;
    private List<List<ShellWord>> stages = new ArrayList<>();
    private List<ShellWord> words = new ArrayList<>();
    private Optional<ShellWord> redirect = Optional.empty();

    Parser(String line) {
      this.line = line;
    }

    List<Command> parse() throws SyntaxException {
      while (true) {
        skipBlanks();
        if (at >= line.length() || line.charAt(at) == '#') {
          endCommand(false, When.ALWAYS, true);
          return commands;
        }
        char c = line.charAt(at);
        if (c == ';') {
          endCommand(false, When.ALWAYS, true);
          at++;
        } else if (line.startsWith("&&", at)) {
          endCommand(false, When.IF_DONE, false);
          at += 2;
        } else if (line.startsWith("||", at)) {
          endCommand(false, When.IF_FAILED, false);
          at += 2;
        } else if (c == '&') {
          endCommand(true, When.ALWAYS, false);
          at++;
        } else if (c == '|') {
          endStage();
          at++;
        } else if (c == '<') {
          throw new SyntaxException("column " + (at + 1) + ": reading from files is not supported");
        } else if (c == '>') {
          readRedirect();
        } else {
          words.add(readWord());
        }
      }
    }

    private void readRedirect() throws SyntaxException {
      int column = at + 1;
      at++;
      if (at < line.length() && line.charAt(at) == '>') {
        at++; // a kernel file has no end to append to: >> is >
      }
      skipBlanks();
      if (at >= line.length() || ";&|<>#".indexOf(line.charAt(at)) >= 0) {
        throw new SyntaxException("column " + column + ": > wants a file name behind it");
      }
      redirect = Optional.of(readWord());
    }

    /// Ends the command that was being read; `mayBeEmpty` where a line may simply end.
    private void endCommand(boolean background, When next, boolean mayBeEmpty)
        throws SyntaxException {
      if (words.isEmpty()) {
        boolean dangling = when != When.ALWAYS || redirect.isPresent() || !stages.isEmpty();
        if (!mayBeEmpty || dangling) {
          throw new SyntaxException("column " + (at + 1) + ": a command is missing here");
        }
      } else {
        endStage();
        String text = line.substring(commandStart, at).strip();
        List<List<ShellWord>> filters = stages.subList(1, stages.size());
        commands.add(new Command(when, stages.getFirst(), filters, redirect, background, text));
      }
      stages = new ArrayList<>();
      redirect = Optional.empty();
      when = next;
      commandStart = at + (next == When.ALWAYS ? 1 : 2);
    }

    private void endStage() throws SyntaxException {
      if (words.isEmpty()) {
        throw new SyntaxException("column " + (at + 1) + ": a command is missing here");
      }
      stages.add(words);
      words = new ArrayList<>();
    }

    private void skipBlanks() {
      while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
        at++;
      }
    }

    private ShellWord readWord() throws SyntaxException {
      ShellWord.Builder word = new ShellWord.Builder();
      while (at < line.length()) {
        char c = line.charAt(at);
        if (Character.isWhitespace(c) || ";&|<>".indexOf(c) >= 0) {
          break;
        }
        if (c == '\'') {
          word.quoted(line.substring(at + 1, closing(c)));
          at = closing(c) + 1;
        } else if (c == '"') {
          readDoubleQuoted(word);
        } else {
          readPlain(word, false);
        }
      }
      return word.build();
    }

    private void readDoubleQuoted(ShellWord.Builder word) throws SyntaxException {
      int end = closing('"');
      at++;
      word.quoted("");
      while (at < end) {
        readPlain(word, true);
      }
      at = end + 1;
    }

    private void readPlain(ShellWord.Builder word, boolean isQuoted) {
      char c = line.charAt(at);
      if (c == '\\' && at + 1 < line.length()) {
        word.quoted(line.substring(at + 1, at + 2));
        at += 2;
      } else if (c == '$' && variableEnd() > at + 1) {
        int end = variableEnd();
        word.variable(line.substring(at + 1, end), isQuoted);
        at = end;
      } else if (isQuoted) {
        word.quoted(String.valueOf(c));
        at++;
      } else {
        word.bare(c);
        at++;
      }
    }

    private int variableEnd() {
      int end = at + 1;
      if (end < line.length() && "?!".indexOf(line.charAt(end)) >= 0) {
        return end + 1;
      }
      while (end < line.length()
          && (Character.isLetterOrDigit(line.charAt(end)) || line.charAt(end) == '_')) {
        end++;
      }
      return end;
    }

    /// Returns where the quote that opens at `at` closes.
    private int closing(char quote) throws SyntaxException {
      for (int i = at + 1; i < line.length(); i++) {
        if (line.charAt(i) == '\\' && quote == '"') {
          i++;
        } else if (line.charAt(i) == quote) {
          return i;
        }
      }
      throw new SyntaxException("column " + (at + 1) + ": the quote " + quote + " is not closed");
    }
  }
}

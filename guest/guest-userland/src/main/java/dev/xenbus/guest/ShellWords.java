package dev.xenbus.guest;

import dev.xenbus.linux.api.ShellWord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads a line of the guest's shell: words with `'…'`, `"…"` and `\`, comments from `#`, commands
/// apart by `;`, `&&`, `||` and `&`, and `> FILE`.
final class ShellWords {
  /// When a command runs, by how the one before it ended.
  enum When {
    /// Always.
    ALWAYS,
    /// If it ended with 0.
    SUCCESS,
    /// If it did not.
    FAILURE
  }

  /// A command.
  ///
  /// @param when whether it runs
  /// @param words its name and arguments
  /// @param output the file that its output goes to
  /// @param isBackground whether the shell does not wait for it, nor for what `&&` and `||` join to
  ///     it
  record Command(
      When when, List<ShellWord> words, Optional<ShellWord> output, boolean isBackground) {}

  /// A line that means nothing.
  static final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1L;

    SyntaxException(String message) {
      super(message);
    }
  }

  private final String line;
  private final List<Command> commands = new ArrayList<>();
  private List<ShellWord> words = new ArrayList<>();
  private @Nullable ShellWord output;
  private boolean wantsOutput;
  private When when = When.ALWAYS;
  private int at;

  private ShellWords(String line) {
    this.line = line;
  }

  /// Returns the commands of a line, in order.
  static List<Command> parse(String line) throws SyntaxException {
    ShellWords reader = new ShellWords(line);
    reader.read();
    return reader.commands;
  }

  private void read() throws SyntaxException {
    while (at < line.length()) {
      char c = line.charAt(at);
      if (Character.isWhitespace(c)) {
        at++;
      } else if (c == '#') {
        at = line.length();
      } else if (c == '>') {
        at++;
        wantsOutput = true;
      } else if (";&|".indexOf(c) >= 0) {
        operator(c);
      } else {
        word();
      }
    }
    if (when != When.ALWAYS && words.isEmpty()) {
      throw new SyntaxException("syntax error: a command is missing at the end");
    }
    end(false, When.ALWAYS);
  }

  private void operator(char c) throws SyntaxException {
    boolean isDouble = at + 1 < line.length() && line.charAt(at + 1) == c;
    at += isDouble ? 2 : 1;
    if (words.isEmpty() || (c == '|' && !isDouble) || (c == ';' && isDouble)) {
      throw new SyntaxException("syntax error near '" + (isDouble ? "" + c + c : c) + "'");
    }
    boolean isCondition = isDouble && c != ';';
    end(c == '&' && !isDouble, !isCondition ? When.ALWAYS : c == '&' ? When.SUCCESS : When.FAILURE);
  }

  private void end(boolean isBackground, When next) throws SyntaxException {
    if (wantsOutput || (words.isEmpty() && output != null)) {
      throw new SyntaxException("syntax error near '>'");
    }
    if (!words.isEmpty()) {
      commands.add(new Command(when, words, Optional.ofNullable(output), isBackground));
    }
    words = new ArrayList<>();
    output = null;
    when = next;
  }

  private void word() throws SyntaxException {
    ShellWord.Builder word = new ShellWord.Builder();
    while (at < line.length()) {
      char c = line.charAt(at);
      if (c == '\'' || c == '"') {
        quoted(c, word);
      } else if (c == '\\' && at + 1 < line.length()) {
        word.quoted(line.substring(at + 1, at + 2));
        at += 2;
      } else if (Character.isWhitespace(c) || ";&|>".indexOf(c) >= 0) {
        break;
      } else {
        word.bare(c);
        at++;
      }
    }
    if (wantsOutput) {
      output = word.build();
      wantsOutput = false;
    } else {
      words.add(word.build());
    }
  }

  private void quoted(char quote, ShellWord.Builder word) throws SyntaxException {
    int end = line.indexOf(quote, at + 1);
    if (end < 0) {
      throw new SyntaxException("syntax error: " + quote + " is not closed");
    }
    word.quoted(line.substring(at + 1, end));
    at = end + 1;
  }
}

package dev.xenbus.xl.cli;

import dev.xenbus.xl.LibxlException;
import java.util.List;

/// One command of `xl`.
///
/// @param name such as `list`
/// @param usage its arguments, for the help
/// @param description one line, without a full stop
/// @param optionHelp its options, a line each; empty if it has none
/// @param options the letters that it takes, as `getopt` has them: a colon behind one with a value
/// @param argumentsMin how many arguments it needs
/// @param action what it does
record Subcommand(
    String name,
    String usage,
    String description,
    List<String> optionHelp,
    String options,
    int argumentsMin,
    Action action) {

  /// What a command does.
  @FunctionalInterface
  interface Action {
    /// Does it.
    ///
    /// @return the exit code
    int run(XlProcess xl, Options options) throws LibxlException, UsageException;
  }

  /// Returns its help.
  String help() {
    StringBuilder help = new StringBuilder();
    help.append("Usage: xl [-v] ").append(name).append(' ').append(usage).append("\n\n");
    help.append(description).append(".\n\n");
    if (!optionHelp.isEmpty()) {
      help.append("Options:\n\n");
      optionHelp.forEach(line -> help.append(line).append('\n'));
      help.append('\n');
    }
    return help.toString();
  }
}

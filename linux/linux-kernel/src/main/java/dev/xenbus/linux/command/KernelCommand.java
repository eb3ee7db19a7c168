package dev.xenbus.linux.command;

import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// What the commands of this package have in common: they are known on every console, and wrong
/// usage is one line and the usage.
abstract class KernelCommand implements UserCommand {
  private final String name;
  private final String summary;
  private final String usage;
  private final int usageExit;

  /// Makes a command.
  ///
  /// @param usage what follows `usage: `, several lines
  /// @param usageExit the exit code of wrong usage
  KernelCommand(String name, String summary, String usage, int usageExit) {
    this.name = name;
    this.summary = summary;
    this.usage = usage;
    this.usageExit = usageExit;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String summary() {
    return summary;
  }

  @Override
  public final String usage() {
    return "usage: " + usage.stripTrailing() + "\n";
  }

  @Override
  public final Set<Place> places() {
    return EnumSet.allOf(Place.class);
  }

  @Override
  public final int run(Context context, List<String> arguments) {
    try {
      return execute(context, arguments);
    } catch (UsageException e) {
      context.err().println(name + ": " + e.getMessage());
      context.err().print(usage());
      return usageExit;
    }
  }

  /// Runs it.
  ///
  /// @return the exit code
  /// @throws UsageException if it does not take such arguments
  abstract int execute(Context context, List<String> arguments) throws UsageException;

  /// A command line that the command does not take; the message says why.
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }
}

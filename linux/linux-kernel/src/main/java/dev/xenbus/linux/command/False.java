package dev.xenbus.linux.command;

import java.util.List;

/// `false`: does nothing, without success.
public final class False extends KernelCommand {
  /// For the service loader.
  public False() {
    super("false", "does nothing, without success", "false", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) {
    return 1;
  }
}

package dev.xenbus.linux.command;

import java.util.List;

/// `true`: does nothing, with success.
public final class True extends KernelCommand {
  /// For the service loader.
  public True() {
    super("true", "does nothing, with success", "true", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) {
    return 0;
  }
}

package dev.xenbus.linux.command;

import dev.xenbus.machine.Task;
import java.util.List;

/// `sleep`: waits.
public final class Sleep extends KernelCommand {
  private static final double NANOS = 1e9;
  private static final int INTERRUPTED = 130;

  /// For the service loader.
  public Sleep() {
    super("sleep", "waits for a number of seconds", "sleep NUMBER[s|m|h]...", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (arguments.isEmpty()) {
      throw new UsageException("missing operand");
    }
    double seconds = 0;
    for (String word : arguments) {
      seconds += seconds(word);
    }
    return Task.sleep((long) (seconds * NANOS)) ? 0 : INTERRUPTED;
  }

  private static double seconds(String word) throws UsageException {
    if (!word.matches("(\\d{1,9}(\\.\\d{0,9})?|\\.\\d{1,9})[smh]?")) {
      throw new UsageException("invalid time interval '" + word + "'");
    }
    double unit =
        switch (word.charAt(word.length() - 1)) {
          case 'm' -> 60;
          case 'h' -> 3600;
          default -> 1;
        };
    return Double.parseDouble(word.replaceFirst("[smh]$", "")) * unit;
  }
}

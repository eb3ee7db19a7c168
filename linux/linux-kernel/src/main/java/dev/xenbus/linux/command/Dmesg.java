package dev.xenbus.linux.command;

import dev.xenbus.linux.api.Printk;
import java.util.List;

/// `dmesg`: the kernel's log.
public final class Dmesg extends KernelCommand {
  /// For the service loader.
  public Dmesg() {
    super(
        "dmesg",
        "prints the kernel's log",
        """
        dmesg [-t] [-l LEVEL,...]
          -t  without time stamps
          -l  only these levels: emerg, alert, crit, err, warn, notice, info, debug
        """,
        1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    boolean isBare = false;
    List<String> levels = List.of();
    int at = 0;
    while (at < arguments.size()) {
      String word = arguments.get(at++);
      switch (word) {
        case "-t", "--notime" -> isBare = true;
        case "-l", "--level" -> {
          if (at == arguments.size()) {
            throw new UsageException("option requires an argument -- 'l'");
          }
          levels = List.of(arguments.get(at++).split(","));
        }
        default -> throw new UsageException("invalid option -- '" + word + "'");
      }
    }
    for (Printk.Line line : context.kernel().printk().lines()) {
      if (levels.isEmpty() || levels.contains(name(line.level()))) {
        context.out().println(isBare ? line.text() : line.toString());
      }
    }
    return 0;
  }

  private static String name(Printk.Level level) {
    return level == Printk.Level.WARNING ? "warn" : level.name().toLowerCase(java.util.Locale.ROOT);
  }
}

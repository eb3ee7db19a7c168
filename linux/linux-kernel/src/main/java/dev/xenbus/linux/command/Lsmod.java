package dev.xenbus.linux.command;

import dev.xenbus.linux.api.KernelException;
import java.util.List;

/// `lsmod`: the kernel modules that are loaded.
public final class Lsmod extends KernelCommand {
  /// For the service loader.
  public Lsmod() {
    super("lsmod", "lists the kernel modules that are loaded", "lsmod", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (!arguments.isEmpty()) {
      throw new UsageException("extra operand '" + arguments.getFirst() + "'");
    }
    try {
      String modules = context.kernel().files().read("/proc/modules");
      context.out().println("Module                  Size  Used by");
      for (String line : modules.lines().toList()) {
        String[] words = line.split(" ", -1);
        context.out().printf("%-19s %8s  %s\n", words[0], words[1], words[2]);
      }
      return 0;
    } catch (KernelException e) {
      context.err().println("lsmod: " + e.errno().text());
      return 1;
    }
  }
}

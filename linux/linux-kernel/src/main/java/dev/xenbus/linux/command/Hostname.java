package dev.xenbus.linux.command;

import dev.xenbus.linux.api.KernelException;
import java.util.List;

/// `hostname`: the name of the host.
public final class Hostname extends KernelCommand {
  /// For the service loader.
  public Hostname() {
    super("hostname", "prints the name of the host", "hostname", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (!arguments.isEmpty()) {
      throw new UsageException("the name cannot be changed");
    }
    try {
      context.out().print(context.kernel().files().read("/proc/sys/kernel/hostname"));
      return 0;
    } catch (KernelException e) {
      context.err().println("hostname: " + e.errno().text());
      return 1;
    }
  }
}

package dev.xenbus.linux.command;

import dev.xenbus.linux.LinuxKernel;
import java.util.List;

/// `rmmod`: unloads a kernel module.
public final class Rmmod extends KernelCommand {
  /// For the service loader.
  public Rmmod() {
    super("rmmod", "unloads a kernel module", "rmmod MODULE", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (arguments.size() != 1) {
      throw new UsageException("needs the name of one module");
    }
    String name = arguments.getFirst().replace('-', '_');
    if (!(context.kernel() instanceof LinuxKernel kernel) || !kernel.modules().isLoaded(name)) {
      context.err().println("rmmod: ERROR: Module " + name + " is not currently loaded");
      return 1;
    }
    if (!kernel.modules().unload(name)) {
      context.err().println("rmmod: ERROR: Module " + name + " is builtin.");
      return 1;
    }
    return 0;
  }
}

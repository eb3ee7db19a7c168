package dev.xenbus.linux.command;

import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.ModuleTable.Unload;
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
    Unload how =
        context.kernel() instanceof LinuxKernel kernel
            ? kernel.modules().unload(name)
            : Unload.NOT_LOADED;
    switch (how) {
      case NOT_LOADED -> {
        context.err().println("rmmod: ERROR: Module " + name + " is not currently loaded");
        return 1;
      }
      case IN_USE -> {
        context.err().println("rmmod: ERROR: Module " + name + " is in use");
        return 1;
      }
      case DONE -> {}
    }
    return 0;
  }
}

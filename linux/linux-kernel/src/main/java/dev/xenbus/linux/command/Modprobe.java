package dev.xenbus.linux.command;

import dev.xenbus.linux.LinuxKernel;
import java.util.List;

/// `modprobe`: loads a kernel module that the kernel knows of; nothing happens if it is loaded.
public final class Modprobe extends KernelCommand {
  /// For the service loader.
  public Modprobe() {
    super("modprobe", "loads a kernel module", "modprobe MODULE", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (arguments.size() != 1) {
      throw new UsageException("needs the name of one module");
    }
    String name = arguments.getFirst().replace('-', '_');
    if (!(context.kernel() instanceof LinuxKernel kernel) || !kernel.modules().load(name)) {
      context
          .err()
          .println(
              "modprobe: FATAL: Module "
                  + name
                  + " not found in directory /lib/modules/"
                  + LinuxKernel.RELEASE);
      return 1;
    }
    return 0;
  }
}

package dev.xenbus.linux.command;

import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.ModuleTable.Unload;
import java.util.List;

/// `modprobe`: loads a kernel module that the kernel knows of, or unloads it (`-r`); nothing
/// happens if it is loaded, or not loaded, already.
public final class Modprobe extends KernelCommand {
  /// For the service loader.
  public Modprobe() {
    super("modprobe", "loads or unloads a kernel module", "modprobe [-r] MODULE", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    boolean unloads = arguments.contains("-r");
    List<String> names = arguments.stream().filter(word -> !word.equals("-r")).toList();
    if (names.size() != 1 || names.getFirst().startsWith("-")) {
      throw new UsageException("needs the name of one module");
    }
    String name = names.getFirst().replace('-', '_');
    boolean isKnown =
        context.kernel() instanceof LinuxKernel kernel
            && (unloads ? kernel.modules().isKnown(name) : kernel.modules().load(name));
    if (!isKnown) {
      context
          .err()
          .println(
              "modprobe: FATAL: Module "
                  + name
                  + " not found in directory /lib/modules/"
                  + LinuxKernel.RELEASE);
      return 1;
    }
    if (unloads
        && context.kernel() instanceof LinuxKernel kernel
        && kernel.modules().unload(name) == Unload.IN_USE) {
      context.err().println("modprobe: FATAL: Module " + name + " is in use.");
      return 1;
    }
    return 0;
  }
}

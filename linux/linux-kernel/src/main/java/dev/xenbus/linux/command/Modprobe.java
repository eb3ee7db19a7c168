package dev.xenbus.linux.command;

import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.ModuleTable;
import dev.xenbus.linux.ModuleTable.Unload;
import java.util.List;
import java.util.Optional;

/// `modprobe`: loads a kernel module that the kernel knows of, or unloads it (`-r`); nothing
/// happens if it is loaded, or not loaded, already.
public final class Modprobe extends ModuleCommand {
  private static final String FOLDER = "/lib/modules/" + LinuxKernel.RELEASE;

  /// For the service loader.
  public Modprobe() {
    super("modprobe", "loads or unloads a kernel module", "modprobe [-r] MODULE");
  }

  @Override
  Optional<String> act(ModuleTable modules, String module, List<String> options)
      throws UsageException {
    if (!options.isEmpty() && !options.equals(List.of("-r"))) {
      throw new UsageException("knows the option -r alone");
    }
    boolean unloads = !options.isEmpty();
    if (!(unloads ? modules.isKnown(module) : modules.load(module))) {
      return Optional.of("FATAL: Module " + module + " not found in directory " + FOLDER);
    }
    return unloads && modules.unload(module) == Unload.IN_USE
        ? Optional.of("FATAL: Module " + module + " is in use.")
        : Optional.empty();
  }
}

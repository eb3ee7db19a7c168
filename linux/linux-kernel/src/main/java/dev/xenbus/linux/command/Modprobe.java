package dev.xenbus.linux.command;

import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.ModuleTable;
import java.util.Optional;

/// `modprobe`: loads a kernel module that the kernel knows of; nothing happens if it is loaded.
public final class Modprobe extends ModuleCommand {
  private static final String FOLDER = "/lib/modules/" + LinuxKernel.RELEASE;

  /// For the service loader.
  public Modprobe() {
    super("modprobe", "loads a kernel module");
  }

  @Override
  Optional<String> act(ModuleTable modules, String module) {
    return modules.load(module)
        ? Optional.empty()
        : Optional.of("FATAL: Module " + module + " not found in directory " + FOLDER);
  }
}

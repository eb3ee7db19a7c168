package dev.xenbus.linux.command;

import dev.xenbus.linux.ModuleTable;
import java.util.Optional;

/// `rmmod`: unloads a kernel module.
public final class Rmmod extends ModuleCommand {
  /// For the service loader.
  public Rmmod() {
    super("rmmod", "unloads a kernel module");
  }

  @Override
  Optional<String> act(ModuleTable modules, String module) {
    if (!modules.isLoaded(module)) {
      return Optional.of("ERROR: Module " + module + " is not currently loaded");
    }
    return modules.unload(module)
        ? Optional.empty()
        : Optional.of("ERROR: Module " + module + " is builtin.");
  }
}

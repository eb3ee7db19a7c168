package dev.xenbus.linux.command;

import dev.xenbus.linux.ModuleTable;
import java.util.List;
import java.util.Optional;

/// `rmmod`: unloads a kernel module.
public final class Rmmod extends ModuleCommand {
  /// For the service loader.
  public Rmmod() {
    super("rmmod", "unloads a kernel module", "rmmod MODULE");
  }

  @Override
  Optional<String> act(ModuleTable modules, String module, List<String> options)
      throws UsageException {
    if (!options.isEmpty()) {
      throw new UsageException("has no option " + options.getFirst());
    }
    return switch (modules.unload(module)) {
      case NOT_LOADED -> Optional.of("ERROR: Module " + module + " is not currently loaded");
      case IN_USE -> Optional.of("ERROR: Module " + module + " is in use");
      case DONE -> Optional.empty();
    };
  }
}

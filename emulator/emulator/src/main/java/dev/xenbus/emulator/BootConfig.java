package dev.xenbus.emulator;

import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.ParameterException;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.xs.Mtwatch;
import java.util.List;
import java.util.SequencedMap;

/// Everything that was configured for one boot, checked.
///
/// Immutable.
public final class BootConfig {
  private final CommandLine commandLine;
  private final SequencedMap<String, List<KernelParameter>> modules;
  private final Mtwatch mtwatch;

  BootConfig(
      CommandLine commandLine,
      SequencedMap<String, List<KernelParameter>> modules,
      Mtwatch mtwatch) {
    this.commandLine = commandLine;
    this.modules = modules;
    this.mtwatch = mtwatch;
  }

  /// Returns dom0's kernel command line.
  CommandLine commandLine() {
    return commandLine;
  }

  /// Returns which design decides the thread of a watch event.
  public Mtwatch mtwatch() {
    return mtwatch;
  }

  /// Returns the values of a module's parameters.
  ///
  /// @throws IllegalArgumentException if there is no such module
  ParameterValues module(String name) {
    try {
      return commandLine.module(name, modules.getOrDefault(name, List.of()));
    } catch (ParameterException e) {
      throw new IllegalArgumentException("checked before: " + e.getMessage(), e);
    }
  }

  /// Returns the modules that can have parameters.
  SequencedMap<String, List<KernelParameter>> modules() {
    return modules;
  }
}

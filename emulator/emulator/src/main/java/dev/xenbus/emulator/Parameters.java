package dev.xenbus.emulator;

import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.xs.Mtwatch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// Every parameter that can be set: the kernel's own, those of the modules that are loaded, and
/// those of the emulated machine and toolstack, which are written like a module's.
final class Parameters {
  /// The emulated machine.
  static final String HYPERVISOR = "hypervisor";

  /// The toolstack.
  static final String XL = "xl";

  /// Dom0's bridge.
  static final String BRIDGE = "xenbr0";

  private static final List<KernelParameter> HYPERVISOR_PARAMETERS =
      List.of(
          new KernelParameter(
              "memory",
              KernelParameter.Type.NUMBER,
              "16384",
              "MiB",
              "memory of the machine; pages take none before they are touched",
              "xenemu"));

  private static final List<KernelParameter> XL_PARAMETERS =
      List.of(
          new KernelParameter(
              "release",
              KernelParameter.Type.TEXT,
              "4.10",
              "",
              "whose toolstack xl is, with its messages and nodes: 4.10 or 4.17",
              "xenemu"));

  private static final List<KernelParameter> BRIDGE_PARAMETERS =
      List.of(
          new KernelParameter(
              "address",
              KernelParameter.Type.TEXT,
              "10.0.0.1/16",
              "",
              "dom0's own address on the bridge",
              "xenemu"));

  private final List<KernelParameter> kernel = new ArrayList<>(LinuxKernel.PARAMETERS);
  private final SequencedMap<String, List<KernelParameter>> modules = new LinkedHashMap<>();

  Parameters(Drivers drivers) {
    kernel.add(Mtwatch.PARAMETER);
    modules.put(KnownBug.MODULE, List.of(KnownBug.PARAMETER));
    modules.put(HYPERVISOR, HYPERVISOR_PARAMETERS);
    modules.put(XL, XL_PARAMETERS);
    modules.put(BRIDGE, BRIDGE_PARAMETERS);
    drivers.backends().forEach(driver -> modules.put(driver.name(), driver.parameters()));
    drivers.frontends().forEach(driver -> modules.put(driver.name(), driver.parameters()));
  }

  /// Returns a line for each: name, default, help.
  List<String> table() {
    List<String> lines = new ArrayList<>();
    kernel.forEach(parameter -> lines.add(line("", parameter)));
    modules.forEach((module, list) -> list.forEach(p -> lines.add(line(module + ".", p))));
    return lines;
  }

  private static String line(String prefix, KernelParameter parameter) {
    String value =
        switch (parameter.type()) {
          case FLAG -> "";
          case NUMBER -> "=N" + (parameter.unit().isEmpty() ? "" : " " + parameter.unit());
          case TEXT -> "=TEXT";
        };
    String unset = parameter.defaultValue().isEmpty() ? "" : " (" + parameter.defaultValue() + ")";
    return "%-46s %s%s".formatted(prefix + parameter.name() + value, parameter.help(), unset);
  }

  /// Returns the kernel's own.
  List<KernelParameter> kernel() {
    return List.copyOf(kernel);
  }

  /// Returns those of modules, by the module's name.
  SequencedMap<String, List<KernelParameter>> modules() {
    return modules;
  }
}

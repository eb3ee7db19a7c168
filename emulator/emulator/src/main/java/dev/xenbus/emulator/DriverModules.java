package dev.xenbus.emulator;

import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.probe.backend.BackendBus;
import dev.xenbus.probe.frontend.FrontendBus;
import java.util.List;

/// Drivers as a kernel's modules: what is loaded at boot, and what `modprobe` brings back later, is
/// found by [java.util.ServiceLoader] in the layer that the driver's Java module is in.
final class DriverModules {
  private DriverModules() {}

  /// Makes backend drivers known to `modprobe`.
  static void addBackends(LinuxKernel kernel, BackendBus bus, List<BackendDriver> drivers) {
    for (BackendDriver driver : drivers) {
      kernel
          .modules()
          .loadable(
              driver.name(),
              () -> bus.register(found(driver, BackendBus.discover(layerOf(driver)).drivers())));
    }
  }

  /// Makes frontend drivers known to `modprobe`.
  static void addFrontends(LinuxKernel kernel, FrontendBus bus, List<FrontendDriver> drivers) {
    for (FrontendDriver driver : drivers) {
      kernel
          .modules()
          .loadable(
              driver.name(),
              () -> bus.register(found(driver, FrontendBus.discover(layerOf(driver)).drivers())));
    }
  }

  private static ModuleLayer layerOf(XenbusDriver driver) {
    ModuleLayer layer = driver.getClass().getModule().getLayer();
    return layer == null ? ModuleLayer.boot() : layer;
  }

  /// Returns the driver of the same name; the one that was there before if it is in no layer.
  private static <T extends XenbusDriver> T found(T before, List<T> drivers) {
    return drivers.stream()
        .filter(driver -> driver.name().equals(before.name()))
        .findFirst()
        .orElse(before);
  }
}

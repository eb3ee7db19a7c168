package dev.xenbus.probe;

import dev.xenbus.api.spi.XenbusDriver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/// What a search for drivers found. A driver that fails to load takes only itself out.
///
/// @param <T> backend or frontend drivers
/// @param drivers those that loaded, by name
/// @param problems a line for each that did not
public record DriverDiscovery<T extends XenbusDriver>(List<T> drivers, List<String> problems) {
  /// Providers of one layer at most.
  private static final int PROVIDERS_MAX = 10_000;

  /// Goes through all providers.
  ///
  /// @param <T> backend or frontend drivers
  public static <T extends XenbusDriver> DriverDiscovery<T> of(ServiceLoader<T> loader) {
    List<T> drivers = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Iterator<T> providers = loader.iterator();
    for (int i = 0; i < PROVIDERS_MAX; i++) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        drivers.add(providers.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        problems.add("a driver cannot be loaded: " + e.getMessage());
      }
    }
    drivers.sort(Comparator.comparing(XenbusDriver::name));
    return new DriverDiscovery<>(List.copyOf(drivers), List.copyOf(problems));
  }

  /// Returns the line that the log gets for a driver: id, module, version, location.
  ///
  /// @param kind such as `backend driver for vif, mtwatch yes`
  public static String describe(XenbusDriver driver, String kind) {
    Class<?> provider = driver.getClass();
    Module module = provider.getModule();
    String version =
        module.isNamed() ? module.getDescriptor().rawVersion().map(v -> " " + v).orElse("") : "";
    var source = provider.getProtectionDomain().getCodeSource();
    String location =
        source == null || source.getLocation() == null ? "" : ", " + source.getLocation();
    return "%s: %s (%s%s%s)"
        .formatted(
            driver.name(),
            kind,
            module.isNamed() ? "module " + module.getName() : "no module",
            version,
            location);
  }
}

package dev.xenbus.emulator;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.probe.backend.BackendBus;
import java.util.List;
import java.util.function.Function;

/// A backend driver as a kernel module, loaded at boot: `rmmod xen-netback` takes it away from its
/// devices, `modprobe xen-netback` brings it back and probes, in the task of `modprobe`, the
/// devices that wait for it.
///
/// Threads: any task that commands run in. `module` is held while the driver comes or goes: who
/// loads a module that another task is loading waits, as for a module that is still coming
/// (`load_module`, `kernel/module/main.c`).
final class BackendModule {
  private final LinuxKernel kernel;
  private final BackendBus bus;
  private final BackendDriver driver;
  private final ParameterValues parameters;
  private final Mutex module;

  @GuardedBy("module")
  private boolean isLoaded;

  private BackendModule(
      LinuxKernel kernel, BackendBus bus, BackendDriver driver, ParameterValues parameters) {
    this.kernel = kernel;
    this.bus = bus;
    this.driver = driver;
    this.parameters = parameters;
    module = kernel.cpu().mutex(LockClass.of("module_" + driver.name()));
    isLoaded = true;
    list();
  }

  /// Makes the drivers of a bus that has just started known as modules.
  ///
  /// @param parameters returns the values of the parameters that a driver declared
  static void add(
      LinuxKernel kernel,
      BackendBus bus,
      List<BackendDriver> drivers,
      Function<XenbusDriver, ParameterValues> parameters) {
    for (BackendDriver driver : drivers) {
      BackendModule module = new BackendModule(kernel, bus, driver, parameters.apply(driver));
      kernel.modules().loadable(driver.name(), module::load, module::unload);
    }
  }

  /// Notes it in `/proc/modules`. Nobody counts as its user: it may go while it has devices.
  private void list() {
    kernel.modules().add(driver.name(), () -> 0, driver.parameters(), parameters);
  }

  private void load() {
    module.lock();
    try {
      if (!isLoaded) {
        isLoaded = true;
        list();
        bus.register(driver);
      }
    } finally {
      module.unlock();
    }
  }

  private void unload() {
    module.lock();
    try {
      if (isLoaded) {
        isLoaded = false;
        bus.unregister(driver);
        kernel.modules().remove(driver.name());
      }
    } finally {
      module.unlock();
    }
  }
}

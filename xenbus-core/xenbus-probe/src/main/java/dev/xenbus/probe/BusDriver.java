package dev.xenbus.probe;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.api.KernelException;
import java.util.List;

/// A driver as its bus sees it, backend or frontend. Mirrors `struct xenbus_driver`.
public sealed interface BusDriver {
  /// Returns what the driver's author wrote.
  XenbusDriver driver();

  /// Returns whether its devices' events may run in their guests' threads.
  boolean supportsMtwatch();

  /// Returns whether a removal leaves the published state as it is.
  boolean allowsRebind();

  /// Returns whether the boot need not wait for its devices.
  boolean isNotEssential();

  /// Takes on a device.
  ///
  /// @throws KernelException if it cannot
  Instance probe(XenbusDevice device, DriverContext context) throws KernelException;

  /// One device's driver, backend or frontend.
  sealed interface Instance {
    /// The other end's state may have changed.
    ///
    /// @param code the number that was read, which INVALID does not tell
    void otherEndChanged(XenbusState state, int code);

    /// The device goes.
    void remove();
  }

  /// Wraps a backend driver.
  static BusDriver of(BackendDriver driver) {
    return new Backend(driver);
  }

  /// Wraps a frontend driver.
  static BusDriver of(FrontendDriver driver) {
    return new Frontend(driver);
  }

  /// A backend driver.
  ///
  /// @param driver as its author wrote it
  record Backend(BackendDriver driver) implements BusDriver {
    @Override
    public boolean supportsMtwatch() {
      return driver.supportsMtwatch();
    }

    @Override
    public boolean allowsRebind() {
      return driver.allowsRebind();
    }

    @Override
    public boolean isNotEssential() {
      return true;
    }

    @Override
    public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
      return new BackendInstance(driver.probe(device, context));
    }
  }

  /// A frontend driver.
  ///
  /// @param driver as its author wrote it
  record Frontend(FrontendDriver driver) implements BusDriver {
    @Override
    public boolean supportsMtwatch() {
      return false;
    }

    @Override
    public boolean allowsRebind() {
      return false;
    }

    @Override
    public boolean isNotEssential() {
      return driver.isNotEssential();
    }

    @Override
    public Instance probe(XenbusDevice device, DriverContext context) throws KernelException {
      return new FrontendInstance(driver.probe(device, context));
    }
  }

  /// One device's backend driver.
  ///
  /// @param instance as its author wrote it
  record BackendInstance(BackendDriver.Instance instance) implements Instance {
    @Override
    public void otherEndChanged(XenbusState state, int code) {
      instance.otherEndChanged(state, code);
    }

    @Override
    public void remove() {
      instance.remove();
    }

    /// Returns the variables that the driver adds to uevents.
    public List<String> uevent() {
      return instance.uevent();
    }
  }

  /// One device's frontend driver.
  ///
  /// @param instance as its author wrote it
  record FrontendInstance(FrontendDriver.Instance instance) implements Instance {
    @Override
    public void otherEndChanged(XenbusState state, int code) {
      instance.otherEndChanged(state, code);
    }

    @Override
    public void remove() {
      instance.remove();
    }
  }
}

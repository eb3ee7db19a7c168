package dev.xenbus.probe;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelFiles;

/// A driver's folder in sysfs, `/sys/bus/<bus>/drivers/<type>`: an administrator writes a device's
/// name to `unbind` to take the driver away from it, and to `bind` to give it back. Mirrors
/// `bind_store` and `unbind_store` of `drivers/base/bus.c`.
///
/// Differs: the folder has no links to the driver's devices; `uevent` of the device names the
/// driver.
final class DriverFiles {
  private final XenbusBus bus;
  private final BusDriver driver;
  private final String folder;

  DriverFiles(XenbusBus bus, BusDriver driver) {
    this.bus = bus;
    this.driver = driver;
    folder = "/sys/bus/" + bus.type().busName() + "/drivers/" + driver.driver().deviceType();
  }

  /// Adds the folder.
  void add() {
    KernelFiles files = bus.kernel().files();
    files.add(folder + "/bind", new ForWriting(this::bind));
    files.add(folder + "/unbind", new ForWriting(this::unbind));
  }

  /// Removes the folder.
  void remove() {
    bus.kernel().files().remove(folder);
  }

  private void bind(String name) throws KernelException {
    named(name).binding().bind(driver);
  }

  private void unbind(String name) throws KernelException {
    named(name).binding().unbind(driver);
  }

  private BusDevice named(String name) throws KernelException {
    for (BusDevice device : bus.devices()) {
      if (device.busId().equals(name) && device.deviceType().equals(driver.driver().deviceType())) {
        return device;
      }
    }
    throw new KernelException(
        Errno.ENODEV, "no device " + name + " of type " + driver.driver().deviceType());
  }

  /// What a write does.
  @FunctionalInterface
  private interface Action {
    void on(String name) throws KernelException;
  }

  /// A file that takes a device's name.
  ///
  /// @param action what happens to the device
  private record ForWriting(Action action) implements KernelFiles.KernelFile {
    @Override
    public String read() throws KernelException {
      throw new KernelException(Errno.EACCES, "file is for writing only");
    }

    @Override
    public void write(String text) throws KernelException {
      action.on(text.strip());
    }
  }
}

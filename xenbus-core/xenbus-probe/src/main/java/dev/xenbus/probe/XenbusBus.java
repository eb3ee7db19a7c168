package dev.xenbus.probe;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.api.DriverFact;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelModules;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Trace;
import dev.xenbus.xs.XenbusXs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// The devices and drivers of one bus of one kernel. Mirrors the common half of
/// `drivers/xen/xenbus/xenbus_probe.c` and what the driver core does for it.
///
/// Lock: `klist_devices`, a leaf, for both tables.
public final class XenbusBus {
  private final Kernel kernel;
  private final XenbusXs xs;
  private final XenbusType type;
  private final Function<XenbusDriver, ParameterValues> parameters;
  private final SpinLock listLock;

  /// The devices by name. A device that is being unregistered keeps its name to the end, but is not
  /// found any more.
  @GuardedBy("listLock")
  private final Map<String, BusDevice> devices = new LinkedHashMap<>();

  @GuardedBy("listLock")
  private final Map<String, BusDriver> drivers = new LinkedHashMap<>();

  /// Makes a bus without devices.
  ///
  /// @param parameters returns the values of the parameters that a driver declared
  public XenbusBus(
      Kernel kernel,
      XenbusXs xs,
      XenbusType type,
      Function<XenbusDriver, ParameterValues> parameters) {
    this.kernel = kernel;
    this.xs = xs;
    this.type = type;
    this.parameters = parameters;
    listLock = kernel.cpu().spinLock(LockClass.of("klist_devices"));
  }

  Kernel kernel() {
    return kernel;
  }

  XenbusXs xs() {
    return xs;
  }

  XenbusType type() {
    return type;
  }

  ParameterValues parametersOf(XenbusDriver driver) {
    return parameters.apply(driver);
  }

  // --- drivers --------------------------------------------------------------------------------

  /// Adds a driver and offers it the devices of its type that have none
  /// (`xenbus_register_driver_common`). Its module is there first, since a probe holds it, and
  /// nobody unloads it meanwhile.
  ///
  /// @throws IllegalArgumentException if the device type has a driver; names both modules
  public void register(BusDriver driver) {
    XenbusDriver added = driver.driver();
    KernelModules modules = kernel.modules();
    boolean isNew =
        modules.add(
            added.name(), added.parameters(), parametersOf(added), () -> unregister(driver));
    boolean isHeld = isNew || modules.tryGet(added.name());
    try {
      Optional<BusDriver> other = list(driver);
      if (other.isPresent()) {
        if (isNew) {
          modules.remove(added.name());
        }
        throw new IllegalArgumentException(
            "two drivers for %s: %s and %s"
                .formatted(added.deviceType(), describe(other.get().driver()), describe(added)));
      }
      new DriverFiles(this, driver).add();
      for (BusDevice device : devices()) {
        if (device.deviceType().equals(added.deviceType())) {
          device.binding().attach();
        }
      }
    } finally {
      if (isHeld) {
        modules.put(added.name());
      }
    }
  }

  /// @return the driver that the device type has already
  private Optional<BusDriver> list(BusDriver driver) {
    listLock.lock();
    try {
      BusDriver other = drivers.putIfAbsent(driver.driver().deviceType(), driver);
      if (other == null) {
        tellAdded(driver);
      }
      return Optional.ofNullable(other);
    } finally {
      listLock.unlock();
    }
  }

  @GuardedBy("listLock")
  private void tellAdded(BusDriver driver) {
    Trace trace = kernel.cpu().machine().trace();
    if (trace.isHeard()) {
      boolean isRouted = type.isBackend() && xs.routesEventsOf(driver.supportsMtwatch());
      String deviceType = driver.driver().deviceType();
      trace.emit(
          "driver_added",
          0,
          0,
          new DriverFact(kernel.domid(), type.isBackend(), isRouted, deviceType));
    }
  }

  private static String describe(XenbusDriver driver) {
    Module module = driver.getClass().getModule();
    return driver.name() + " of " + (module.isNamed() ? "module " + module.getName() : "no module");
  }

  /// Takes a driver away from its devices, then from the bus (`xenbus_unregister_driver`).
  public void unregister(BusDriver driver) {
    String deviceType = driver.driver().deviceType();
    new DriverFiles(this, driver).remove();
    listLock.lock();
    try {
      drivers.remove(deviceType, driver);
    } finally {
      listLock.unlock();
    }
    for (BusDevice device : devices()) {
      if (device.deviceType().equals(deviceType)) {
        device.binding().detach();
      }
    }
    kernel.modules().remove(driver.driver().name());
  }

  /// Returns the driver of a device type.
  public Optional<BusDriver> driverOf(String deviceType) {
    listLock.lock();
    try {
      return Optional.ofNullable(drivers.get(deviceType));
    } finally {
      listLock.unlock();
    }
  }

  // --- devices --------------------------------------------------------------------------------

  /// Returns the devices, in the order of their registration, less those that are going.
  public List<BusDevice> devices() {
    listLock.lock();
    try {
      List<BusDevice> listed = new ArrayList<>();
      for (BusDevice device : devices.values()) {
        if (device.isListed()) {
          listed.add(device);
        }
      }
      return listed;
    } finally {
      listLock.unlock();
    }
  }

  /// Returns the device with the given folder (`xenbus_device_find`).
  public Optional<BusDevice> find(String nodePath) {
    return devices().stream().filter(device -> device.nodePath().equals(nodePath)).findFirst();
  }

  /// Gives a device its name and puts it into the list.
  ///
  /// @return whether the name was free
  private boolean add(BusDevice device) {
    listLock.lock();
    try {
      return devices.putIfAbsent(device.busId(), device) == null;
    } finally {
      listLock.unlock();
    }
  }

  /// Takes a device out of the list; its name stays taken.
  ///
  /// @return whether it was in the list
  boolean unlist(BusDevice device) {
    listLock.lock();
    try {
      return device.leaveList();
    } finally {
      listLock.unlock();
    }
  }

  /// Frees the name of a device that was unregistered.
  void forget(BusDevice device) {
    listLock.lock();
    try {
      devices.remove(device.busId(), device);
    } finally {
      listLock.unlock();
    }
  }

  /// Makes a device for a folder whose state reads Initialising; any other state makes none.
  ///
  /// @throws KernelException if it cannot be named, or its name is taken (`EEXIST`)
  @KernelSymbol("xenbus_probe_node")
  public void probeNode(String deviceType, String nodePath) throws KernelException {
    if (xs.readDriverState(nodePath) != XenbusState.INITIALISING) {
      return;
    }
    XenbusType.Name name = type.naming().of(nodePath);
    BusDevice device = new BusDevice(this, deviceType, nodePath, name);
    if (!add(device)) {
      kernel
          .printk()
          .error(
              "sysfs: cannot create duplicate filename '/bus/%s/devices/%s'"
                  .formatted(type.busName(), name.name()));
      throw new KernelException(Errno.EEXIST, "device " + name.name() + " exists");
    }
    device.files().add();
    device.binding().attach();
  }

  /// Unregisters every device whose folder is `path` or below it (`xenbus_cleanup_devices`).
  @KernelSymbol("xenbus_cleanup_devices")
  private void cleanup(String path) {
    for (BusDevice device : devices()) {
      if (device.nodePath().equals(path) || device.nodePath().startsWith(path + "/")) {
        kernel.printk().info(device.logPrefix() + "device forcefully removed from xenstore");
        device.markVanished();
        device.unregister();
      }
    }
  }

  /// Something changed at or below a path under the bus's root: a device is made, or devices go.
  @KernelSymbol("xenbus_dev_changed")
  public void changed(String path) {
    int first = path.indexOf('/');
    int second = first < 0 ? -1 : path.indexOf('/', first + 1);
    if (second < 0) {
      return;
    }
    if (!xs.exists(XenbusTransaction.NONE, path, "")) {
      cleanup(path);
      return;
    }
    Optional<String> root = deviceFolderOf(path);
    if (root.isEmpty()) {
      return;
    }
    String deviceType = truncate(path.substring(first + 1, second));
    Optional<BusDevice> known = find(root.get());
    if (known.isPresent() && !isReset(known.get())) {
      return;
    }
    known.ifPresent(BusDevice::unregister);
    try {
      probeNode(deviceType, root.get());
    } catch (KernelException _) {
      // As the kernel: the next event tries again. What the folder lacks is not always in the log:
      // nobody says anything of a backend's frontend that is not there.
    }
  }

  private static String truncate(String text) {
    return text.substring(0, Math.min(text.length(), XenbusType.NAME_CHARS_MAX));
  }

  /// Returns the path up to its device's folder, if it is that deep.
  private Optional<String> deviceFolderOf(String path) {
    int slash = -1;
    for (int level = 0; level < type.levels(); level++) {
      slash = path.indexOf('/', slash + 1);
      if (slash < 0) {
        return Optional.empty();
      }
    }
    int end = path.indexOf('/', slash + 1);
    return Optional.of(end < 0 ? path : path.substring(0, end));
  }

  /// Returns whether a frontend's folder belongs to a new device: the backend died, and the
  /// toolstack has made another one in the same place.
  private boolean isReset(BusDevice device) {
    if (type.isBackend()) {
      return false;
    }
    if (!device.hasVanished()
        && xs.readDriverState(device.nodePath()) == XenbusState.INITIALISING) {
      Domid backend =
          Domid.of(
              (int)
                      xs.readUnsigned(
                          device.nodePath(), type.idNode(), device.otherEndDomid().value())
                  & 0xFFFF);
      if (device.state() != XenbusState.INITIALISING || !backend.equals(device.otherEndDomid())) {
        kernel.printk().info(device.logPrefix() + "state reset occurred, reconnecting");
        device.markVanished();
      }
    }
    return device.hasVanished();
  }
}

package dev.xenbus.probe.frontend;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.api.spi.FrontendDriver;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.probe.BusDevice;
import dev.xenbus.probe.BusDriver;
import dev.xenbus.probe.DriverDiscovery;
import dev.xenbus.probe.XenbusBus;
import dev.xenbus.probe.XenbusType;
import dev.xenbus.xs.XenbusXs;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The frontend bus of a kernel: a device for each folder `device/<type>/<id>`. Mirrors
/// `drivers/xen/xenbus/xenbus_probe_frontend.c`.
///
/// Threads: any task; [#start] once.
@SuppressWarnings("exports") // of dev.xenbus.probe: for the emulator, which may read it
public final class FrontendBus implements AutoCloseable {
  /// How long a shutdown waits for each device's other end.
  public static final long SHUTDOWN_TIMEOUT_NANOS = 5_000_000_000L;

  private static final String ROOT = "device";

  private final Kernel kernel;
  private final XenbusXs xs;
  private final XenbusBus bus;
  private final List<FrontendDriver> bootDrivers;
  private volatile @Nullable XenbusWatch rootWatch;

  /// Whether the boot has come to the wait (`ready_to_wait_for_devices`).
  private volatile boolean readyToWait;

  /// Makes a bus; nothing happens before [#start].
  ///
  /// @param drivers those that are there from the start
  /// @param parameters returns the values of the parameters that a driver declared
  public FrontendBus(
      Kernel kernel,
      XenbusXs xs,
      List<FrontendDriver> drivers,
      Function<XenbusDriver, ParameterValues> parameters) {
    this.kernel = kernel;
    this.xs = xs;
    bootDrivers = List.copyOf(drivers);
    XenbusType type =
        new XenbusType(
            "xen",
            ROOT,
            2,
            false,
            this::nameOf,
            "backend-id",
            "backend",
            WatchOptions.DEFAULT.willHandle());
    bus = new XenbusBus(kernel, xs, type, parameters);
  }

  /// Looks for frontend drivers in a layer and its parents, in order of their names.
  public static DriverDiscovery<FrontendDriver> discover(ModuleLayer layer) {
    return DriverDiscovery.of(ServiceLoader.load(layer, FrontendDriver.class));
  }

  /// Returns its devices and drivers.
  public XenbusBus bus() {
    return bus;
  }

  /// Makes the devices that are in the store, watches for more, then registers the drivers. Mirrors
  /// `frontend_probe_and_watch` and the order of a guest's boot.
  ///
  /// @throws KernelException if the store cannot be watched
  public void start() throws KernelException {
    if (xs.mayHavePredecessor()) {
      new FrontendReset(kernel, xs).run();
    }
    enumerate();
    try {
      rootWatch = xs.watch(ROOT, bus::changed);
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "watch " + ROOT, e);
    }
    bootDrivers.forEach(this::register);
  }

  /// Waits until the devices can be used, 30 s for all of them, 270 s for those of essential
  /// drivers (`boot_wait_for_devices`); then the boot goes on in any case.
  public void waitForDevices() {
    readyToWait = true;
    new DeviceWait(kernel, bus, device -> true).run();
  }

  /// Adds a driver (`modprobe`), probing the devices that wait for it in the calling task; once the
  /// boot is over, waits for them too.
  ///
  /// @throws IllegalArgumentException if its device type has a driver; names both modules
  public void register(FrontendDriver driver) {
    kernel
        .printk()
        .info(
            DriverDiscovery.describe(
                driver, "frontend driver for %s".formatted(driver.deviceType())));
    BusDriver added = BusDriver.of(driver);
    bus.register(added);
    if (readyToWait) {
      new DeviceWait(
              kernel, bus, device -> device.binding().driver().filter(added::equals).isPresent())
          .run();
    }
  }

  /// Takes a driver away (`rmmod`): removes it from its devices first.
  public void unregister(FrontendDriver driver) {
    bus.unregister(BusDriver.of(driver));
  }

  /// Makes a device for each folder that is there; the first error ends it, as in the kernel.
  @KernelSymbol("xenbus_probe_devices")
  private void enumerate() {
    try {
      for (String type : xs.directory(XenbusTransaction.NONE, ROOT, "")) {
        for (String unit : xs.directory(XenbusTransaction.NONE, ROOT, type)) {
          // The first console is not a device of this bus: it is there before the store.
          if (!type.startsWith("console") || !unit.startsWith("0")) {
            bus.probeNode(type, ROOT + "/" + type + "/" + unit);
          }
        }
      }
    } catch (XenstoreException | KernelException _) {
      // Usual: a guest without devices has no folder.
    }
  }

  /// Mirrors `frontend_bus_id`: `device/vif/0` is `vif-0`.
  private XenbusType.Name nameOf(String nodePath) throws KernelException {
    String rest = nodePath.substring(nodePath.indexOf('/') + 1);
    if (rest.length() > XenbusType.NAME_CHARS_MAX) {
      throw badName("bad frontend /" + rest);
    }
    int slash = rest.indexOf('/');
    if (slash < 0) {
      throw badName("bus_id " + rest + " no slash");
    }
    String name = rest.substring(0, slash) + "-" + rest.substring(slash + 1);
    return new XenbusType.Name(name, Domid.DOM0);
  }

  private KernelException badName(String what) {
    kernel.printk().warn("xenbus_probe_frontend: " + what);
    return new KernelException(Errno.EINVAL, what);
  }

  // --- shutdown, suspend ----------------------------------------------------------------------

  /// Closes all devices, one after the other, waiting up to 5 s for each other end. Called once the
  /// system state is HALTING: then the bus itself answers a backend that closes. Waits for whoever
  /// probes or removes a device at that moment, and keeps others from it. Mirrors
  /// `xenbus_frontend_dev_shutdown`.
  public void shutdown() {
    for (BusDevice device : bus.devices()) {
      device.binding().shutdown(() -> shutdownDevice(device));
    }
  }

  @KernelSymbol("xenbus_frontend_dev_shutdown")
  private void shutdownDevice(BusDevice device) {
    if (device.state() != XenbusState.CONNECTED) {
      kernel
          .printk()
          .info(
              "%s %s: %s: %s != Connected, skipping"
                  .formatted(
                      device.deviceType(), device.busId(), device.nodePath(), device.state()));
      return;
    }
    device.switchState(XenbusState.CLOSING);
    if (device.down().await(SHUTDOWN_TIMEOUT_NANOS) == WaitQueue.Wake.TIMEOUT) {
      kernel
          .printk()
          .info(
              "%s %s: %s timeout closing device"
                  .formatted(device.deviceType(), device.busId(), device.nodePath()));
    }
  }

  /// Lets all drivers prepare for a suspend (`xenbus_dev_freeze`).
  public void freeze() {
    bus.devices().forEach(device -> device.binding().freeze());
  }

  /// Connects all devices again after a suspend (`xenbus_frontend_dev_restore`); what fails is in
  /// the log.
  public void restore() {
    for (BusDevice device : bus.devices()) {
      try {
        device.binding().restore();
      } catch (KernelException _) {
        // Logged; the other devices are restored all the same.
      }
    }
  }

  /// Watches no more; the devices stay.
  @Override
  public void close() {
    XenbusWatch watch = rootWatch;
    if (watch != null) {
      watch.close();
    }
  }
}

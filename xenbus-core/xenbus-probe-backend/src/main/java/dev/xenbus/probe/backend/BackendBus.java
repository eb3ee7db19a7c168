package dev.xenbus.probe.backend;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.BusId;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.machine.KernelSymbol;
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

/// The backend bus of a kernel: a device for each folder `backend/<type>/<domid>/<id>`. Mirrors
/// `drivers/xen/xenbus/xenbus_probe_backend.c`.
///
/// Threads: any task; [#start] once.
@SuppressWarnings("exports") // of dev.xenbus.probe: for the emulator, which may read it
public final class BackendBus implements AutoCloseable {
  private static final String ROOT = "backend";

  private final Kernel kernel;
  private final XenbusXs xs;
  private final XenbusBus bus;
  private final List<BackendDriver> bootDrivers;
  private volatile @Nullable XenbusWatch rootWatch;

  /// Makes a bus; nothing happens before [#start].
  ///
  /// @param drivers those that are there from the start
  /// @param parameters returns the values of the parameters that a driver declared
  public BackendBus(
      Kernel kernel,
      XenbusXs xs,
      List<BackendDriver> drivers,
      Function<XenbusDriver, ParameterValues> parameters) {
    this.kernel = kernel;
    this.xs = xs;
    bootDrivers = List.copyOf(drivers);
    XenbusType type =
        new XenbusType(
            "xen-backend",
            ROOT,
            3,
            true,
            this::nameOf,
            "frontend-id",
            "frontend",
            kernel.hasBug(KnownBug.STATE_FLOOD)
                ? WatchOptions.DEFAULT.willHandle()
                : WatchOptions.ONE_PENDING);
    bus = new XenbusBus(kernel, xs, type, parameters);
  }

  /// Looks for backend drivers in a layer and its parents, in order of their names.
  public static DriverDiscovery<BackendDriver> discover(ModuleLayer layer) {
    return DriverDiscovery.of(ServiceLoader.load(layer, BackendDriver.class));
  }

  /// Returns its devices and drivers.
  public XenbusBus bus() {
    return bus;
  }

  /// Registers the drivers, makes the devices that are in the store already, and watches for more.
  /// Mirrors `backend_probe_and_watch`.
  ///
  /// @throws KernelException if the store cannot be watched
  public void start() throws KernelException {
    kernel.addShrinker("xen-backend", this::reclaimMemory);
    bootDrivers.forEach(this::register);
    enumerate();
    try {
      rootWatch = xs.watch(ROOT, WatchOptions.DEFAULT.with(new RootRouting()), bus::changed);
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), "watch " + ROOT, e);
    }
  }

  /// Adds a driver (`modprobe`), probing the devices that wait for it in the calling task.
  ///
  /// @throws IllegalArgumentException if its device type has a driver; names both modules
  public void register(BackendDriver driver) {
    bus.register(BusDriver.of(driver));
    kernel
        .printk()
        .info(
            DriverDiscovery.describe(
                driver,
                "backend driver for %s, mtwatch %s"
                    .formatted(driver.deviceType(), driver.supportsMtwatch() ? "yes" : "no")));
  }

  /// Takes a driver away (`rmmod`): removes it from its devices first.
  public void unregister(BackendDriver driver) {
    bus.unregister(BusDriver.of(driver));
  }

  /// Returns the guest whose thread runs an event of the root watch: the domid in
  /// `backend/<type>/<domid>/…` if the type's driver has mtwatch, else the default thread. Mirrors
  /// `be_get_domid` of mtwatch.
  Domid ownerOf(String path) {
    int first = path.indexOf('/');
    int second = first < 0 ? -1 : path.indexOf('/', first + 1);
    if (second < 0) {
      return Domid.DOM0;
    }
    int end = path.indexOf('/', second + 1);
    String number = path.substring(second + 1, end < 0 ? path.length() : end);
    boolean isRouted =
        bus.driverOf(path.substring(first + 1, second))
            .filter(driver -> xs.routesEventsOf(driver.supportsMtwatch()))
            .isPresent();
    return isRouted ? parseDomid(number) : Domid.DOM0;
  }

  /// Returns `backend/<type>/<domid>`, whose events stay in order while the type's driver comes or
  /// goes, or nothing if the path is not that deep.
  static String laneOf(String path) {
    int first = path.indexOf('/');
    int second = first < 0 ? -1 : path.indexOf('/', first + 1);
    if (second < 0) {
      return "";
    }
    int end = path.indexOf('/', second + 1);
    return end < 0 ? path : path.substring(0, end);
  }

  /// Routes the root watch by path and driver.
  private final class RootRouting implements WatchOptions.Owner {
    @Override
    public Domid of(String path) {
      return ownerOf(path);
    }

    @Override
    public String laneOf(String path) {
      return BackendBus.laneOf(path);
    }
  }

  private static Domid parseDomid(String number) {
    if (number.isEmpty() || number.length() > 5) {
      return Domid.DOM0;
    }
    int value = 0;
    for (int i = 0; i < number.length(); i++) {
      char c = number.charAt(i);
      if (c < '0' || c > '9') {
        return Domid.DOM0;
      }
      value = value * 10 + (c - '0');
    }
    return value < Domid.FIRST_RESERVED ? Domid.of(value) : Domid.DOM0;
  }

  /// Makes a device for each folder that is there. The first error ends it, as in the kernel: one
  /// folder without a frontend hides those behind it until something is written below them.
  @KernelSymbol("xenbus_probe_devices")
  private void enumerate() {
    try {
      for (String type : xs.directory(XenbusTransaction.NONE, ROOT, "")) {
        for (String domid : xs.directory(XenbusTransaction.NONE, ROOT, type)) {
          String folder = ROOT + "/" + type + "/" + domid;
          for (String unit : xs.directory(XenbusTransaction.NONE, folder, "")) {
            bus.probeNode(type, folder + "/" + unit);
          }
        }
      }
    } catch (XenstoreException | KernelException _) {
      // Usual: without any backend there is no folder.
    }
  }

  /// Mirrors `backend_bus_id`: `<type>-<frontend-id>-<last name of the path>`.
  private XenbusType.Name nameOf(String nodePath) throws KernelException {
    int typeStart = nodePath.indexOf('/') + 1;
    int typeEnd = nodePath.indexOf('/', typeStart);
    if (typeStart == 0 || typeEnd < 0) {
      throw new KernelException(Errno.EINVAL, nodePath + " has no type");
    }
    long frontend;
    try {
      frontend = xs.gatherNumber(nodePath, "frontend-id");
      String folder = xs.read(XenbusTransaction.NONE, nodePath, "frontend");
      if (folder.isEmpty()) {
        throw new KernelException(Errno.ERANGE, nodePath + "/frontend is empty");
      }
      if (!xs.exists(XenbusTransaction.NONE, folder, "")) {
        throw new KernelException(Errno.ENOENT, folder + " does not exist");
      }
    } catch (XenstoreException e) {
      throw new KernelException(e.errno(), nodePath, e);
    }
    BusId id =
        new BusId(
            nodePath.substring(typeStart, typeEnd),
            Domid.of((int) frontend & 0xFFFF),
            nodePath.substring(nodePath.lastIndexOf('/') + 1));
    if (id.toString().length() > XenbusType.NAME_CHARS_MAX) {
      throw new KernelException(Errno.ENOSPC, "name too long: " + id);
    }
    return new XenbusType.Name(id.toString(), id.frontendDomid());
  }

  /// Asks all drivers to give memory back; those of devices that are being probed or removed are
  /// skipped. Mirrors `backend_shrink_memory_count`.
  public void reclaimMemory() {
    for (BusDevice device : bus.devices()) {
      device.binding().reclaimMemory();
    }
  }

  /// Watches no more; the devices stay, as at a system shutdown.
  @Override
  public void close() {
    XenbusWatch watch = rootWatch;
    if (watch != null) {
      watch.close();
    }
  }
}

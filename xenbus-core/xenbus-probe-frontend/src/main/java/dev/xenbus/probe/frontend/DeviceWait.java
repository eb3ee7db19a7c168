package dev.xenbus.probe.frontend;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.probe.BusDevice;
import dev.xenbus.probe.BusDriver;
import dev.xenbus.probe.XenbusBus;
import java.util.function.Predicate;

/// Lets a boot wait until its devices can be used. Mirrors `wait_for_devices`
/// (`drivers/xen/xenbus/xenbus_probe_frontend.c`).
final class DeviceWait {
  private static final long POLL_NANOS = 100_000_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final long REPORT_SECONDS = 5;
  private static final long ESSENTIAL_SECONDS = 270;
  private static final long ALL_SECONDS = 30;

  private final Kernel kernel;
  private final XenbusBus bus;
  private final Predicate<BusDevice> concerned;
  private long reported;

  /// Makes a wait.
  ///
  /// @param concerned which devices are waited for
  DeviceWait(Kernel kernel, XenbusBus bus, Predicate<BusDevice> concerned) {
    this.kernel = kernel;
    this.bus = bus;
    this.concerned = concerned;
  }

  /// Waits 30 s for all devices, and until 270 s for those that the boot cannot do without; both
  /// times count from the start. What is not there then is in the log.
  @KernelSymbol("wait_for_devices")
  void run() {
    long start = kernel.clock().nanos();
    while (isConnecting(false) && waited(start, ALL_SECONDS)) {}
    while (isConnecting(true) && waited(start, ESSENTIAL_SECONDS)) {}
    bus.devices().stream().filter(concerned).forEach(this::report);
  }

  /// Waits a little, and says so at times.
  ///
  /// @return whether there is time left
  private boolean waited(long start, long limitSeconds) {
    Task.sleep(POLL_NANOS);
    long seconds = (kernel.clock().nanos() - start) / SECOND;
    if (seconds - reported >= REPORT_SECONDS) {
      String head = reported == 0 ? "Waiting for devices to initialise: " : "";
      reported = seconds;
      kernel.printk().info("xenbus_probe_frontend: " + head + (limitSeconds - seconds) + "s...");
    }
    return seconds < limitSeconds;
  }

  private boolean isConnecting(boolean essentialOnly) {
    return bus.devices().stream()
        .filter(device -> device.binding().isBound())
        .filter(concerned)
        .filter(device -> !essentialOnly || isEssential(device))
        .anyMatch(DeviceWait::isConnecting);
  }

  /// Not yet published Connected, or published it and not ready yet; a device that closes is done.
  private static boolean isConnecting(BusDevice device) {
    int state = device.state().code();
    return state < XenbusState.CONNECTED.code()
        || (state == XenbusState.CONNECTED.code()
            && device.binding().instance().filter(DeviceWait::isNotReady).isPresent());
  }

  private static boolean isNotReady(BusDriver.Instance instance) {
    return instance instanceof BusDriver.FrontendInstance frontend
        && !frontend.instance().isReady();
  }

  private static boolean isEssential(BusDevice device) {
    return device.binding().driver().filter(BusDriver::isNotEssential).isEmpty();
  }

  private void report(BusDevice device) {
    if (!device.binding().isBound()) {
      kernel.printk().info("xenbus_probe_frontend: Device with no driver: " + device.nodePath());
    } else if (device.state().code() < XenbusState.CONNECTED.code()) {
      kernel
          .printk()
          .warn(
              "xenbus_probe_frontend: Timeout connecting to device: %s (local state %d, remote state %d)"
                  .formatted(device.nodePath(), device.state().code(), device.readOtherEndCode()));
    }
  }
}

package dev.xenbus.emulator;

import static java.util.stream.Collectors.joining;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.spi.BackendDriver;
import dev.xenbus.api.spi.XenbusDriver;
import dev.xenbus.guest.GuestInit;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.ParameterValues;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.probe.backend.BackendBus;
import dev.xenbus.xenconsoled.ConsoleSession;
import dev.xenbus.xenconsoled.Consoles;
import dev.xenbus.xenstore.client.StoreConnector;
import dev.xenbus.xl.DriverDomainControl;
import dev.xenbus.xl.XlHost;
import dev.xenbus.xl.XlRelease;
import dev.xenbus.xl.XlServices;
import dev.xenbus.xs.XenbusXs;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// What a driver domain has more than another guest: the backend bus with its drivers, the stall
/// injector, and a toolstack that runs its hotplug scripts (`xl devd`).
///
/// Threads: the first task of its kernel.
final class DriverDomain {
  /// `fe` where dom0's bridge has `ff`, and no guest's interface any bit of it.
  private static final long BRIDGE_MAC_BASE = 0x00163E_FE0000L;

  private final LinuxKernel kernel;
  private final XenbusXs xs;
  private final XlRelease release;

  DriverDomain(LinuxKernel kernel, XenbusXs xs, XlRelease release) {
    this.kernel = kernel;
    this.xs = xs;
    this.release = release;
  }

  /// Loads the backend drivers.
  ///
  /// @throws KernelException if the store cannot be watched
  void start(List<BackendDriver> drivers, Function<XenbusDriver, ParameterValues> parameters)
      throws KernelException {
    kernel.loadStallInjector();
    BackendBus bus = new BackendBus(kernel, xs, drivers, parameters);
    DriverModules.addBackends(kernel, bus, drivers);
    bus.start();
  }

  /// Returns what its toolstack may use: the store through `/dev/xen/xenbus`, with the rights of
  /// the domain, and no hypercalls on other domains.
  UserCommand.Services services() {
    Services services = new Services();
    XlHost xlHost = new XlHost(kernel.cpu());
    kernel
        .files()
        .add(
            "/var/log/xen/xldevd.log",
            () -> xlHost.logOf("xldevd").stream().map(line -> line + "\n").collect(joining()));
    services.add(
        XlServices.class,
        new XlServices(
            new DriverDomainControl(),
            kernel,
            StoreConnector.ofDevice(kernel),
            new NoConsoles(),
            release,
            xlHost));
    return services;
  }

  /// Returns what its user space does for other guests.
  GuestInit.DriverDomain userland() {
    return new GuestInit.DriverDomain(
        Parameters.BRIDGE, new MacAddress(BRIDGE_MAC_BASE | kernel.domid().value()), "xl devd");
  }

  /// The consoles that a driver domain serves.
  private static final class NoConsoles implements Consoles {
    @Override
    public Optional<ConsoleSession> attach(Domid domid, long timeoutNanos) {
      return Optional.empty();
    }

    @Override
    public byte[] log(Domid domid) {
      return new byte[0];
    }
  }
}

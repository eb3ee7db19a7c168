package dev.xenbus.emulator;

import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.guest.GuestInit;
import dev.xenbus.hypervisor.GuestStart;
import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.HvcConsole;
import dev.xenbus.linux.KernelLog;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.ParameterException;
import dev.xenbus.linux.PowerControl;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.Kernel.SystemState;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.linux.xen.XenPlatform;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.NoThread;
import dev.xenbus.probe.frontend.FrontendBus;
import dev.xenbus.xl.XlRelease;
import dev.xenbus.xs.Mtwatch;
import dev.xenbus.xs.StoreConnection;
import dev.xenbus.xs.XenbusXs;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// One guest, from the first instruction of its kernel to its shutdown.
///
/// The kernel of a PVH guest may have replaced another one (kexec, kdump) that left watches and
/// devices behind, and brings them back to where a boot finds them: see [FrontendBus#start].
///
/// Differs: such a kernel finds store and console where a PV guest's does, in what the builder
/// made, and not in the parameters `HVM_PARAM_STORE_PFN` and their kin.
///
/// A guest that the toolstack made a driver domain of, which it finds out by the folder `libxl` in
/// its home, has the backend bus and its drivers too.
final class GuestSystem {
  private static final List<KernelParameter> PARAMETERS =
      Stream.of(LinuxKernel.PARAMETERS, GuestInit.PARAMETERS, List.of(Mtwatch.PARAMETER))
          .flatMap(List::stream)
          .toList();

  /// What all guests of one machine have around them.
  ///
  /// @param drivers those that their kernels may load
  /// @param commands those of their consoles
  /// @param release whose toolstack a driver domain has
  record Host(Drivers drivers, Commands commands, XlRelease release) {}

  private final GuestStart start;
  private final Host host;
  private final CommandLine commandLine;
  private final XenPlatform platform;
  private final LinuxKernel kernel;
  private final XenbusXs xs;
  private final FrontendBus frontends;

  private GuestSystem(GuestStart start, Host host) throws HypercallException, ParameterException {
    this.start = start;
    this.host = host;
    KernelLog log = new KernelLog(start.cpu().machine().clock());
    commandLine = CommandLine.lenient(start.boot().commandLine(), PARAMETERS);
    commandLine.warnings().forEach(log::warn);
    platform =
        new XenPlatform(
            new XenPlatform.Options(
                start.cpu(), start.hypercalls(), log, start.cpu().workQueue("xen", 1)));
    kernel =
        new LinuxKernel(
            new LinuxKernel.Options(
                start.cpu(),
                start.domid(),
                "guest" + start.domid(),
                commandLine,
                log,
                platform.pages(),
                platform.grants(),
                platform.events(),
                new Power()));
    xs = new XenbusXs(kernel, storeOf(kernel, start), mtwatch());
    frontends =
        new FrontendBus(kernel, xs, host.drivers().frontends(), new ModuleValues(commandLine));
  }

  /// Returns the way to the store of the domain that the kernel is in now.
  static StoreConnection storeOf(Kernel kernel, GuestStart start) throws HypercallException {
    return StoreConnection.built(
        kernel,
        start.hvm() ? StoreConnection.Kind.HVM : StoreConnection.Kind.PV,
        start.hypercalls().memory().page(start.built().storeFrame()),
        start.built().storePort());
  }

  private Mtwatch mtwatch() {
    String value = commandLine.values().text(Mtwatch.PARAMETER.name());
    Optional<Mtwatch> design = Mtwatch.parse(value);
    if (design.isEmpty()) {
      kernel
          .printk()
          .warn("xen_mtwatch=" + value + ": on, series, summit or off is wanted; it is off");
    }
    return design.orElse(Mtwatch.OFF);
  }

  /// Boots a guest; runs in the first task of its Cpu, and returns once the guest is up.
  static void boot(GuestStart start, Host host) {
    try {
      new GuestSystem(start, host).boot();
    } catch (HypercallException | KernelException e) {
      throw new UncheckedIOException("guest " + start.domid() + " cannot boot", e);
    } catch (ParameterException | NoThread e) {
      throw new IllegalStateException("guest " + start.domid() + " cannot boot", e);
    }
  }

  @KernelSymbol("start_kernel")
  private void boot() throws HypercallException, KernelException, NoThread {
    xs.start();
    HvcConsole console =
        new HvcConsole(
            kernel,
            start.hypercalls().memory().page(start.built().consoleFrame()),
            start.built().consolePort());
    GuestSuspend suspend =
        new GuestSuspend(new GuestSuspend.Parts(kernel, start, platform, xs, frontends), console);
    // A subsys_initcall, long before the late_initcall that waits for devices: a guest that waits
    // for a backend can be shut down.
    new ShutdownWatch(kernel, xs, suspend::run).start();
    new SysrqWatch(kernel, xs).start();
    DriverModules.addFrontends(kernel, frontends, host.drivers().frontends());
    frontends.start();
    frontends.waitForDevices();
    GuestInit.Options userland =
        xs.exists(XenbusTransaction.NONE, "libxl", "")
            ? driverDomain(console)
            : new GuestInit.Options(
                kernel,
                kernel.hostname(),
                Optional.of(console),
                host.commands().of(UserCommand.Place.GUEST));
    if (kernel.systemState() == SystemState.BOOTING) { // not if it is on its way down already
      kernel.systemState(SystemState.RUNNING);
    }
    GuestInit.start(userland);
  }

  private GuestInit.Options driverDomain(HvcConsole console) throws KernelException {
    DriverDomain domain = new DriverDomain(kernel, xs, host.release());
    domain.start(host.drivers().backends(), new ModuleValues(commandLine));
    return new GuestInit.Options(
        kernel,
        kernel.hostname(),
        Optional.of(console),
        host.commands().of(UserCommand.Place.DRIVER_DOMAIN),
        domain.services(),
        Optional.of(domain.userland()));
  }

  /// Ends the guest; an orderly end closes its devices first, in a thread that waits for their
  /// other ends.
  private final class Power implements PowerControl {
    @Override
    public void power(ShutdownReason reason) {
      if (reason == ShutdownReason.CRASH) {
        start.hypercalls().sched().shutdown(reason);
      }
      try {
        start.cpu().kthread("shutdown", self -> shutDown(reason)).wake();
      } catch (NoThread e) {
        kernel.printk().error("shutdown: " + e.getMessage() + ", devices stay open");
        start.hypercalls().sched().shutdown(reason);
      }
    }

    @Override
    public void emergencyRestart() {
      start.hypercalls().sched().shutdown(ShutdownReason.REBOOT);
    }
  }

  @KernelSymbol("kernel_power_off")
  private int shutDown(ShutdownReason reason) {
    kernel.systemState(SystemState.HALTING);
    frontends.shutdown();
    start.hypercalls().sched().shutdown(reason);
    return 0;
  }
}

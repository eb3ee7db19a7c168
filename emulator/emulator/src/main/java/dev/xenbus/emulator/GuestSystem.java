package dev.xenbus.emulator;

import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.guest.GuestInit;
import dev.xenbus.hypervisor.GuestStart;
import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.HvcConsole;
import dev.xenbus.linux.KernelLog;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.ParameterException;
import dev.xenbus.linux.api.Kernel.SystemState;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.linux.xen.XenPlatform;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.NoThread;
import dev.xenbus.probe.frontend.FrontendBus;
import dev.xenbus.xs.Mtwatch;
import dev.xenbus.xs.StoreConnection;
import dev.xenbus.xs.XenbusXs;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// One guest, from the first instruction of its kernel to its shutdown.
final class GuestSystem {
  private static final List<KernelParameter> PARAMETERS =
      Stream.concat(LinuxKernel.PARAMETERS.stream(), GuestInit.PARAMETERS.stream()).toList();

  private final GuestStart start;
  private final Commands commands;
  private final XenPlatform platform;
  private final LinuxKernel kernel;
  private final XenbusXs xs;
  private final FrontendBus frontends;

  private GuestSystem(GuestStart start, Drivers drivers, Commands commands)
      throws HypercallException, ParameterException {
    this.start = start;
    this.commands = commands;
    KernelLog log = new KernelLog(start.cpu().machine().clock());
    CommandLine commandLine = CommandLine.lenient(start.boot().commandLine(), PARAMETERS);
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
                this::power));
    xs =
        new XenbusXs(
            kernel,
            StoreConnection.built(
                kernel,
                start.hypercalls().memory().page(start.built().storeFrame()),
                start.built().storePort()),
            Mtwatch.OFF);
    frontends = new FrontendBus(kernel, xs, drivers.frontends(), new ModuleValues(commandLine));
  }

  /// Boots a guest; runs in the first task of its Cpu, and returns once the guest is up.
  static void boot(GuestStart start, Drivers drivers, Commands commands) {
    try {
      new GuestSystem(start, drivers, commands).boot();
    } catch (HypercallException | KernelException e) {
      throw new UncheckedIOException("guest " + start.domid() + " cannot boot", e);
    } catch (ParameterException | NoThread e) {
      throw new IllegalStateException("guest " + start.domid() + " cannot boot", e);
    }
  }

  @KernelSymbol("start_kernel")
  private void boot() throws HypercallException, KernelException, NoThread {
    xs.start();
    frontends.start();
    frontends.waitForDevices();
    HvcConsole console =
        new HvcConsole(
            kernel,
            start.hypercalls().memory().page(start.built().consoleFrame()),
            start.built().consolePort());
    GuestSuspend suspend =
        new GuestSuspend(
            new GuestSuspend.Parts(
                kernel, start.hypercalls(), platform, start.built(), xs, frontends),
            console);
    new ShutdownWatch(kernel, xs, suspend::run).start();
    kernel.systemState(SystemState.RUNNING);
    GuestInit.start(
        new GuestInit.Options(
            kernel, kernel.hostname(), Optional.of(console), commands.of(UserCommand.Place.GUEST)));
  }

  /// Ends the guest; an orderly end closes its devices first, in a thread that waits for their
  /// other ends.
  private void power(ShutdownReason reason) {
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

  @KernelSymbol("kernel_power_off")
  private int shutDown(ShutdownReason reason) {
    kernel.systemState(SystemState.HALTING);
    frontends.shutdown();
    start.hypercalls().sched().shutdown(reason);
    return 0;
  }
}

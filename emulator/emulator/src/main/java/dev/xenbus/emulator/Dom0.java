package dev.xenbus.emulator;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.api.Xenbus;
import dev.xenbus.hypervisor.Hypervisor;
import dev.xenbus.linux.LinuxKernel;
import dev.xenbus.linux.api.Kernel.SystemState;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.probe.backend.BackendBus;
import dev.xenbus.probe.frontend.FrontendBus;
import dev.xenbus.xenstore.client.XenstoreClient;
import dev.xenbus.xenstored.Xenstored;
import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.XlServices;
import dev.xenbus.xs.Mtwatch;
import dev.xenbus.xs.XenbusXs;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/// A running dom0: Xen, the store, the kernel with its backend drivers, the console daemon.
///
/// Threads: any task; [#requestPowerOff] and [#isPowerOffRequested] any thread.
public final class Dom0 {
  /// How long guests have to shut down at power-off before they are destroyed.
  private static final long GUESTS_TIMEOUT_NANOS = 10_000_000_000L;

  /// How often it is looked whether they have.
  private static final long GUESTS_POLL_NANOS = 50_000_000L;

  private final Parts parts;
  private final Commands commands;
  private final Services services;
  private boolean down;

  /// What it is made of.
  record Parts(
      Machine machine,
      Hypervisor hypervisor,
      LinuxKernel kernel,
      DomainControl domains,
      Xenstored store,
      XenbusXs xs,
      BackendBus backends,
      FrontendBus frontends,
      Task consoleDaemon,
      Completion powerOff) {}

  Dom0(Parts parts, Commands commands, Services services) {
    this.parts = parts;
    this.commands = commands;
    this.services = services;
  }

  /// Returns the machine that it runs on.
  public Machine machine() {
    return parts.machine();
  }

  /// Returns its kernel.
  public LinuxKernel kernel() {
    return parts.kernel();
  }

  /// Returns which threads its watch events run in.
  public Mtwatch mtwatch() {
    return parts.xs().mtwatch();
  }

  /// Returns the xenbus of its kernel, for whoever plays a driver.
  public Xenbus xenbus() {
    return parts.xs();
  }

  /// Opens a connection to the store, as a toolstack's process has it.
  public XenstoreClient storeClient() {
    return new XenstoreClient(parts.store().connect());
  }

  /// Returns the hypervisor, as a control domain sees it.
  public DomainControl domains() {
    return parts.domains();
  }

  /// Returns a console.
  ///
  /// @param folder what file names are relative to
  public Shell shell(Path folder, TextOutput out, TextOutput err) {
    return shell(folder, out, err, err);
  }

  /// Returns a console.
  ///
  /// @param folder what file names are relative to
  /// @param background where commands in the background write
  public Shell shell(Path folder, TextOutput out, TextOutput err, TextOutput background) {
    return new Shell(
        new Shell.Options(
            parts.kernel(),
            commands.of(UserCommand.Place.DOM0),
            services,
            Optional.of(folder),
            out,
            err,
            background));
  }

  /// Asks for a power-off: whoever waits in [#awaitPowerOff] goes on. From any thread.
  public void requestPowerOff() {
    parts.powerOff().completeAll();
  }

  /// Returns whether a power-off was asked for.
  public boolean isPowerOffRequested() {
    return parts.powerOff().isDone();
  }

  /// Waits until a power-off is asked for.
  public void awaitPowerOff() {
    parts.powerOff().awaitInterruptibly(WaitQueue.FOREVER);
  }

  /// Powers off: guests first, then the drivers, then the store. May be called twice.
  public void powerOff() {
    if (down) {
      return;
    }
    down = true;
    requestPowerOff();
    stopGuests();
    parts.kernel().systemState(SystemState.HALTING);
    parts.xs().rebootNotify();
    parts.frontends().shutdown();
    parts.frontends().close();
    parts.backends().close();
    parts.consoleDaemon().signal();
    parts.consoleDaemon().waitFor();
    parts.xs().close();
    parts.store().close();
  }

  /// What is in use now: after guests have come and gone it is what it was before.
  ///
  /// @param threads the names of dom0's threads, with how many there are of each
  /// @param watches watches of dom0's kernel
  /// @param queues queues of watch events
  /// @param disks how many have each of dom0's disks open
  /// @param files every file below `/sys`
  /// @param xen pages, ports and mappings
  public record Census(
      SortedMap<String, Integer> threads,
      int watches,
      int queues,
      SortedMap<String, Integer> disks,
      SortedSet<String> files,
      Hypervisor.Census xen) {}

  /// Counts what is in use; at a moment when nothing is under way.
  public Census census() {
    SortedMap<String, Integer> threads = new TreeMap<>();
    machine().tasks().stream()
        .filter(task -> task.cpu().equals(kernel().cpu()))
        .forEach(task -> threads.merge(task.comm(), 1, Integer::sum));
    SortedMap<String, Integer> disks = new TreeMap<>();
    kernel().block().disks().forEach(disk -> disks.put(disk.name(), disk.openers()));
    SortedSet<String> files = new TreeSet<>();
    collectFiles("/sys/", files);
    return new Census(
        threads,
        parts.xs().watchCount(),
        parts.xs().queueCount(),
        disks,
        files,
        parts.hypervisor().census());
  }

  private void collectFiles(String folder, SortedSet<String> files) {
    try {
      for (String name : kernel().files().list(folder)) {
        if (name.endsWith("/")) {
          collectFiles(folder + name, files);
        } else {
          files.add(folder + name);
        }
      }
    } catch (KernelException gone) {
      // The folder went away after its parent was listed: it has no files.
    }
  }

  /// Asks guests to shut down, then destroys them; driver domains when nobody uses them any more.
  private void stopGuests() {
    stop(guest -> !isDriverDomain(guest));
    stop(guest -> true);
    services
        .find(XlServices.class)
        .ifPresent(
            xl -> xl.host().saved().forEach(saved -> parts.domains().discard(saved.image())));
  }

  private void stop(Predicate<DomainInfo> which) {
    Shell shell = shell(Path.of(""), text -> {}, parts.kernel().printk()::warn);
    guests(which).forEach(guest -> shell.execute("xl shutdown " + guest.domid()));
    long deadline = machine().clock().nanos() + GUESTS_TIMEOUT_NANOS;
    while (machine().clock().nanos() < deadline
        && guests(which).stream().anyMatch(guest -> guest.shutdown().isEmpty())) {
      Task.sleep(GUESTS_POLL_NANOS);
    }
    guests(which).forEach(guest -> shell.execute("xl destroy " + guest.domid()));
  }

  private boolean isDriverDomain(DomainInfo guest) {
    return services
        .find(XlServices.class)
        .flatMap(xl -> xl.host().config(guest.domid()))
        .map(DomainConfig::driverDomain)
        .orElse(false);
  }

  private List<DomainInfo> guests(Predicate<DomainInfo> which) {
    return parts.domains().list().stream()
        .filter(domain -> !domain.domid().equals(Domid.DOM0) && !domain.dying())
        .filter(which)
        .toList();
  }
}

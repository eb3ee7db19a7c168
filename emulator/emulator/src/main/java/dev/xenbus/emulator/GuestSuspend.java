package dev.xenbus.emulator;

import dev.xenbus.abi.hypercall.DomainControl.BuiltDomain;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.hypervisor.GuestStart;
import dev.xenbus.linux.HvcConsole;
import dev.xenbus.linux.ProcessFreezer;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.xen.XenPlatform;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.probe.frontend.FrontendBus;
import dev.xenbus.xs.XenbusXs;

/// Suspends a guest's kernel and lets it go on, in its domain or in another one. Mirrors
/// `do_suspend` (`drivers/xen/manage.c`).
///
/// All of it runs in the callback of the watch on `control/shutdown`, so that no other callback
/// runs meanwhile. What was there when the kernel comes back in another domain: the memory. Event
/// channels, grants and the store's ring are new, and the frontends connect to backends that have
/// never heard of them.
final class GuestSuspend {
  /// What is suspended.
  ///
  /// @param kernel the guest's
  /// @param start its way to Xen, and where store and console are in each domain
  /// @param platform its grants and event channels
  /// @param xs its xenbus
  /// @param frontends its devices
  record Parts(
      Kernel kernel, GuestStart start, XenPlatform platform, XenbusXs xs, FrontendBus frontends) {
    Hypercalls hypercalls() {
      return start.hypercalls();
    }

    BuiltDomain built() {
      return start.built();
    }
  }

  private final Parts parts;
  private final HvcConsole console;

  GuestSuspend(Parts parts, HvcConsole console) {
    this.parts = parts;
    this.console = console;
  }

  /// Suspends; returns when the guest goes on, or if it cannot be suspended, which the log says.
  @KernelSymbol("do_suspend")
  void run() {
    Kernel kernel = parts.kernel();
    try {
      ProcessFreezer.freeze(kernel);
    } catch (KernelException e) {
      kernel
          .printk()
          .error("xen:manage: do_suspend: freeze processes failed " + -e.errno().number());
      return;
    }
    parts.frontends().freeze();
    try {
      parts.xs().suspend();
    } catch (KernelException _) {
      return; // the log has it
    }
    try {
      goDown();
    } catch (KernelException | HypercallException e) {
      kernel.printk().error("xen:manage: do_suspend: resume failed: " + e.getMessage());
    }
  }

  private void goDown() throws KernelException, HypercallException {
    boolean cancelled;
    parts.kernel().cpu().stopMachine();
    try {
      cancelled = suspendAlone();
    } finally {
      parts.kernel().cpu().restartMachine();
    }
    if (cancelled) {
      parts.xs().cancelSuspend();
      return;
    }
    parts.xs().resume(GuestSystem.storeOf(parts.kernel(), parts.start()));
    parts.frontends().restore();
  }

  /// While nothing else of this kernel runs.
  ///
  /// @return whether the suspend was cancelled
  @KernelSymbol("xen_suspend")
  private boolean suspendAlone() throws KernelException, HypercallException {
    boolean cancelled = parts.hypercalls().sched().suspend();
    if (!cancelled) {
      parts.platform().resume();
      console.resume(
          parts.hypercalls().memory().page(parts.built().consoleFrame()),
          parts.built().consolePort());
    }
    return cancelled;
  }
}

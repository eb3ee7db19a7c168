package dev.xenbus.linux.api;

import dev.xenbus.abi.Domid;

/// A kernel's event channels (`include/xen/events.h`). Handlers run in interrupt context, one at a
/// time in a kernel: they may not sleep.
public interface EventChannels {
  /// Makes a port that `remote` may bind, with its handler.
  ///
  /// @param name the interrupt's name, such as `xenbus`
  /// @throws KernelException `ENOSPC`
  EventChannel allocateUnbound(Domid remote, String name, Runnable handler) throws KernelException;

  /// Takes over a port that the domain builder made.
  ///
  /// @throws KernelException `EINVAL`
  EventChannel bind(int port, String name, Runnable handler) throws KernelException;

  /// Binds to a port of another domain.
  ///
  /// @throws KernelException `ESRCH`, `EINVAL`, `ENOSPC`
  EventChannel bindInterdomain(Domid remote, int remotePort, String name, Runnable handler)
      throws KernelException;

  /// Binds to a port of another domain in the way of backends: after each event the channel stays
  /// masked until [EventChannel#eoi], and channels that fire for nothing are slowed down
  /// (`bind_interdomain_evtchn_to_irqhandler_lateeoi`).
  ///
  /// @param statistics where events are counted
  /// @throws KernelException `ESRCH`, `EINVAL`, `ENOSPC`
  EventChannel bindInterdomainLateEoi(
      Domid remote, int remotePort, String name, EventStatistics statistics, Runnable handler)
      throws KernelException;

  /// Binds a virtual interrupt.
  ///
  /// @throws KernelException `EINVAL`, `EEXIST`, `EBUSY`
  EventChannel bindVirq(int virq, String name, Runnable handler) throws KernelException;
}

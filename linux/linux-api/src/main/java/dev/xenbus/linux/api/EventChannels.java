package dev.xenbus.linux.api;

import dev.xenbus.abi.Domid;
import java.util.function.Consumer;

/// A kernel's event channels (`include/xen/events.h`). Handlers run in interrupt context, one at a
/// time in a kernel: they may not sleep.
///
/// What another domain may send to is bound with **late EOI**, so that nobody can keep a kernel
/// busy with events (XSA-332, XSA-391): after each event the channel stays masked until somebody
/// calls [EventChannel#eoi], from any context, and one that fires for nothing is slowed down to an
/// event a second. Who finds that the other end broke the rules ends the interrupt no more: it is
/// silent then. Such a handler is given its channel, since an event may come before binding
/// returns.
public interface EventChannels {
  /// Makes a port that `remote` may bind, with its handler.
  ///
  /// @param name the interrupt's name, such as `xenbus`
  /// @throws KernelException `ENOSPC`
  EventChannel allocateUnbound(Domid remote, String name, Runnable handler) throws KernelException;

  /// Makes a port that `remote` may bind, with late EOI, in the way of frontends
  /// (`bind_evtchn_to_irqhandler_lateeoi` of a fresh port).
  ///
  /// @throws KernelException `ENOSPC`
  EventChannel allocateUnboundLateEoi(Domid remote, String name, Consumer<EventChannel> handler)
      throws KernelException;

  /// Takes over a port that the domain builder made.
  ///
  /// @throws KernelException `EINVAL`
  EventChannel bind(int port, String name, Runnable handler) throws KernelException;

  /// Takes over a port that the domain builder made, with late EOI
  /// (`bind_evtchn_to_irqhandler_lateeoi`).
  ///
  /// @throws KernelException `EINVAL`
  EventChannel bindLateEoi(int port, String name, Consumer<EventChannel> handler)
      throws KernelException;

  /// Binds to a port of another domain.
  ///
  /// @throws KernelException `ESRCH`, `EINVAL`, `ENOSPC`
  EventChannel bindInterdomain(Domid remote, int remotePort, String name, Runnable handler)
      throws KernelException;

  /// Binds to a port of another domain, with late EOI, in the way of backends
  /// (`bind_interdomain_evtchn_to_irqhandler_lateeoi`).
  ///
  /// @param statistics where events are counted
  /// @throws KernelException `ESRCH`, `EINVAL`, `ENOSPC`
  EventChannel bindInterdomainLateEoi(
      Domid remote,
      int remotePort,
      String name,
      EventStatistics statistics,
      Consumer<EventChannel> handler)
      throws KernelException;

  /// Binds a virtual interrupt.
  ///
  /// @throws KernelException `EINVAL`, `EEXIST`, `EBUSY`
  EventChannel bindVirq(int virq, String name, Runnable handler) throws KernelException;
}

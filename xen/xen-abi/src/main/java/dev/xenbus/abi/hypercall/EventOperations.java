package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.Domid;
import java.lang.foreign.MemorySegment;

/// Event channel operations (`EVTCHNOP_*`, two-level ABI). Ports are numbers from 1.
public interface EventOperations {
  /// Virtual interrupt: a domain was shut down, died or vanished (`VIRQ_DOM_EXC`).
  int VIRQ_DOM_EXC = 3;

  /// Returns the caller's shared info page, with the pending and mask bitmaps: see [SharedInfo].
  MemorySegment sharedInfo();

  /// Sets what Xen does to the vCPU when its upcall-pending byte goes from 0 to 1: usually raises
  /// an interrupt line of the kernel, whose handler scans the bitmaps. Never blocks.
  void setUpcall(Runnable upcall);

  /// Makes a port of the caller that `remote` alone may bind.
  ///
  /// @throws HypercallException `ENOSPC`, `EINVAL` (dying)
  int allocateUnbound(Domid remote) throws HypercallException;

  /// Binds a port of the caller to an unbound port of another domain, and marks it pending.
  ///
  /// @throws HypercallException `ESRCH`, `EINVAL` (no such port, or not for the caller), `ENOSPC`
  int bindInterdomain(Domid remote, int remotePort) throws HypercallException;

  /// Binds a virtual interrupt.
  ///
  /// @throws HypercallException `EINVAL`, `EEXIST`, `EBUSY`, `ENOSPC`, `EPERM`
  int bindVirq(int virq) throws HypercallException;

  /// Closes a port; the peer becomes unbound.
  ///
  /// @throws HypercallException `EINVAL` if it is not in use
  void close(int port) throws HypercallException;

  /// Sends: the peer's port becomes pending. Never blocks.
  ///
  /// @return 0, also if nobody is bound; -22 (`-EINVAL`) if the port is free
  int send(int port);

  /// Clears the mask bit; a pending event is delivered.
  ///
  /// @throws HypercallException `EINVAL`
  void unmask(int port) throws HypercallException;

  /// Returns what a port is.
  ///
  /// @throws HypercallException `EINVAL`
  PortStatus status(int port) throws HypercallException;

  /// What a port is.
  ///
  /// @param kind which
  /// @param remote the domain at the other end, or that may bind; SELF if there is none
  /// @param remotePort the port there, 0 if there is none
  record PortStatus(PortKind kind, Domid remote, int remotePort) {}

  /// The kinds of ports.
  enum PortKind {
    /// Not in use.
    FREE,
    /// Waits to be bound.
    UNBOUND,
    /// Bound to another domain's port.
    INTERDOMAIN,
    /// Bound to a virtual interrupt.
    VIRQ
  }
}

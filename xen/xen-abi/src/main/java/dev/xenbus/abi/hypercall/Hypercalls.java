package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.Domid;

/// The hypercalls of one domain's kernel. Each of them is a scheduling point. Those of a domain
/// that was killed have no effect: they unwind the caller.
public interface Hypercalls {
  /// Returns the caller's own id.
  Domid self();

  /// Returns the caller's pages.
  GuestMemory memory();

  /// Returns the grant table operations.
  GrantOperations grants();

  /// Returns the event channel operations.
  EventOperations events();

  /// Returns the scheduler operations.
  SchedOperations sched();

  /// Returns the operations of a control domain.
  ///
  /// @throws HypercallException `EPERM` if the caller is not privileged
  DomainControl domains() throws HypercallException;
}

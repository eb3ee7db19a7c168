package dev.xenbus.abi.hypercall;

/// The state of a suspended domain: what a save takes and a restore gives to another domain.
///
/// Differs: it is the state itself and not a copy, since a guest's threads cannot be copied; so it
/// can be given away once, and lives as long as the hypervisor does.
public interface DomainImage {
  /// Returns whether it can still be given to a domain: it was not, and the domain that it was
  /// taken from has not gone on.
  boolean isUsable();

  /// Returns how many pages it has that were ever written.
  int pages();
}

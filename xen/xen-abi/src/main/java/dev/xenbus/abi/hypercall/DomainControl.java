package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.Domid;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What a control domain asks of Xen: `XEN_DOMCTL_*`, and the work of libxenguest's domain builder.
public interface DomainControl {
  /// What a new domain is to be.
  ///
  /// @param uuid its handle
  /// @param memoryMib memory in MiB
  /// @param vcpus virtual processors
  /// @param eventChannelPortMax highest port number, 1023 by default
  /// @param grantFramesMax most frames of its grant table, 64 by default
  /// @param domid which id it is to have; empty: the next that is free
  /// @param hvm whether it runs in a hardware container (`XEN_DOMCTL_CDF_hvm`), as PVH does: its
  ///     kernel may be replaced by another one without Xen's knowledge
  record DomainSpec(
      UUID uuid,
      int memoryMib,
      int vcpus,
      int eventChannelPortMax,
      int grantFramesMax,
      Optional<Domid> domid,
      boolean hvm) {
    /// A PV domain whose id Xen chooses.
    public DomainSpec(
        UUID uuid, int memoryMib, int vcpus, int eventChannelPortMax, int grantFramesMax) {
      this(uuid, memoryMib, vcpus, eventChannelPortMax, grantFramesMax, Optional.empty(), false);
    }

    /// A PV domain with Xen's default limits.
    public DomainSpec(UUID uuid, int memoryMib, int vcpus) {
      this(uuid, memoryMib, vcpus, 1023, 64);
    }
  }

  /// What a domain boots.
  ///
  /// @param kernel name of the kernel image; never opened
  /// @param ramdisk name of the initial ramdisk, or empty
  /// @param commandLine the kernel's command line
  record BootSpec(String kernel, String ramdisk, String commandLine) {}

  /// Where the builder put the pages that a guest shares with dom0's daemons.
  ///
  /// @param storeFrame guest frame of the store ring, granted as reference 1
  /// @param storePort the guest's event channel port for the store
  /// @param consoleFrame guest frame of the console ring, granted as reference 0
  /// @param consolePort the guest's event channel port for the console
  record BuiltDomain(int storeFrame, int storePort, int consoleFrame, int consolePort) {}

  /// Makes a domain, paused once.
  ///
  /// @throws HypercallException `ENOMEM`; `ENOSPC` if no id is free; `EEXIST` if the id that is
  ///     asked for is in use, if only by a zombie; `EINVAL` if it is no ordinary domain's
  Domid create(DomainSpec spec) throws HypercallException;

  /// Prepares store and console pages and ports and the kernel that the first unpause starts.
  ///
  /// @throws HypercallException `ESRCH`; `EINVAL` if it was built already
  BuiltDomain build(Domid domid, BootSpec boot) throws HypercallException;

  /// Pauses; pauses nest. All its threads have stopped when this returns.
  ///
  /// @throws HypercallException `ESRCH`, `EINVAL` (the caller itself)
  void pause(Domid domid) throws HypercallException;

  /// Undoes one pause.
  ///
  /// @throws HypercallException `ESRCH`, `EINVAL` (not paused)
  void unpause(Domid domid) throws HypercallException;

  /// Lets a suspended domain go on as if nothing had been (`XEN_DOMCTL_resumedomain`, of a guest
  /// that is told that its suspend was cancelled). What was saved of it can be used no more.
  ///
  /// @throws HypercallException `ESRCH`; `EINVAL` (not suspended, or saved and given away)
  void resume(Domid domid) throws HypercallException;

  /// Takes the state of a suspended domain (`xc_domain_save`), which the domain keeps until it is
  /// destroyed or the state is restored.
  ///
  /// @throws HypercallException `ESRCH`; `EINVAL` (not suspended, or saved and given away)
  DomainImage save(Domid domid) throws HypercallException;

  /// Puts saved state into a domain that was built and has not run (`xc_domain_restore`): all but
  /// the pages of store and console, the event channels and the grant table, which are new. The
  /// first unpause lets it go on, as resumed.
  ///
  /// @throws HypercallException `ESRCH`; `EINVAL` (not built, has run, smaller than the state, or
  ///     the state is not usable); `ENOMEM`
  void restore(Domid domid, DomainImage image) throws HypercallException;

  /// Throws saved state away; that of a domain which still has it stays the domain's.
  void discard(DomainImage image);

  /// Stops every guest and the caller's own domain, and lets them go on after a while
  /// (`XENPF_enter_acpi_sleep`, and a clock that wakes the machine). Returns then.
  ///
  /// @param nanos how long
  /// @throws HypercallException `ENOMEM` if there is no thread that would wake the machine
  void sleepMachine(long nanos) throws HypercallException;

  /// Shuts a domain down from outside (remote shutdown); the first reason wins.
  ///
  /// @throws HypercallException `ESRCH`
  void shutdown(Domid domid, ShutdownReason reason) throws HypercallException;

  /// Kills: releases what the domain has. Succeeds even if others still map pages of it: then it
  /// stays as a zombie until the last of them unmaps.
  ///
  /// @throws HypercallException `ESRCH`, `EINVAL` (the caller itself)
  void destroy(Domid domid) throws HypercallException;

  /// Returns what Xen says of a domain, or empty if there is none.
  Optional<DomainInfo> info(Domid domid);

  /// Returns all domains, zombies included, by id.
  List<DomainInfo> list();

  /// Returns the number of whole MiB that no domain owns.
  long freeMib();
}

package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import java.util.List;
import java.util.Optional;

/// What the hypervisor lets a driver domain's toolstack do with domains: nothing. It knows none,
/// and everything else is refused with `EPERM`.
///
/// Immutable.
public final class DriverDomainControl implements DomainControl {
  /// Makes it.
  public DriverDomainControl() {}

  private static HypercallException refused(String call) {
    return new HypercallException(Errno.EPERM, call + ": this domain is not privileged");
  }

  @Override
  public Domid create(DomainSpec spec) throws HypercallException {
    throw refused("XEN_DOMCTL_createdomain");
  }

  @Override
  public BuiltDomain build(Domid domid, BootSpec boot) throws HypercallException {
    throw refused("build");
  }

  @Override
  public void pause(Domid domid) throws HypercallException {
    throw refused("XEN_DOMCTL_pausedomain");
  }

  @Override
  public void unpause(Domid domid) throws HypercallException {
    throw refused("XEN_DOMCTL_unpausedomain");
  }

  @Override
  public void shutdown(Domid domid, ShutdownReason reason) throws HypercallException {
    throw refused("SCHEDOP_remote_shutdown");
  }

  @Override
  public void destroy(Domid domid) throws HypercallException {
    throw refused("XEN_DOMCTL_destroydomain");
  }

  @Override
  public void resume(Domid domid) throws HypercallException {
    throw refused("XEN_DOMCTL_resumedomain");
  }

  @Override
  public DomainImage save(Domid domid) throws HypercallException {
    throw refused("save");
  }

  @Override
  public void restore(Domid domid, DomainImage image) throws HypercallException {
    throw refused("restore");
  }

  @Override
  public void discard(DomainImage image) {
    // It has none: save is refused.
  }

  @Override
  public void sleepMachine(long nanos) throws HypercallException {
    throw refused("XENPF_enter_acpi_sleep");
  }

  @Override
  public Optional<DomainInfo> info(Domid domid) {
    return Optional.empty();
  }

  @Override
  public List<DomainInfo> list() {
    return List.of();
  }

  @Override
  public long freeMib() {
    return 0;
  }
}

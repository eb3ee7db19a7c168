package dev.xenbus.linux.xen;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import java.lang.foreign.MemorySegment;

/// `/dev/xen/gntdev` (`drivers/xen/gntdev.c`).
final class KernelGrantDevice implements GrantDevice {
  private final KernelGrantTable grants;

  KernelGrantDevice(KernelGrantTable grants) {
    this.grants = grants;
  }

  @Override
  public Mapping map(Domid granter, int ref) throws HypercallException {
    try {
      return new ProcessMapping(grants.map(granter, ref, false));
    } catch (KernelException e) {
      throw new HypercallException(Errno.EINVAL, "IOCTL_GNTDEV_MAP_GRANT_REF: " + e.getMessage());
    }
  }

  /// One page in a process's address space.
  ///
  /// @param grant what is mapped there
  private record ProcessMapping(MappedGrant grant) implements Mapping {
    @Override
    public MemorySegment page() {
      return grant.page();
    }

    @Override
    public void close() {
      grant.close();
    }
  }
}

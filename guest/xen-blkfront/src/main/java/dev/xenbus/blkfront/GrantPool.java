package dev.xenbus.blkfront;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.GrantRefs;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import java.util.ArrayDeque;
import java.util.Iterator;

/// Pages of ours through which data goes, with their grants (`struct grant`). Used last in, first
/// out, so that few are in use and the backend's persistent mappings are found again; those that
/// the backend has mapped are in front, pages without a grant at the back.
///
/// Guarded by the device's lock.
final class GrantPool {
  /// One page.
  static final class Grant {
    private final Page page;
    private int ref = GrantRefs.INVALID;

    private Grant(Page page) {
      this.page = page;
    }

    Page page() {
      return page;
    }

    int ref() {
      return ref;
    }
  }

  private final Kernel kernel;
  private final GrantTable grants;
  private final Domid backend;
  private final ArrayDeque<Grant> idle = new ArrayDeque<>();

  GrantPool(Kernel kernel, Domid backend) {
    this.kernel = kernel;
    this.grants = kernel.grants();
    this.backend = backend;
  }

  /// Takes a granted page.
  ///
  /// @throws KernelException `ENOMEM`, `ENOSPC`
  Grant take() throws KernelException {
    Grant grant = idle.pollFirst();
    if (grant == null) {
      grant = new Grant(kernel.pages().allocate());
    }
    if (grant.ref == GrantRefs.INVALID) {
      try {
        grant.ref = grants.grantAccess(backend, grant.page, false);
      } catch (KernelException e) {
        idle.addLast(grant);
        throw e;
      }
    }
    return grant;
  }

  /// Gives a page back that the backend was told of and has answered.
  ///
  /// @return whether the backend has let go of it; if not, it is kept, granted, for the next use
  boolean give(Grant grant) {
    if (grants.tryEndAccess(grant.ref)) {
      grant.ref = GrantRefs.INVALID;
      idle.addLast(grant);
      return true;
    }
    idle.addFirst(grant);
    return false;
  }

  /// Gives a page back that the backend was never told of.
  void giveUnused(Grant grant) {
    idle.addFirst(grant);
  }

  /// Ends grants that the backend has let go of meanwhile, and frees the pages that have none.
  void trim() {
    Iterator<Grant> all = idle.iterator();
    while (all.hasNext()) {
      Grant grant = all.next();
      if (grant.ref == GrantRefs.INVALID || grants.tryEndAccess(grant.ref)) {
        all.remove();
        kernel.pages().free(grant.page);
      }
    }
  }

  int size() {
    return idle.size();
  }

  /// Ends a grant and frees its page, later if the backend still has it mapped: it is not reused
  /// before.
  void end(Grant grant) {
    if (grant.ref == GrantRefs.INVALID) {
      kernel.pages().free(grant.page);
    } else {
      grants.endAccess(grant.ref, grant.page);
    }
  }

  /// Ends all.
  void close() {
    for (Grant grant = idle.pollFirst(); grant != null; grant = idle.pollFirst()) {
      end(grant);
    }
  }
}

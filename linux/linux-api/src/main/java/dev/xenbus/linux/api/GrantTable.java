package dev.xenbus.linux.api;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.GrantCopy;
import java.util.List;

/// A kernel's grants, given and mapped (`include/xen/grant_table.h`). References are plain numbers:
/// the data path has one a page.
public interface GrantTable {
  /// Lets another domain use one of our pages (`gnttab_grant_foreign_access`).
  ///
  /// @return the reference
  /// @throws KernelException `ENOSPC` if the table is full
  int grantAccess(Domid remote, Page page, boolean readOnly) throws KernelException;

  /// Takes `count` references aside, so that claiming one later cannot fail
  /// (`gnttab_alloc_grant_references`).
  ///
  /// @throws KernelException `ENOSPC`
  GrantReserve reserve(int count) throws KernelException;

  /// Ends a grant unless the other side still uses it (`gnttab_try_end_foreign_access`).
  ///
  /// @return whether it ended; then the reference is free again
  boolean tryEndAccess(int ref);

  /// Ends a grant and frees the page; if the other side still uses it, both wait on the deferral
  /// list until it does not (`gnttab_end_foreign_access`). Does not block.
  void endAccess(int ref, Page page);

  /// Maps a page of another domain (`gnttab_map_refs` of one).
  ///
  /// @throws GrantException `ENOENT`, `ENOSPC`, with the status of the grant
  MappedGrant map(Domid granter, int ref, boolean readOnly) throws GrantException;

  /// Copies a batch (`gnttab_batch_copy`); each element's status is set. Statuses of "again" are
  /// retried inside, so it may sleep.
  void copy(List<GrantCopy> batch);

  /// Unmaps pages once nobody else uses them, checked again after 5, 10, 15 ... ms, then calls
  /// `done` in a worker (`gnttab_unmap_refs_async`).
  void unmapAsync(List<MappedGrant> grants, Runnable done);

  /// Unmaps pages and waits, uninterruptibly, until nobody else uses them
  /// (`gnttab_unmap_refs_sync`).
  void unmapSync(List<MappedGrant> grants);

  /// References set aside.
  interface GrantReserve extends AutoCloseable {
    /// Grants a page with one of the references set aside.
    ///
    /// @throws KernelException `ENOSPC` if all are claimed
    int claim(Domid remote, Page page, boolean readOnly) throws KernelException;

    /// Ends a claimed grant and takes its reference back; false if the other side still uses it.
    boolean end(int ref);

    /// Returns how many references can be claimed.
    int available();

    /// Gives unclaimed references back to the table.
    @Override
    void close();
  }
}

package dev.xenbus.linux.xen;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantEntry;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.linux.api.GrantException;
import dev.xenbus.linux.api.GrantRefs;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.machine.WorkQueue;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// A kernel's grants, given and mapped. Mirrors `drivers/xen/grant-table.c`.
final class KernelGrantTable implements GrantTable {
  /// How often a map or copy that met a paged-out page is tried (`MAX_DELAY`, 255).
  private static final int AGAIN_TRIES_MAX = 255;

  private static final long MILLI = 1_000_000;

  /// How often a revoke is tried against somebody who changes the entry at the same time. Xen's own
  /// changes are few; beyond it the entry counts as in use.
  private static final int REVOKE_TRIES_MAX = 64;

  private final GrantOperations calls;
  private final Cpu cpu;
  private final Printk printk;
  private final WorkQueue works;
  private final KernelPages pages;
  private final ReferencePool references;
  private final DeferredGrants deferred;
  private final AtomicInteger mappings = new AtomicInteger();

  KernelGrantTable(XenPlatform.Options options, KernelPages pages) {
    this.calls = options.hypercalls().grants();
    this.cpu = options.cpu();
    this.printk = options.printk();
    this.works = options.systemWorkQueue();
    this.pages = pages;
    this.references = new ReferencePool(calls);
    this.deferred = new DeferredGrants(this, options.cpu(), options.printk());
  }

  @Override
  @KernelSymbol("gnttab_grant_foreign_access")
  public int grantAccess(Domid remote, Page page, boolean readOnly) throws KernelException {
    int ref = references.take();
    publish(ref, remote, page, readOnly);
    return ref;
  }

  void publish(int ref, Domid remote, Page page, boolean readOnly) {
    int flags = GrantEntry.PERMIT_ACCESS | (readOnly ? GrantEntry.READ_ONLY : 0);
    GrantEntry.publish(references.entries(ref), ref, flags, remote.value(), page.frame());
  }

  void grantReserved(int ref, Domid remote, Page page) throws KernelException {
    if (ref < 0 || ref >= GrantRefs.FIRST_FREE) {
      throw new KernelException(Errno.EINVAL, "grant reference " + ref + " is not reserved");
    }
    if (references.inUse() == 0) {
      references.give(references.take()); // So that there is a table.
    }
    publish(ref, remote, page, false);
  }

  @Override
  public GrantReserve reserve(int count) throws KernelException {
    return new ReservedGrants(this, references, references.take(count));
  }

  @Override
  @KernelSymbol("gnttab_try_end_foreign_access")
  public boolean tryEndAccess(int ref) {
    if (!revoke(ref)) {
      return false;
    }
    references.give(ref);
    return true;
  }

  /// Clears an entry unless the other side uses it, in one step: no mapping can come in between.
  /// Mirrors `gnttab_end_foreign_access_ref_v1`.
  boolean revoke(int ref) {
    MemorySegment entries = references.entries(ref);
    for (int tries = 0; tries < REVOKE_TRIES_MAX; tries++) {
      int word = GrantEntry.load(entries, ref);
      if ((GrantEntry.flags(word) & (GrantEntry.READING | GrantEntry.WRITING)) != 0) {
        return false;
      }
      if (GrantEntry.compareAndSet(entries, ref, word, 0)) {
        return true;
      }
    }
    return false;
  }

  @Override
  @KernelSymbol("gnttab_end_foreign_access")
  public void endAccess(int ref, Page page) {
    if (tryEndAccess(ref)) {
      pages.free(page);
    } else {
      deferred.add(ref, page);
    }
  }

  void free(Page page) {
    pages.free(page);
  }

  @Override
  @KernelSymbol("gnttab_map_refs")
  public MappedGrant map(Domid granter, int ref, boolean readOnly) throws GrantException {
    int flags = readOnly ? GrantOperations.MAP_READ_ONLY : 0;
    int handle = calls.map(granter.value(), ref, flags);
    for (int tries = 1; handle == GrantStatus.EAGAIN && tries <= AGAIN_TRIES_MAX; tries++) {
      sleepUninterruptibly(tries * MILLI);
      handle = calls.map(granter.value(), ref, flags);
    }
    if (handle < 0) {
      int status = handle == GrantStatus.EAGAIN ? GrantStatus.BAD_PAGE : handle;
      Errno errno = status == GrantStatus.NO_SPACE ? Errno.ENOSPC : Errno.ENOENT;
      throw new GrantException(errno, "mapping d" + granter + " grant " + ref, status);
    }
    mappings.incrementAndGet();
    return new KernelMappedGrant(this, granter, ref, handle, calls.mapped(handle));
  }

  /// Ends a mapping, for [KernelMappedGrant#close].
  void unmap(KernelMappedGrant grant, int handle) {
    int status = calls.unmap(handle);
    mappings.decrementAndGet();
    if (status != GrantStatus.OKAY) {
      printk.error("xen:grant_table: unmap " + grant + ": " + GrantStatus.nameOf(status));
    }
  }

  @Override
  @KernelSymbol("gnttab_batch_copy")
  public void copy(List<GrantCopy> batch) {
    calls.copy(batch);
    for (int i = 0; i < batch.size(); i++) {
      if (batch.get(i).status() == GrantStatus.EAGAIN) {
        retryCopy(batch.get(i));
      }
    }
  }

  private void retryCopy(GrantCopy element) {
    for (int tries = 1; element.status() == GrantStatus.EAGAIN; tries++) {
      if (tries > AGAIN_TRIES_MAX) {
        element.status(GrantStatus.BAD_PAGE);
        return;
      }
      sleepUninterruptibly(tries * MILLI);
      calls.copy(List.of(element));
    }
  }

  private void sleepUninterruptibly(long nanos) {
    cpu.waitQueue("msleep").await(Task.State.D, nanos, () -> false);
  }

  @Override
  @KernelSymbol("gnttab_unmap_refs_async")
  public void unmapAsync(List<MappedGrant> grants, Runnable done) {
    new AsyncUnmap(works, List.copyOf(grants), done).begin();
  }

  @Override
  @KernelSymbol("gnttab_unmap_refs_sync")
  public void unmapSync(List<MappedGrant> grants) {
    Completion unmapped = cpu.completion("gnttab_unmap_refs_sync");
    unmapAsync(grants, unmapped::complete);
    unmapped.await(WaitQueue.FOREVER);
  }

  @KernelSymbol("gnttab_resume")
  void resume() throws KernelException {
    references.resume();
  }

  int inUse() {
    return references.inUse();
  }

  int deferred() {
    return deferred.size();
  }

  int mappings() {
    return mappings.get();
  }

  /// References set aside for one user, who serialises its calls.
  private static final class ReservedGrants implements GrantReserve {
    private final KernelGrantTable table;
    private final ReferencePool references;
    private final List<Integer> unclaimed = new ArrayList<>();

    ReservedGrants(KernelGrantTable table, ReferencePool references, int[] refs) {
      this.table = table;
      this.references = references;
      for (int i = refs.length - 1; i >= 0; i--) {
        unclaimed.add(refs[i]);
      }
    }

    @Override
    @KernelSymbol("gnttab_claim_grant_reference")
    public int claim(Domid remote, Page page, boolean readOnly) throws KernelException {
      if (unclaimed.isEmpty()) {
        throw new KernelException(Errno.ENOSPC, "all references set aside are claimed");
      }
      int ref = unclaimed.removeLast();
      table.publish(ref, remote, page, readOnly);
      return ref;
    }

    @Override
    @KernelSymbol("gnttab_release_grant_reference")
    public boolean end(int ref) {
      if (!table.revoke(ref)) {
        return false;
      }
      unclaimed.add(ref);
      return true;
    }

    @Override
    public int available() {
      return unclaimed.size();
    }

    @Override
    @KernelSymbol("gnttab_free_grant_references")
    public void close() {
      unclaimed.forEach(references::give);
      unclaimed.clear();
    }
  }
}

package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.linux.api.GrantException;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Grants given and mapped by one kernel. Each reference is used once, so that a stale one is
/// found. Guarded by the [FakeXen], for moments.
public final class FakeGrants implements GrantTable {
  private static final int FIRST_REF = 8;
  private static final long RECHECK_NANOS = 5_000_000;

  private final FakeKernel kernel;
  private final TreeMap<Integer, Given> given = new TreeMap<>();
  private final List<Mapped> mappings = new ArrayList<>();
  private int nextRef = FIRST_REF;
  private int mapCalls;

  FakeGrants(FakeKernel kernel) {
    this.kernel = kernel;
  }

  private static final class Given {
    final Domid remote;
    final Page page;
    final boolean readOnly;
    int mapped;
    boolean ending;

    Given(Domid remote, Page page, boolean readOnly) {
      this.remote = remote;
      this.page = page;
      this.readOnly = readOnly;
    }
  }

  /// Returns how many references are given to others.
  public int givenCount() {
    synchronized (kernel.xen()) {
      return given.size();
    }
  }

  /// Returns how many pages of others are mapped.
  public int mappedCount() {
    synchronized (kernel.xen()) {
      return mappings.size();
    }
  }

  /// Returns the live mappings.
  public List<? extends MappedGrant> mapped() {
    synchronized (kernel.xen()) {
      return List.copyOf(mappings);
    }
  }

  /// Returns how often a page was mapped.
  public int mapCalls() {
    synchronized (kernel.xen()) {
      return mapCalls;
    }
  }

  @Override
  public int grantAccess(Domid remote, Page page, boolean readOnly) {
    synchronized (kernel.xen()) {
      int ref = nextRef;
      nextRef++;
      given.put(ref, new Given(remote, page, readOnly));
      return ref;
    }
  }

  @Override
  public GrantReserve reserve(int count) {
    throw new UnsupportedOperationException("no reserve");
  }

  @Override
  public boolean tryEndAccess(int ref) {
    synchronized (kernel.xen()) {
      Given entry = given.get(ref);
      if (entry == null) {
        throw new IllegalStateException("end of " + ref + ", which is not given");
      }
      if (entry.mapped > 0) {
        return false;
      }
      given.remove(ref);
      return true;
    }
  }

  @Override
  public void endAccess(int ref, Page page) {
    synchronized (kernel.xen()) {
      Given entry = given.get(ref);
      if (entry == null) {
        throw new IllegalStateException("end of " + ref + ", which is not given");
      }
      entry.ending = true;
      settle(ref);
    }
  }

  private void settle(int ref) {
    synchronized (kernel.xen()) {
      Given entry = given.get(ref);
      if (entry != null && entry.ending && entry.mapped == 0) {
        given.remove(ref);
        kernel.pages().free(entry.page);
      }
    }
  }

  @Override
  public MappedGrant map(Domid granter, int ref, boolean readOnly) throws GrantException {
    synchronized (kernel.xen()) {
      mapCalls++;
      if (!kernel.xen().exists(granter.value())) {
        throw new GrantException(Errno.ENOENT, "map: " + granter, GrantStatus.BAD_DOMAIN);
      }
      FakeGrants owner = kernel.xen().kernel(granter.value()).fakeGrants();
      Given entry = owner.given.get(ref);
      boolean valid =
          entry != null
              && entry.remote.equals(kernel.domid())
              && (readOnly || !entry.readOnly)
              && !entry.ending;
      if (entry == null || !valid) {
        throw new GrantException(Errno.ENOENT, "map: " + ref, GrantStatus.BAD_GNTREF);
      }
      entry.mapped++;
      var mapped = new Mapped(granter, ref, owner, entry);
      mappings.add(mapped);
      return mapped;
    }
  }

  @Override
  public void copy(List<GrantCopy> batch) {
    throw new UnsupportedOperationException("no copy");
  }

  @Override
  public void unmapAsync(List<MappedGrant> grants, Runnable done) {
    kernel
        .systemWorkQueue()
        .queue(
            () -> {
              unmapSync(grants);
              done.run();
            });
  }

  @Override
  public void unmapSync(List<MappedGrant> grants) {
    WaitQueue queue = kernel.cpu().waitQueue("gnttab_unmap_refs_sync");
    for (MappedGrant grant : grants) {
      while (grant.users() > 1) {
        queue.await(Task.State.D, RECHECK_NANOS, () -> grant.users() <= 1);
      }
      grant.close();
    }
  }

  private final class Mapped implements MappedGrant {
    private final Domid granter;
    private final int ref;
    private final FakeGrants owner;
    private final Given entry;
    private final AtomicInteger users = new AtomicInteger(1);
    private volatile boolean closed;

    Mapped(Domid granter, int ref, FakeGrants owner, Given entry) {
      this.granter = granter;
      this.ref = ref;
      this.owner = owner;
      this.entry = entry;
    }

    @Override
    public Domid granter() {
      return granter;
    }

    @Override
    public int ref() {
      return ref;
    }

    @Override
    public MemorySegment page() {
      if (closed) {
        throw new IllegalStateException("use of " + ref + " after it was unmapped");
      }
      return entry.page.memory();
    }

    @Override
    public void get() {
      users.incrementAndGet();
    }

    @Override
    public void put() {
      users.decrementAndGet();
    }

    @Override
    public int users() {
      return users.get();
    }

    @Override
    public void close() {
      synchronized (kernel.xen()) {
        if (!closed) {
          closed = true;
          mappings.remove(this);
          entry.mapped--;
          owner.settle(ref);
        }
      }
    }
  }
}

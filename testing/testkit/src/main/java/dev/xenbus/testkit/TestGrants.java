package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.linux.api.GrantException;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// Grants between [TestKernel]s of one [TestXen]; no copies, and unmapping never waits.
final class TestGrants implements GrantTable {
  private final TestXen xen;
  private final Domid self;
  private final TestPages pages;
  private final AtomicInteger inUse = new AtomicInteger();
  private volatile int max = Integer.MAX_VALUE;

  TestGrants(TestXen xen, Domid self, TestPages pages) {
    this.xen = xen;
    this.self = self;
    this.pages = pages;
  }

  void max(int grants) {
    max = grants;
  }

  @Override
  public int grantAccess(Domid remote, Page page, boolean readOnly) throws KernelException {
    if (inUse.incrementAndGet() > max) {
      inUse.decrementAndGet();
      throw new KernelException(Errno.ENOSPC, "no grant reference");
    }
    return xen.grant(self, page, remote);
  }

  @Override
  public GrantReserve reserve(int count) {
    throw new UnsupportedOperationException("reserve");
  }

  @Override
  public boolean tryEndAccess(int ref) {
    TestXen.Grant grant = xen.grantOf(self, ref);
    if (grant != null && grant.mapped().get() > 0) {
      return false;
    }
    end(ref);
    return true;
  }

  @Override
  public void endAccess(int ref, Page page) {
    end(ref);
    pages.free(page);
  }

  private void end(int ref) {
    xen.endGrant(self, ref);
    inUse.decrementAndGet();
  }

  @Override
  public MappedGrant map(Domid granter, int ref, boolean readOnly) throws GrantException {
    TestXen.Grant grant = xen.grantOf(granter, ref);
    if (grant == null || !grant.remote().equals(self)) {
      throw new GrantException(Errno.ENOENT, "grant " + ref, GrantStatus.BAD_GNTREF);
    }
    grant.mapped().incrementAndGet();
    return new Mapping(granter, ref, grant);
  }

  @Override
  public void copy(List<GrantCopy> batch) {
    throw new UnsupportedOperationException("copy");
  }

  @Override
  public void unmapAsync(List<MappedGrant> grants, Runnable done) {
    unmapSync(grants);
    done.run();
  }

  @Override
  public void unmapSync(List<MappedGrant> grants) {
    grants.forEach(MappedGrant::close);
  }

  private static final class Mapping implements MappedGrant {
    private final Domid granter;
    private final int ref;
    private final TestXen.Grant grant;
    private final AtomicInteger users = new AtomicInteger(1);
    private final AtomicBoolean closed = new AtomicBoolean();

    Mapping(Domid granter, int ref, TestXen.Grant grant) {
      this.granter = granter;
      this.ref = ref;
      this.grant = grant;
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
      return grant.page().memory();
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
      if (closed.compareAndSet(false, true)) {
        grant.mapped().decrementAndGet();
      }
    }
  }
}

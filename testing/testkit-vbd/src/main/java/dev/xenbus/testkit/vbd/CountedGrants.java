package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.linux.api.GrantException;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// A kernel's grant table, and how often pages of others were mapped.
final class CountedGrants implements GrantTable {
  private final GrantTable table;
  private final AtomicInteger mapCalls = new AtomicInteger();

  CountedGrants(GrantTable table) {
    this.table = table;
  }

  int mapCalls() {
    return mapCalls.get();
  }

  @Override
  public MappedGrant map(Domid granter, int ref, boolean readOnly) throws GrantException {
    mapCalls.incrementAndGet();
    return table.map(granter, ref, readOnly);
  }

  @Override
  public int grantAccess(Domid remote, Page page, boolean readOnly) throws KernelException {
    return table.grantAccess(remote, page, readOnly);
  }

  @Override
  public GrantReserve reserve(int count) throws KernelException {
    return table.reserve(count);
  }

  @Override
  public boolean tryEndAccess(int ref) {
    return table.tryEndAccess(ref);
  }

  @Override
  public void endAccess(int ref, Page page) {
    table.endAccess(ref, page);
  }

  @Override
  public void copy(List<GrantCopy> batch) {
    table.copy(batch);
  }

  @Override
  public void unmapAsync(List<MappedGrant> grants, Runnable done) {
    table.unmapAsync(grants, done);
  }

  @Override
  public void unmapSync(List<MappedGrant> grants) {
    table.unmapSync(grants);
  }
}

package dev.xenbus.linux.xen;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.MappedGrant;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// A page of another domain that this kernel mapped.
final class KernelMappedGrant implements MappedGrant {
  private final KernelGrantTable table;
  private final Domid granter;
  private final int ref;
  private final int handle;
  private final MemorySegment page;
  private final AtomicInteger users = new AtomicInteger(1);
  private final AtomicBoolean isUnmapped = new AtomicBoolean();

  KernelMappedGrant(
      KernelGrantTable table, Domid granter, int ref, int handle, MemorySegment page) {
    this.table = table;
    this.granter = granter;
    this.ref = ref;
    this.handle = handle;
    this.page = page;
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
    if (isUnmapped.get()) {
      throw new IllegalStateException(this + " is not mapped any more");
    }
    return page;
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
    if (isUnmapped.compareAndSet(false, true)) {
      table.unmap(this, handle);
    }
  }

  @Override
  public String toString() {
    return "d" + granter + " grant " + ref;
  }
}

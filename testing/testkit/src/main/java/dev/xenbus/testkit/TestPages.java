package dev.xenbus.testkit;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import java.util.concurrent.atomic.AtomicInteger;

/// Pages, at most as many as the test says.
final class TestPages implements Pages {
  private final TestXen xen;
  private final AtomicInteger inUse = new AtomicInteger();
  private volatile int max = Integer.MAX_VALUE;

  TestPages(TestXen xen) {
    this.xen = xen;
  }

  void max(int pages) {
    max = pages;
  }

  @Override
  public Page allocate() throws KernelException {
    if (inUse.incrementAndGet() > max) {
      inUse.decrementAndGet();
      throw new KernelException(Errno.ENOMEM, "no page");
    }
    return new Page(xen.nextNumber(), xen.page());
  }

  @Override
  public void free(Page page) {
    inUse.decrementAndGet();
  }

  @Override
  public int inUse() {
    return inUse.get();
  }
}

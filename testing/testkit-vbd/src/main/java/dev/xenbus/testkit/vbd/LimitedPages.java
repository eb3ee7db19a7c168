package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;

/// A kernel's pages, of which a test may say how many there are.
public final class LimitedPages implements Pages {
  private final Pages pages;
  private volatile int max = Integer.MAX_VALUE;

  LimitedPages(Pages pages) {
    this.pages = pages;
  }

  /// Makes allocation fail while so many are in use.
  public void limit(int inUseMax) {
    max = inUseMax;
  }

  @Override
  public Page allocate() throws KernelException {
    if (pages.inUse() >= max) {
      throw new KernelException(Errno.ENOMEM, "no page");
    }
    return pages.allocate();
  }

  @Override
  public void free(Page page) {
    pages.free(page);
  }

  @Override
  public int inUse() {
    return pages.inUse();
  }
}

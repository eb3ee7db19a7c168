package dev.xenbus.linux.net;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenPage;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import java.lang.foreign.Arena;

/// Pages of the JVM, counted; used by one task at a time.
final class TestPages implements Pages {
  private int frames;
  private int inUse;
  private int left = Integer.MAX_VALUE;

  @Override
  public Page allocate() throws KernelException {
    if (left-- <= 0) {
      throw new KernelException(Errno.ENOMEM, "no page is left");
    }
    inUse++;
    return new Page(++frames, Arena.ofAuto().allocate(XenPage.BYTES, XenPage.BYTES));
  }

  @Override
  public void free(Page page) {
    inUse--;
  }

  @Override
  public int inUse() {
    return inUse;
  }

  /// Lets only so many more be had.
  void left(int pages) {
    left = pages;
  }
}

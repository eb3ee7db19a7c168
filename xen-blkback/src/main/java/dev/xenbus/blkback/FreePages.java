package dev.xenbus.blkback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.machine.RawSpinLock;
import java.util.ArrayDeque;

/// The pages of one ring that stand behind what it has mapped, and those that it keeps for what it
/// will map (`struct gnttab_page_cache`, `drivers/xen/grant-table.c`).
///
/// Differs: a mapping here is the frontend's page itself, so that it does not matter which of ours
/// stands behind which of theirs: they are counted.
///
/// Any context; the lock is never held across a scheduling point.
final class FreePages {
  private final Pages pages;
  private final RawSpinLock lock = new RawSpinLock();

  @GuardedBy("lock")
  private final ArrayDeque<Page> free = new ArrayDeque<>();

  @GuardedBy("lock")
  private final ArrayDeque<Page> mapped = new ArrayDeque<>();

  FreePages(Pages pages) {
    this.pages = pages;
  }

  /// Takes a page to map something over it, a kept one if there is one
  /// (`gnttab_page_cache_get`).
  ///
  /// @throws KernelException `ENOMEM`
  void get() throws KernelException {
    if (getKept()) {
      return;
    }
    Page fresh = pages.allocate(); // without the lock: a shortage wakes others
    lock.lock();
    try {
      mapped.addLast(fresh);
    } finally {
      lock.unlock();
    }
  }

  private boolean getKept() {
    lock.lock();
    try {
      Page kept = free.pollLast();
      if (kept != null) {
        mapped.addLast(kept);
      }
      return kept != null;
    } finally {
      lock.unlock();
    }
  }

  /// Keeps the pages of what was unmapped (`gnttab_page_cache_put`).
  void put(int count) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        free.addLast(mapped.removeLast());
      }
    } finally {
      lock.unlock();
    }
  }

  /// Gives kept pages back to the kernel, but for so many (`gnttab_page_cache_shrink`).
  void shrink(int kept) {
    lock.lock();
    try {
      while (free.size() > kept) {
        pages.free(free.removeLast());
      }
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many are kept.
  int count() {
    lock.lock();
    try {
      return free.size();
    } finally {
      lock.unlock();
    }
  }
}

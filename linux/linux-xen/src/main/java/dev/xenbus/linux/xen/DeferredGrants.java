package dev.xenbus.linux.xen;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.RawSpinLock;
import dev.xenbus.machine.Timer;
import dev.xenbus.machine.TimerKind;
import java.util.ArrayDeque;

/// Ended grants that the other side still uses: neither the reference nor the page is used again
/// before it lets go. A timer looks once a second, at ten of them at most. Mirrors
/// `gnttab_handle_deferred`.
///
/// At most one entry a reference, so the table bounds the list.
final class DeferredGrants {
  private static final long PERIOD_NANOS = 1_000_000_000L;
  private static final int ENTRIES_A_TICK = 10;
  private static final int TRIES_BEFORE_WARNING = 60;

  /// An ended grant.
  private static final class Entry {
    final int ref;
    final Page page;
    int triesLeft = TRIES_BEFORE_WARNING;

    Entry(int ref, Page page) {
      this.ref = ref;
      this.page = page;
    }

    @Override
    public String toString() {
      return "g.e. 0x"
          + Integer.toHexString(ref)
          + " (pfn "
          + Integer.toHexString(page.frame())
          + ")";
    }
  }

  private final KernelGrantTable table;
  private final Printk printk;
  private final Timer timer;
  private final RawSpinLock lock = new RawSpinLock();

  @GuardedBy("lock")
  private final ArrayDeque<Entry> entries = new ArrayDeque<>();

  DeferredGrants(KernelGrantTable table, Cpu cpu, Printk printk) {
    this.table = table;
    this.printk = printk;
    // Housekeeping: a peer that never lets go must not keep virtual time running for ever.
    this.timer = cpu.timer("gnttab_handle_deferred", TimerKind.HOUSEKEEPING, this::tick);
  }

  void add(int ref, Page page) {
    Entry entry = new Entry(ref, page);
    lock.lock();
    try {
      entries.add(entry);
    } finally {
      lock.unlock();
    }
    printk.warn("xen:grant_table: deferring " + entry);
    if (!timer.isPending()) {
      timer.arm(PERIOD_NANOS);
    }
  }

  int size() {
    lock.lock();
    try {
      return entries.size();
    } finally {
      lock.unlock();
    }
  }

  /// In interrupt context.
  @KernelSymbol("gnttab_handle_deferred")
  private void tick() {
    int looks = Math.min(ENTRIES_A_TICK, size());
    for (int look = 0; look < looks; look++) {
      Entry entry = poll();
      if (table.tryEndAccess(entry.ref)) {
        printk.info("xen:grant_table: freeing " + entry);
        table.free(entry.page);
      } else {
        entry.triesLeft--;
        if (entry.triesLeft == 0) {
          printk.info("xen:grant_table: " + entry + " still pending");
        }
        append(entry);
      }
    }
    if (size() > 0) {
      timer.arm(PERIOD_NANOS);
    }
  }

  private Entry poll() {
    lock.lock();
    try {
      return entries.removeFirst();
    } finally {
      lock.unlock();
    }
  }

  private void append(Entry entry) {
    lock.lock();
    try {
      entries.addLast(entry);
    } finally {
      lock.unlock();
    }
  }
}

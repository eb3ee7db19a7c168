package dev.xenbus.linux.xen;

import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.WorkQueue;
import java.util.List;

/// Mappings that are to go once nobody else uses their pages. Mirrors `__gnttab_unmap_refs_async`.
///
/// Looks again after 5, 10, 15 ... ms, for as long as it takes: a page that is never put keeps its
/// mapping for ever, and whoever waits for it. That is the kernel's behaviour, and the stall that
/// the whole emulator exists to show.
final class AsyncUnmap implements Runnable {
  /// First delay, and by how much each further one is longer (`GNTTAB_UNMAP_REFS_WAIT`).
  private static final long STEP_NANOS = 5_000_000;

  private final WorkQueue works;
  private final List<MappedGrant> grants;
  private final Runnable done;
  private long age;
  private boolean isUnmapped;

  AsyncUnmap(WorkQueue works, List<MappedGrant> grants, Runnable done) {
    this.works = works;
    this.grants = grants;
    this.done = done;
  }

  /// Unmaps now if nobody uses the pages, in the caller's thread; `done` runs in a worker.
  void begin() {
    if (unmapUnlessUsed()) {
      works.queue(this);
    }
  }

  @Override
  @KernelSymbol("__gnttab_unmap_refs_async")
  public void run() {
    if (isUnmapped || unmapUnlessUsed()) {
      done.run();
    }
  }

  private boolean unmapUnlessUsed() {
    for (MappedGrant grant : grants) {
      if (grant.users() > 1) {
        age++;
        works.queueDelayed(this, STEP_NANOS * age);
        return false;
      }
    }
    for (MappedGrant grant : grants) {
      grant.close();
    }
    isUnmapped = true;
    return true;
  }
}

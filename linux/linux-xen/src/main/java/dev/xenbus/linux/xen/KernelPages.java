package dev.xenbus.linux.xen;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GuestMemory;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.linux.api.Pages;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.RawSpinLock;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The page allocator of one kernel. A few free pages are kept ready; those beyond go back to Xen
/// and are populated again when they are needed, so that thousands of idle guests cost little.
final class KernelPages implements Pages {
  /// The frames below hold what the domain builder put there.
  private static final int FIRST_FRAME = 16;

  private static final int READY_PAGES_MAX = 64;

  private final GuestMemory memory;
  private final RawSpinLock lock = new RawSpinLock();
  private final CopyOnWriteArrayList<Runnable> shortageListeners = new CopyOnWriteArrayList<>();

  @GuardedBy("lock")
  private final ArrayDeque<Page> ready = new ArrayDeque<>();

  @GuardedBy("lock")
  private final ArrayDeque<Integer> released = new ArrayDeque<>();

  @GuardedBy("lock")
  private int neverUsed = FIRST_FRAME;

  @GuardedBy("lock")
  private int inUse;

  /// Whether the kernel is not in the domain in which it booted: then other memory may be behind a
  /// page that somebody still had mapped when it left.
  @GuardedBy("lock")
  private boolean hasMoved;

  KernelPages(GuestMemory memory) {
    this.memory = memory;
  }

  @Override
  public void addShortageListener(Runnable shortage) {
    shortageListeners.add(shortage);
  }

  @Override
  public Page allocate() throws KernelException {
    try {
      return allocateOne();
    } catch (KernelException e) {
      shortageListeners.forEach(Runnable::run);
      throw e;
    }
  }

  private Page allocateOne() throws KernelException {
    lock.lock();
    try {
      Page kept = ready.pollLast();
      if (kept != null) {
        kept.memory().fill((byte) 0);
        inUse++;
        return kept;
      }
      Integer again = released.pollLast();
      int frame = again != null ? again : neverUsed;
      if (frame >= memory.frames()) {
        throw new KernelException(Errno.ENOMEM, "page allocation failure: " + inUse + " in use");
      }
      Page page = populate(frame);
      neverUsed += again != null ? 0 : 1;
      inUse++;
      return page;
    } finally {
      lock.unlock();
    }
  }

  private Page populate(int frame) throws KernelException {
    try {
      return new Page(frame, memory.page(frame));
    } catch (HypercallException e) {
      throw new KernelException(e.errno(), "page allocation failure", e);
    }
  }

  @Override
  public void free(Page page) {
    lock.lock();
    try {
      inUse--;
      if (ready.size() < READY_PAGES_MAX) {
        ready.addLast(hasMoved ? asItIsNow(page) : page);
      } else {
        memory.release(page.frame());
        released.addLast(page.frame());
      }
    } finally {
      lock.unlock();
    }
  }

  /// Looks at its free pages again in another domain. Called while all else of the kernel stands
  /// still.
  void resume() {
    lock.lock();
    try {
      hasMoved = true;
      List<Page> all = List.copyOf(ready);
      ready.clear();
      all.forEach(page -> ready.addLast(asItIsNow(page)));
    } finally {
      lock.unlock();
    }
  }

  private Page asItIsNow(Page page) {
    try {
      return new Page(page.frame(), memory.page(page.frame()));
    } catch (HypercallException e) {
      throw new Bug("frame " + page.frame() + " was populated: " + e.getMessage());
    }
  }

  @Override
  public int inUse() {
    lock.lock();
    try {
      return inUse;
    } finally {
      lock.unlock();
    }
  }
}

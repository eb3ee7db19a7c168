package dev.xenbus.linux;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.Hold;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.TimerKind;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What the injector of the persistent-grant stall holds: one more reference to one page that a vbd
/// keeps mapped, as a storage driver might that never lets go of it. Requests go on as before;
/// whoever unmaps the page waits.
///
/// Threads: any task, interrupts excepted. The lock guards what is wanted and what is held; vbds
/// are asked, pages put, and the machine is told without it.
final class PageHold {
  /// A vbd as its threads are named, and perhaps one of its rings.
  private static final Pattern VBD = Pattern.compile("(\\d{1,5}\\.[^\\s/-]+)(?:-\\d{1,5})?");

  /// Longest name of a vbd, without its ring (`TASK_COMM_LEN` - 1).
  private static final int VBD_CHARS_MAX = 15;

  /// First delay between two looks of an unmap, and by how much each is longer
  /// (`GNTTAB_UNMAP_REFS_WAIT`).
  private static final long UNMAP_STEP_NANOS = 5_000_000;

  private final LinuxKernel kernel;
  private final SpinLock lock;

  /// Of which vbd, or of which ring of it, a page is held or wanted; empty if none is. Written
  /// under `lock`.
  private volatile String vbd = "";

  /// Whether a page is wanted and none is held. Written under `lock`.
  private volatile boolean wantsPage;

  @GuardedBy("lock")
  private @Nullable Held held;

  /// A page with one reference more.
  ///
  /// @param ring whose it is, such as `1.xvda-0`
  /// @param page the page
  /// @param declared what the machine knows of it
  /// @param sinceNanos when it was taken
  private record Held(String ring, MappedGrant page, Hold declared, long sinceNanos) {}

  PageHold(LinuxKernel kernel) {
    this.kernel = kernel;
    this.lock = kernel.cpu().spinLock(LockClass.of("xwstall_pgrant"));
  }

  /// Returns the vbd that was asked for; empty if none is.
  String vbd() {
    return vbd;
  }

  /// Takes a reference to a page of a vbd: to one that it has mapped now, else to the first that it
  /// maps. Lets go of what was held before.
  ///
  /// @param name such as `1.xvda`, or one of its rings, such as `1.xvda-0`
  /// @throws KernelException `EINVAL` if that is no such name
  void hold(String name) throws KernelException {
    Matcher matcher = VBD.matcher(name);
    if (!matcher.matches() || matcher.group(1).length() > VBD_CHARS_MAX) {
      throw new KernelException(
          Errno.EINVAL,
          "xwstall: vbd_hold_pgrant is a vbd such as 1.xvda, one of its rings such as 1.xvda-0,"
              + " or empty, not "
              + name);
    }
    exchange(name).ifPresent(this::letGo);
    kernel.printk().info("xwstall: hold a persistent grant of " + name);
    kernel.askForStallPages();
  }

  /// Lets go of the page, or no longer waits for one.
  void release() {
    exchange("").ifPresent(this::letGo);
    kernel.printk().info("xwstall: release persistent grant");
  }

  private Optional<Held> exchange(String next) {
    lock.lock();
    try {
      Held before = held;
      held = null;
      vbd = next;
      wantsPage = !next.isEmpty();
      return Optional.ofNullable(before);
    } finally {
      lock.unlock();
    }
  }

  /// Drops the reference. Who unmaps the page notices at the next look only, and is stuck on
  /// purpose until then: so the machine hears of it after the longest time that this may take.
  private void letGo(Held before) {
    before.page().put();
    long heldNanos = kernel.clock().nanos() - before.sinceNanos();
    // The looks come 1, 2, 3 ... steps apart: n of them take about n * n / 2 steps.
    long steps = 1 + (long) Math.ceil(Math.sqrt(2.0 * heldNanos / UNMAP_STEP_NANOS));
    kernel
        .cpu()
        .timer("xwstall_pgrant", TimerKind.HOUSEKEEPING, before.declared()::close)
        .arm(steps * UNMAP_STEP_NANOS);
  }

  /// Looks at a page that a ring keeps mapped, and takes a reference if it is what was asked for.
  /// The caller keeps it mapped during the call.
  void offer(String ring, MappedGrant page) {
    if (!wantsPage || !covers(ring)) {
      return;
    }
    Hold declared = kernel.cpu().machine().hold("persistent grant of " + ring);
    Held taken = new Held(ring, page, declared, kernel.clock().nanos());
    if (!take(taken)) {
      declared.close();
      return;
    }
    kernel
        .printk()
        .info(
            "xwstall: hold persistent grant of %s: domid=%s gref=%d"
                .formatted(ring, page.granter(), page.ref()));
  }

  private boolean take(Held candidate) {
    lock.lock();
    try {
      if (!wantsPage || !covers(candidate.ring())) {
        return false;
      }
      wantsPage = false;
      held = candidate;
      candidate.page().get();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean covers(String ring) {
    String wanted = vbd;
    return ring.equals(wanted) || ring.substring(0, ring.lastIndexOf('-') + 1).equals(wanted + "-");
  }
}

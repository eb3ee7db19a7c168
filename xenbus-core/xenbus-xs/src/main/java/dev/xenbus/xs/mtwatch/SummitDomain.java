package dev.xenbus.xs.mtwatch;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.xs.watch.EventQueue;
import dev.xenbus.xs.watch.Freezer;
import dev.xenbus.xs.watch.WatchThread;

/// One guest's queue and thread in the version of the summit: `MTWATCH_DOMAIN_UP` from the guest's
/// introduction until it is found gone, then `MTWATCH_DOMAIN_DOWN` until its queue is empty.
///
/// `up`: written under `mtwatch_domain_lock`.
final class SummitDomain {
  private final Domid domid;
  private final EventQueue queue;
  private final WatchThread thread;
  private volatile boolean up = true;

  SummitDomain(Kernel kernel, Domid domid, Freezer freezer) {
    this.domid = domid;
    queue = new EventQueue(kernel, "xen-mtwatch-" + domid, 0, freezer);
    thread = new WatchThread(kernel, queue);
  }

  Domid domid() {
    return domid;
  }

  EventQueue queue() {
    return queue;
  }

  WatchThread thread() {
    return thread;
  }

  boolean isUp() {
    return up;
  }

  void up(boolean isUp) {
    up = isUp;
  }

  boolean isOver() {
    return !up && queue.size() == 0;
  }
}

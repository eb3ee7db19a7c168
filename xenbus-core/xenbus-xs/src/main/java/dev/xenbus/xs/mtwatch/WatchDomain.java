package dev.xenbus.xs.mtwatch;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.xs.watch.EventQueue;
import dev.xenbus.xs.watch.Freezer;
import dev.xenbus.xs.watch.WatchThread;

/// One guest's queue and thread. Mirrors `struct mtwatch_domain`.
///
/// A guest is its domid and has one entry: a new guest with a reused domid goes on with the entry
/// of the old one, behind what is still stuck there.
abstract class WatchDomain {
  private final Domid domid;
  private final EventQueue queue;
  private final WatchThread thread;

  WatchDomain(Kernel kernel, Domid domid, Freezer freezer) {
    this.domid = domid;
    queue = new EventQueue(kernel, "xen-mtwatch-" + domid, 0, freezer);
    thread = new WatchThread(kernel, queue);
  }

  final Domid domid() {
    return domid;
  }

  final EventQueue queue() {
    return queue;
  }

  final WatchThread thread() {
    return thread;
  }

  /// Returns whether the thread has nothing more to do; exact only under `mtwatch_domain_lock`.
  abstract boolean isOver();
}

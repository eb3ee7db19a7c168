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
///
/// Fields that change: written under `mtwatch_domain_lock` of the dispatcher.
final class MtwatchDomain {
  private final Domid domid;
  private final EventQueue queue;
  private final WatchThread thread;
  private volatile int devices;
  private boolean fallenBack;
  private int eventsOnDefault;

  MtwatchDomain(Kernel kernel, Domid domid, Freezer freezer) {
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

  /// Returns whether the thread has nothing more to do; exact only under the lock.
  boolean isOver() {
    return devices == 0 && eventsOnDefault == 0 && queue.size() == 0;
  }

  int devices() {
    return devices;
  }

  void devices(int count) {
    devices = count;
  }

  /// Returns whether there is no thread, and the default one runs its events.
  boolean hasFallenBack() {
    return fallenBack;
  }

  void fallBack() {
    fallenBack = true;
  }

  /// Returns how many of its events wait or run on the default thread.
  int eventsOnDefault() {
    return eventsOnDefault;
  }

  void eventsOnDefault(int count) {
    eventsOnDefault = count;
  }
}

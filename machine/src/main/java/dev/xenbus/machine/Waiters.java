package dev.xenbus.machine;

import org.jspecify.annotations.Nullable;

/// The tasks that wait at one primitive, in order of arrival. Guarded by itself, for moments;
/// nobody waits while holding it.
final class Waiters {
  private @Nullable Waiter head;
  private @Nullable Waiter tail;
  private volatile boolean any;

  /// Returns whether nobody waits; exact only if nobody comes or goes.
  boolean isEmpty() {
    return !any;
  }

  /// Appends, unless it is in the list already; it is not woken then.
  synchronized void add(Waiter waiter) {
    if (waiter.linked) {
      return;
    }
    waiter.woken = false;
    waiter.linked = true;
    waiter.next = null;
    waiter.previous = tail;
    if (tail == null) {
      head = waiter;
    } else {
      tail.next = waiter;
    }
    tail = waiter;
    any = true;
  }

  /// Takes a waiter off the list, if it is in it.
  synchronized void remove(Waiter waiter) {
    unlink(waiter);
  }

  /// Takes the first waiter off and marks it woken; the caller makes its task ready.
  synchronized @Nullable Waiter takeFirst() {
    Waiter first = head;
    if (first != null) {
      unlink(first);
      first.woken = true;
    }
    return first;
  }

  /// Returns the first waiter, which stays in the list.
  synchronized @Nullable Waiter first() {
    return head;
  }

  /// Wakes the first waiter.
  ///
  /// @return whether there was one
  boolean wakeOne(Scheduler scheduler) {
    if (!any) {
      return false;
    }
    Waiter first = takeFirst();
    if (first == null) {
      return false;
    }
    scheduler.ready(first.task);
    return true;
  }

  /// Wakes all that wait now.
  void wakeAll(Scheduler scheduler) {
    if (!any) {
      return;
    }
    // Inside of the monitor: a waiter that is off the list may be reused by its task at once.
    synchronized (this) {
      for (Waiter w = head; w != null; w = head) {
        unlink(w);
        w.woken = true;
        scheduler.ready(w.task);
      }
    }
  }

  private void unlink(Waiter waiter) {
    if (!waiter.linked) {
      return;
    }
    if (waiter.previous == null) {
      head = waiter.next;
    } else {
      waiter.previous.next = waiter.next;
    }
    if (waiter.next == null) {
      tail = waiter.previous;
    } else {
      waiter.next.previous = waiter.previous;
    }
    waiter.linked = false;
    waiter.next = null;
    waiter.previous = null;
    any = head != null;
  }
}

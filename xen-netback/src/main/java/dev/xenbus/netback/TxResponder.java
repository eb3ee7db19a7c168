package dev.xenbus.netback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.netif.TxResponseLayout;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;

/// Answers the tx requests of one queue: the polling thread and the dealloc thread both do.
///
/// A pending slot is freed before its answer is pushed, so that there is a free one for every
/// request that the ring lets through.
final class TxResponder {
  private final BackRing ring;
  private final PendingSlots slots;
  private final Runnable notify;

  private final SpinLock responseLock;

  @GuardedBy("responseLock")
  private boolean isDirty;

  /// Makes it.
  ///
  /// @param notify sends to the frontend; never blocks
  TxResponder(Cpu cpu, BackRing ring, PendingSlots slots, Runnable notify) {
    this.ring = ring;
    this.slots = slots;
    this.notify = notify;
    this.responseLock = cpu.spinLock(LockClass.of("queue->response_lock"));
  }

  /// Returns how many of the requests before `reqProd` may be consumed now: for each of them there
  /// is room for an answer, and a free pending slot.
  ///
  /// The caller has read `reqProd` from the ring before: so whatever the guest knew to be answered
  /// when it pushed them is known here too.
  int consumable(int reqProd, int reqCons) {
    responseLock.lock();
    try {
      int requests = reqProd - reqCons;
      int room = ring.entries() - (reqCons - ring.rspProdPvt());
      int work = Integer.compareUnsigned(requests, room) < 0 ? requests : room;
      return Math.min(work, slots.available());
    } finally {
      responseLock.unlock();
    }
  }

  /// Takes a free pending slot.
  int take() {
    responseLock.lock();
    try {
      Bug.unless(slots.available() > 0, "more requests let through than pending slots");
      return slots.takeLocked();
    } finally {
      responseLock.unlock();
    }
  }

  /// Frees a pending slot and answers its request. Mirrors `xenvif_idx_release`.
  void release(int index, int status) {
    responseLock.lock();
    try {
      int id = slots.id[index];
      int extras = slots.extras[index];
      slots.giveLocked(index);
      respondLocked(id, extras, status);
    } finally {
      responseLock.unlock();
    }
  }

  /// Answers a request that has no pending slot. Mirrors `make_tx_response`.
  void respond(int id, int extras, int status) {
    responseLock.lock();
    try {
      respondLocked(id, extras, status);
    } finally {
      responseLock.unlock();
    }
  }

  @GuardedBy("responseLock")
  private void respondLocked(int id, int extras, int status) {
    int prod = ring.rspProdPvt();
    TxResponseLayout.write(ring.pages(), ring.slot(prod), id, status);
    for (int extra = 1; extra <= extras; extra++) {
      TxResponseLayout.writeFiller(ring.pages(), ring.slot(prod + extra));
    }
    ring.rspProdPvt(prod + 1 + extras);
    isDirty = true;
  }

  /// Shows the answers to the frontend, and tells it if it wants to be told. Mirrors
  /// `push_tx_responses`.
  void push() {
    boolean wanted;
    responseLock.lock();
    try {
      if (!isDirty) {
        return;
      }
      isDirty = false;
      wanted = ring.pushResponsesAndCheckNotify();
    } finally {
      responseLock.unlock();
    }
    if (wanted) {
      notify.run();
    }
  }

  /// Returns how many requests wait for their answer.
  int pending() {
    responseLock.lock();
    try {
      return slots.pending();
    } finally {
      responseLock.unlock();
    }
  }
}

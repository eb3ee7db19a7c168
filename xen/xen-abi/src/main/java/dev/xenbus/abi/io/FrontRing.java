package dev.xenbus.abi.io;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The frontend's end of a shared ring: makes requests and consumes responses.
///
/// Mirrors `FRONT_RING_INIT` and the `RING_*` macros (`xen/include/public/io/ring.h`). The private
/// indices are never read back from the page, so a peer that scribbles over the header can mislead
/// this end about its own progress only.
///
/// Threads: no lock of its own; the owner serialises all calls.
public final class FrontRing {
  /// What [#unconsumedResponses] answers if the backend announced more responses than the ring has
  /// slots: it is broken or hostile, and nothing on the ring can be trusted.
  public static final int BROKEN = -1;

  private final RingPages pages;
  private final MemorySegment header;
  private final int slotBytes;
  private final int entries;
  private final RingPoint point;
  private int reqProdPvt;
  private int rspCons;

  /// Makes the frontend's end of a ring whose header was written by [SharedRing#init]; all private
  /// indices start at 0.
  ///
  /// @param slotBytes size of a slot
  /// @param point called before each access to a shared index
  public FrontRing(RingPages pages, int slotBytes, RingPoint point) {
    this.pages = pages;
    this.header = pages.header();
    this.slotBytes = slotBytes;
    this.entries = SharedRing.entries(pages.bytes(), slotBytes);
    this.point = point;
  }

  /// Returns the pages, whose slots are read and written at [#slot].
  public RingPages pages() {
    return pages;
  }

  /// Returns the number of slots, a power of two.
  public int entries() {
    return entries;
  }

  /// Returns the offset in [#pages] of the slot of the given free-running index.
  public long slot(int index) {
    return SharedRing.SLOTS + (long) (index & (entries - 1)) * slotBytes;
  }

  /// Returns the index of the next request to fill.
  public int reqProdPvt() {
    return reqProdPvt;
  }

  /// Sets the index of the next request to fill; it may run ahead of what is pushed.
  public void reqProdPvt(int index) {
    reqProdPvt = index;
  }

  /// Returns the index of the next response to consume.
  public int rspCons() {
    return rspCons;
  }

  /// Sets the index of the next response to consume.
  public void rspCons(int index) {
    rspCons = index;
  }

  /// Returns how many more requests fit (`RING_FREE_REQUESTS`).
  public int freeRequests() {
    return entries - (reqProdPvt - rspCons);
  }

  /// Returns whether no more request fits (`RING_FULL`).
  public boolean isFull() {
    return freeRequests() == 0;
  }

  /// Makes the filled requests visible without asking whether the backend wants an event
  /// (`RING_PUSH_REQUESTS`).
  public void pushRequests() {
    requireOpen();
    point.point();
    // Release: the backend sees the slots before the index that announces them. Pairs with the
    // acquire in BackRing.reqProd().
    SharedWord.setRelease(header, SharedRing.REQ_PROD, reqProdPvt);
  }

  /// Makes the filled requests visible and returns whether the backend has to be sent an event
  /// (`RING_PUSH_REQUESTS_AND_CHECK_NOTIFY`).
  public boolean pushRequestsAndCheckNotify() {
    requireOpen();
    point.point();
    // Opaque: this end alone writes it. Read from the page as the macro does: a peer that changes
    // it changes only whether it is woken.
    int previous = SharedWord.getOpaque(header, SharedRing.REQ_PROD);
    pushRequests();
    // Full fence: the index is out before req_event is read. Without it both ends can decide to
    // sleep, each believing that the other will be woken. Pairs with the fence in
    // BackRing.finalCheckForRequests().
    VarHandle.fullFence();
    point.point();
    // Opaque: one read; ordered by the fence.
    int event = SharedWord.getOpaque(header, SharedRing.REQ_EVENT);
    return SharedRing.crossed(event, previous, reqProdPvt);
  }

  /// Returns the backend's producer index, read once. The slots before it may be read afterwards.
  public int rspProd() {
    requireOpen();
    point.point();
    // Acquire: no slot is read before the index. Pairs with the release in
    // BackRing.pushResponses().
    return SharedWord.getAcquire(header, SharedRing.RSP_PROD);
  }

  /// Returns whether a producer index read before is impossible: more responses than slots
  /// (`RING_RESPONSE_PROD_OVERFLOW`).
  public boolean isResponseOverflow(int rspProd) {
    return Integer.compareUnsigned(rspProd - rspCons, entries) > 0;
  }

  /// Returns how many responses wait, at most [#entries], or [#BROKEN]. Reads the index once.
  public int unconsumedResponses() {
    int prod = rspProd();
    return isResponseOverflow(prod) ? BROKEN : prod - rspCons;
  }

  /// Asks for an event at the next response, then looks once more
  /// (`RING_FINAL_CHECK_FOR_RESPONSES`).
  ///
  /// @return whether there is something after all (also if it is [#BROKEN]): then do not sleep
  public boolean finalCheckForResponses() {
    if (rspProd() != rspCons) {
      return true;
    }
    rspEvent(rspCons + 1);
    // Full fence: the threshold is out before the producer is looked at again. Pairs with the
    // fence in BackRing.pushResponsesAndCheckNotify().
    VarHandle.fullFence();
    return rspProd() != rspCons;
  }

  /// Sets the threshold without looking: for one who knows that nothing is outstanding, or wants
  /// fewer events.
  public void rspEvent(int index) {
    requireOpen();
    point.point();
    // Opaque: a single store; whoever needs order puts a fence behind it.
    SharedWord.setOpaque(header, SharedRing.RSP_EVENT, index);
  }

  private void requireOpen() {
    if (pages.isClosed()) {
      throw new IllegalStateException("the ring is not mapped any more");
    }
  }
}

package dev.xenbus.abi.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The backend's end of a shared ring: consumes requests and makes responses.
///
/// Mirrors `BACK_RING_ATTACH` and the `RING_*` macros (`xen/include/public/io/ring.h`). The
/// frontend is not trusted: [#unconsumedRequests] never answers more than the ring can take, and
/// the two overflow checks tell a frontend that lies.
///
/// Threads: no lock of its own; the owner serialises all calls.
public final class BackRing {
  private final RingPages pages;
  private final MemorySegment header;
  private final int slotBytes;
  private final int entries;
  private final RingPoint point;
  private int reqCons;
  private int rspProdPvt;

  private BackRing(RingPages pages, int slotBytes, RingPoint point) {
    this.pages = pages;
    this.header = pages.header();
    this.slotBytes = slotBytes;
    this.entries = SharedRing.entries(pages.bytes(), slotBytes);
    this.point = point;
  }

  /// Takes the backend's end of a ring that the frontend set up, and goes on where the page says
  /// that a former backend stopped: both private indices become `rsp_prod`.
  ///
  /// @param slotBytes size of a slot
  /// @param point called before each access to a shared index
  /// @throws IOException if the indices are impossible: more requests unanswered than slots
  public static BackRing attach(RingPages pages, int slotBytes, RingPoint point)
      throws IOException {
    BackRing ring = new BackRing(pages, slotBytes, point);
    point.point();
    // Acquire: read before req_prod, so that a request counted below was pushed after it.
    int rspProd = SharedWord.getAcquire(ring.header, SharedRing.RSP_PROD);
    int reqProd = ring.reqProd();
    if (Integer.compareUnsigned(reqProd - rspProd, ring.entries) > 0) {
      throw new IOException(
          "ring attach: req_prod="
              + Integer.toUnsignedString(reqProd)
              + " rsp_prod="
              + Integer.toUnsignedString(rspProd)
              + " entries="
              + ring.entries);
    }
    ring.reqCons = rspProd;
    ring.rspProdPvt = rspProd;
    return ring;
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

  /// Returns the index of the next request to consume.
  public int reqCons() {
    return reqCons;
  }

  /// Sets the index of the next request to consume.
  public void reqCons(int index) {
    reqCons = index;
  }

  /// Returns the index of the next response to fill.
  public int rspProdPvt() {
    return rspProdPvt;
  }

  /// Sets the index of the next response to fill; it may run ahead of what is pushed.
  public void rspProdPvt(int index) {
    rspProdPvt = index;
  }

  /// Returns the frontend's producer index, read once. The slots before it may be read afterwards.
  public int reqProd() {
    requireOpen();
    point.point();
    // Acquire: no slot is read before the index. Pairs with the release in
    // FrontRing.pushRequests().
    return SharedWord.getAcquire(header, SharedRing.REQ_PROD);
  }

  /// Returns how many requests may be consumed: those that were pushed, less those whose response
  /// would have no room (`RING_HAS_UNCONSUMED_REQUESTS`). 0 to [#entries], whatever the frontend
  /// wrote. Reads the index once.
  public int unconsumedRequests() {
    int requests = reqProd() - reqCons;
    int room = entries - (reqCons - rspProdPvt);
    return Integer.compareUnsigned(requests, room) < 0 ? requests : room;
  }

  /// Returns whether a producer index read before is impossible: more requests unanswered than
  /// slots (`RING_REQUEST_PROD_OVERFLOW`).
  public boolean isRequestOverflow(int reqProd) {
    return Integer.compareUnsigned(reqProd - rspProdPvt, entries) > 0;
  }

  /// Returns whether consuming the request of the given index would overrun responses that are not
  /// made yet (`RING_REQUEST_CONS_OVERFLOW`).
  public boolean isConsumerOverflow(int reqCons) {
    return Integer.compareUnsigned(reqCons - rspProdPvt, entries) >= 0;
  }

  /// Asks for an event at the next request, then looks once more (`RING_FINAL_CHECK_FOR_REQUESTS`).
  ///
  /// @return whether there is something after all: then do not sleep
  public boolean finalCheckForRequests() {
    if (unconsumedRequests() != 0) {
      return true;
    }
    reqEvent(reqCons + 1);
    // Full fence: the threshold is out before the producer is looked at again. Pairs with the
    // fence in FrontRing.pushRequestsAndCheckNotify().
    VarHandle.fullFence();
    return unconsumedRequests() != 0;
  }

  /// Sets the threshold without looking: for one who wants fewer events.
  public void reqEvent(int index) {
    requireOpen();
    point.point();
    // Opaque: a single store; whoever needs order puts a fence behind it.
    SharedWord.setOpaque(header, SharedRing.REQ_EVENT, index);
  }

  /// Makes the filled responses visible without asking whether the frontend wants an event
  /// (`RING_PUSH_RESPONSES`).
  public void pushResponses() {
    requireOpen();
    point.point();
    // Release: the frontend sees the slots before the index that announces them. Pairs with the
    // acquire in FrontRing.rspProd().
    SharedWord.setRelease(header, SharedRing.RSP_PROD, rspProdPvt);
  }

  /// Makes the filled responses visible and returns whether the frontend has to be sent an event
  /// (`RING_PUSH_RESPONSES_AND_CHECK_NOTIFY`).
  public boolean pushResponsesAndCheckNotify() {
    requireOpen();
    point.point();
    // Opaque: this end alone writes it. A peer that changes it changes only whether it is woken.
    int previous = SharedWord.getOpaque(header, SharedRing.RSP_PROD);
    pushResponses();
    // Full fence: the index is out before rsp_event is read. Pairs with the fence in
    // FrontRing.finalCheckForResponses().
    VarHandle.fullFence();
    point.point();
    // Opaque: one read; ordered by the fence.
    int event = SharedWord.getOpaque(header, SharedRing.RSP_EVENT);
    return SharedRing.crossed(event, previous, rspProdPvt);
  }

  private void requireOpen() {
    if (pages.isClosed()) {
      throw new IllegalStateException("the ring is not mapped any more");
    }
  }
}

package dev.xenbus.xenstored.server;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import dev.xenbus.abi.xenstore.XenstoreRing;
import dev.xenbus.machine.Machine;
import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Outbox;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The ring of a domain. What the guest wrote into the page is read once, checked, then used; it
/// may
/// change its own bytes at any time, and hurts nobody else.
final class RingEndpoint extends Endpoint {
  private static final VarHandle FIELD = XenstoreRing.FIELD.varHandle();
  private static final int MASK = XenstoreRing.RING_BYTES - 1;
  private static final int NO_PORT = 0;

  /// Input that is not yet a whole message, at most.
  private static final int INPUT_BYTES_MAX = XenstoreLimits.MESSAGE_BYTES_MAX;

  private final MemorySegment page;
  private final Runnable unmap;
  private final EventDevice events;
  private final Machine machine;
  private int port = NO_PORT;

  /// @param page the shared page
  /// @param unmap gives it back
  RingEndpoint(
      ServerLoop loop,
      Client client,
      MemorySegment page,
      Runnable unmap,
      EventDevice events,
      Machine machine) {
    super(loop, client);
    this.page = page;
    this.unmap = unmap;
    this.events = events;
    this.machine = machine;
  }

  /// Binds the guest's port (or the one that the page names) and starts with empty rings.
  ///
  /// @throws HypercallException what binding says
  void bind(int guestPort) throws HypercallException {
    int preset = load(XenstoreRing.EVTCHN_PORT);
    unbind();
    port =
        events.bindInterdomain(
            Domid.of(client().domid()),
            preset == 0 ? guestPort : preset,
            () -> loop().signal(this));
    input().release();
    store(XenstoreRing.SERVER_FEATURES, client().features());
    store(XenstoreRing.REQ_CONS, 0);
    store(XenstoreRing.REQ_PROD, 0);
    store(XenstoreRing.RSP_CONS, 0);
    store(XenstoreRing.RSP_PROD, 0);
    if (load(XenstoreRing.CONNECTION) == XenstoreRing.CONNECTION_RECONNECT) {
      store(XenstoreRing.CONNECTION, XenstoreRing.CONNECTION_CONNECTED);
      events.notify(port);
    }
  }

  private void unbind() {
    if (port != NO_PORT) {
      events.unbind(port);
      port = NO_PORT;
    }
  }

  // Every access of a shared index is a point where a simulated machine may let the guest go on.
  private int load(long field) {
    machine.point(page);
    return (int) FIELD.getAcquire(page, field);
  }

  private void store(long field, int value) {
    machine.point(page);
    FIELD.setRelease(page, field, value);
  }

  @Override
  boolean isEdgeTriggered() {
    return true;
  }

  @Override
  int fill() {
    int cons = (int) FIELD.get(page, (long) XenstoreRing.REQ_CONS); // plain: only we write it
    // Acquire: the request bytes are read after the index that announces them.
    int prod = load(XenstoreRing.REQ_PROD);
    int available = prod - cons;
    if (Integer.compareUnsigned(available, XenstoreRing.RING_BYTES) > 0) {
      giveUp(XenstoreRing.ERROR_RING_INDEX);
      return 0;
    }
    int count = Math.min(available, INPUT_BYTES_MAX - (input().end() - input().start()));
    if (count == 0) {
      return 0;
    }
    input().reserve(count);
    copyIn(cons, count);
    input().added(count);
    // Release: the bytes were read before the guest may write over them.
    store(XenstoreRing.REQ_CONS, cons + count);
    events.notify(port);
    return count;
  }

  private void copyIn(int cons, int count) {
    int at = cons & MASK;
    int first = Math.min(count, XenstoreRing.RING_BYTES - at);
    byte[] into = input().bytes();
    int end = input().end();
    MemorySegment.copy(page, ValueLayout.JAVA_BYTE, XenstoreRing.REQUESTS + at, into, end, first);
    MemorySegment.copy(
        page, ValueLayout.JAVA_BYTE, XenstoreRing.REQUESTS, into, end + first, count - first);
  }

  @Override
  void flush() {
    Outbox out = client().out();
    if (out.pending() == 0 || client().isIgnored()) {
      return;
    }
    int prod = (int) FIELD.get(page, (long) XenstoreRing.RSP_PROD); // plain: only we write it
    // Acquire: what the guest has read of the old bytes comes before our writing over them.
    int cons = load(XenstoreRing.RSP_CONS);
    int used = prod - cons;
    if (Integer.compareUnsigned(used, XenstoreRing.RING_BYTES) > 0) {
      giveUp(XenstoreRing.ERROR_RING_INDEX);
      return;
    }
    int count = Math.min(out.pending(), XenstoreRing.RING_BYTES - used);
    if (count == 0) {
      return;
    }
    copyOut(out, prod, count);
    out.consumed(count);
    // Release: the guest sees the bytes before the index that announces them.
    store(XenstoreRing.RSP_PROD, prod + count);
    events.notify(port);
    if (out.pending() > 0) {
      // Full fence: our index is out before the guest's is read again. A guest that took bytes
      // meanwhile saw a ring that was not full, and does not notify; without a second look both
      // ends would wait.
      VarHandle.fullFence();
      if (load(XenstoreRing.RSP_CONS) != cons) {
        loop().signal(this);
      }
    }
  }

  private void copyOut(Outbox out, int prod, int count) {
    int at = prod & MASK;
    int first = Math.min(count, XenstoreRing.RING_BYTES - at);
    MemorySegment.copy(
        out.array(), out.offset(), page, ValueLayout.JAVA_BYTE, XenstoreRing.REPLIES + at, first);
    MemorySegment.copy(
        out.array(),
        out.offset() + first,
        page,
        ValueLayout.JAVA_BYTE,
        XenstoreRing.REPLIES,
        count - first);
  }

  @Override
  void protocolError(int length) {
    giveUp(XenstoreRing.ERROR_PROTOCOL);
  }

  private void giveUp(int error) {
    loop().log("domain " + client().domid() + " broke its store ring: error " + error);
    input().release();
    store(XenstoreRing.ERROR, error);
    loop().store().ignore(client());
  }

  @Override
  void hangUp() {
    unbind();
    unmap.run();
  }
}

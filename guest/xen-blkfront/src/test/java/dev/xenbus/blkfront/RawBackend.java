package dev.xenbus.blkfront;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.RingPoint;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.abi.io.blkif.BlockRequestLayout;
import dev.xenbus.abi.io.blkif.BlockResponseLayout;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.testkit.EventStorm;
import dev.xenbus.testkit.vbd.VbdFixture;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A backend that answers whatever a test wants.
final class RawBackend {
  private static final BlockProtocol PROTOCOL = BlockProtocol.X86_64;

  private final VbdFixture vbd;
  private final RingPages slots;
  private final BackRing ring;
  private final EventChannel channel;
  private final EventStorm storm;
  private final MemorySegment slot = Arena.ofAuto().allocate(PROTOCOL.slotBytes(), Long.BYTES);

  private RawBackend(
      VbdFixture vbd, RingPages slots, BackRing ring, EventChannel channel, EventStorm storm) {
    this.vbd = vbd;
    this.slots = slots;
    this.ring = ring;
    this.channel = channel;
    this.storm = storm;
  }

  /// Goes through the states with a frontend that was started, and maps its ring.
  ///
  /// @param nodes what the backend can do, as `name=value`
  static RawBackend connect(VbdFixture vbd, String... nodes) throws IOException {
    vbd.store().write(VbdFixture.BACK + "/state", "2");
    vbd.awaitState(VbdFixture.FRONT, XenbusState.INITIALISED);
    int ref = number(vbd, "ring-ref");
    int port = number(vbd, "event-channel");
    Domid guest = new Domid(VbdFixture.GUEST);
    MappedGrant page = vbd.dom0().grants().map(guest, ref, false);
    RingPages slots = RingPages.of(page.page());
    BackRing ring = BackRing.attach(slots, PROTOCOL.slotBytes(), RingPoint.NONE);
    EventChannel channel = vbd.dom0().events().bindInterdomain(guest, port, "raw", () -> {});
    channel.send(); // Too early: it must not make the frontend deaf.
    var storm = new EventStorm(vbd.guest().sharedInfo(), port, channel);
    var backend = new RawBackend(vbd, slots, ring, channel, storm);
    backend.write("sectors", "1024");
    backend.write("info", "0");
    backend.write("sector-size", "512");
    for (String node : nodes) {
      String[] parts = node.split("=", 2);
      backend.write(parts[0], parts[1]);
    }
    backend.state(XenbusState.CONNECTED);
    return backend;
  }

  private static int number(VbdFixture vbd, String node) {
    return Integer.parseInt(vbd.store().read(VbdFixture.FRONT + "/" + node).orElseThrow());
  }

  void write(String node, String value) {
    vbd.store().write(VbdFixture.BACK + "/" + node, value);
  }

  void state(XenbusState state) {
    write("state", Integer.toString(state.code()));
  }

  BlockRequestLayout layout() {
    return PROTOCOL.request();
  }

  BackRing ring() {
    return ring;
  }

  RingPages slots() {
    return slots;
  }

  EventStorm storm() {
    return storm;
  }

  /// Waits for a request and returns a copy of it.
  MemorySegment next() {
    vbd.await("request", () -> ring.unconsumedRequests() > 0);
    slots.read(ring.slot(ring.reqCons()), slot, 0, PROTOCOL.slotBytes());
    ring.reqCons(ring.reqCons() + 1);
    return slot;
  }

  /// Writes a response.
  void respond(long id, int operation, int status) {
    long at = ring.slot(ring.rspProdPvt());
    slots.setLong(at + BlockResponseLayout.ID, id);
    slots.setByte(at + BlockResponseLayout.OPERATION, (byte) operation);
    slots.setShort(at + BlockResponseLayout.STATUS, (short) status);
    ring.rspProdPvt(ring.rspProdPvt() + 1);
  }

  void push() {
    ring.pushResponses();
    channel.send();
  }
}

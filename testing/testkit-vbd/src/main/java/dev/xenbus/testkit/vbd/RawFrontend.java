package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.RingPoint;
import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.abi.io.blkif.BlockRequestLayout;
import dev.xenbus.abi.io.blkif.BlockResponseLayout;
import dev.xenbus.abi.io.blkif.BlockSegmentLayout;
import dev.xenbus.api.XenbusDevice.GrantedRing;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A frontend that writes whatever a test wants onto the ring.
public final class RawFrontend {
  private final VbdFixture vbd;
  private final BlockProtocol protocol;
  private final GrantedRing granted;
  private final RingPages slots;
  private final FrontRing ring;
  private final EventChannel channel;
  private final MemorySegment slot;

  /// A response.
  ///
  /// @param id of the request
  /// @param operation of the request
  /// @param status what became of it
  public record Response(long id, int operation, int status) {}

  /// A granted page with a byte in it.
  ///
  /// @param page the page
  /// @param ref its reference
  public record Data(Page page, int ref) {}

  /// Makes a ring; publishes nothing yet.
  public RawFrontend(VbdFixture vbd, BlockProtocol protocol, int pages) throws KernelException {
    this.vbd = vbd;
    this.protocol = protocol;
    this.granted = vbd.front().setupRing(pages);
    this.slots = RingPages.of(granted.pages().stream().map(Page::memory).toList());
    SharedRing.init(slots);
    this.ring = new FrontRing(slots, protocol.slotBytes(), RingPoint.NONE);
    this.channel = vbd.front().allocateEventChannel("blkif", bound -> bound.eoi(false));
    this.slot = Arena.ofAuto().allocate(protocol.slotBytes(), Long.BYTES);
  }

  /// Publishes the ring and goes to Initialised.
  ///
  /// @param nodes more nodes, as `name=value`
  public RawFrontend publish(String... nodes) {
    FakeStore store = vbd.store();
    List<Integer> refs = granted.refs();
    if (refs.size() == 1) {
      store.write(VbdFixture.FRONT + "/ring-ref", refs.getFirst().toString());
    } else {
      int order = Integer.numberOfTrailingZeros(refs.size());
      store.write(VbdFixture.FRONT + "/ring-page-order", Integer.toString(order));
      for (int i = 0; i < refs.size(); i++) {
        store.write(VbdFixture.FRONT + "/ring-ref" + i, refs.get(i).toString());
      }
    }
    store.write(VbdFixture.FRONT + "/event-channel", Integer.toString(channel.port()));
    store.write(VbdFixture.FRONT + "/protocol", protocol.abiName());
    for (String node : nodes) {
      String[] parts = node.split("=", 2);
      store.write(VbdFixture.FRONT + "/" + parts[0], parts[1]);
    }
    state(XenbusState.INITIALISED);
    return this;
  }

  /// Writes the frontend's state.
  public void state(XenbusState state) {
    state(state.code());
  }

  /// Publishes a number, which need not be a state's.
  public void state(int code) {
    vbd.store().write(VbdFixture.FRONT + "/state", Integer.toString(code));
  }

  /// Returns the ring.
  public FrontRing ring() {
    return ring;
  }

  /// Returns the ring's pages.
  public RingPages slots() {
    return slots;
  }

  /// Returns where the fields of requests are.
  public BlockRequestLayout layout() {
    return protocol.request();
  }

  /// Returns a private slot, to be filled and given to [#put].
  public MemorySegment slot() {
    return slot;
  }

  /// Grants a page filled with a byte.
  public Data data(int fill, boolean readOnly) throws KernelException {
    Page page = vbd.guest().pages().allocate();
    page.memory().fill((byte) fill);
    int ref = vbd.guest().grants().grantAccess(dev.xenbus.abi.Domid.DOM0, page, readOnly);
    return new Data(page, ref);
  }

  /// Puts a direct request with whole-page segments on the ring.
  public void request(int operation, long id, long sector, List<Data> data) {
    protocol.request().direct(slot, operation, data.size(), 0, id, sector);
    for (int i = 0; i < data.size(); i++) {
      BlockSegmentLayout.fill(slot, protocol.request().segmentOffset(i), data.get(i).ref(), 0, 7);
    }
    put();
  }

  /// Puts an indirect request with whole-page segments on the ring.
  ///
  /// @param count how many segments the request claims to have
  public void indirect(int operation, long id, long sector, List<Data> data, int count)
      throws KernelException {
    protocol.request().indirect(slot, operation, count, 0, id, sector);
    Data descriptors = data(0, true);
    for (int i = 0; i < data.size(); i++) {
      long place = (long) i * BlockSegmentLayout.BYTES;
      BlockSegmentLayout.fill(descriptors.page().memory(), place, data.get(i).ref(), 0, 7);
    }
    protocol.request().indirectRef(slot, 0, descriptors.ref());
    put();
  }

  /// Puts a discard on the ring.
  public void discard(long id, int flags, long sector, long sectors) {
    protocol.request().discard(slot, flags, 0, id, sector, sectors);
    put();
  }

  /// Puts a request with nothing but an operation on the ring.
  public void bare(int operation, long id) {
    request(operation, id, 0, List.of());
  }

  /// Copies [#slot] into the ring.
  public void put() {
    int next = ring.reqProdPvt();
    slots.write(ring.slot(next), slot, 0, protocol.slotBytes());
    ring.reqProdPvt(next + 1);
  }

  /// Makes the requests visible and sends an event.
  public void push() {
    ring.pushRequests();
    channel.send();
  }

  /// Sends an event.
  public void kick() {
    channel.send();
  }

  /// Waits for so many responses.
  public List<Response> await(int count) {
    List<Response> responses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      vbd.await("response " + i, () -> ring.unconsumedResponses() > 0);
      long at = ring.slot(ring.rspCons());
      responses.add(
          new Response(
              slots.getLong(at + BlockResponseLayout.ID),
              Byte.toUnsignedInt(slots.getByte(at + BlockResponseLayout.OPERATION)),
              slots.getShort(at + BlockResponseLayout.STATUS)));
      ring.rspCons(ring.rspCons() + 1);
    }
    return responses;
  }

  /// Puts one request on the ring, and waits for its response.
  public Response call(int operation, long sector, List<Data> data) {
    request(operation, operation, sector, data);
    push();
    return await(1).getFirst();
  }

  /// Reads one page of the disk.
  public byte firstByte(long sector) throws KernelException {
    Data data = data(0xEE, false);
    Response response = call(BlockOperations.READ, sector, List.of(data));
    if (response.status() != 0) {
      throw new AssertionError("read of " + sector + ": " + response);
    }
    return data.page().memory().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
  }

  /// Closes the ring, as a frontend that goes away does.
  public void close() {
    channel.close();
    granted.close();
  }
}

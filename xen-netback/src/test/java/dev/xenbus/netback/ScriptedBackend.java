package dev.xenbus.netback;

import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.abi.io.netif.RxRequestLayout;
import dev.xenbus.abi.io.netif.RxResponseLayout;
import dev.xenbus.abi.io.netif.TxRequestLayout;
import dev.xenbus.abi.io.netif.TxResponseLayout;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.testkit.EventStorm;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// A backend that does exactly what a test says, good or bad, for a real frontend.
final class ScriptedBackend {
  /// One request of the frontend.
  ///
  /// @param gref as it stands there
  /// @param offset as it stands there
  /// @param flags as it stands there
  /// @param id as it stands there
  /// @param size as it stands there
  record TxRequest(int gref, int offset, int flags, int id, int size) {}

  final NetWorld world;
  final TestHost guest;
  final TestDevice frontend;
  final String path;
  final String frontPath;
  MappedGrant txMapping;
  MappedGrant rxMapping;
  BackRing tx;
  BackRing rx;
  EventChannel txChannel;
  EventChannel rxChannel;
  EventStorm txStorm;
  EventStorm rxStorm;

  /// Makes the folders, offers the usual features and connects to the frontend.
  ScriptedBackend(NetWorld world, TestHost guest, String... features) throws Exception {
    this.world = world;
    this.guest = guest;
    this.path = NetWorld.backendPath(guest, 0);
    this.frontPath = NetWorld.frontendPath(guest, 0);
    world.addNodes(guest, 0);
    world.store.write(path + "/feature-rx-copy", "1");
    for (String feature : features) {
      world.store.write(path + "/" + feature, "1");
    }
    world.store.write(path + "/state", "2");
    frontend = world.probeFrontend(guest, 0);
    connect();
  }

  private void connect() throws Exception {
    world.until("frontend", () -> world.state(frontPath).equals("4"));
    txMapping = map("tx-ring-ref");
    rxMapping = map("rx-ring-ref");
    tx = BackRing.attach(RingPages.of(txMapping.page()), NetifLimits.TX_SLOT_BYTES, () -> {});
    rx = BackRing.attach(RingPages.of(rxMapping.page()), NetifLimits.RX_SLOT_BYTES, () -> {});
    String single = world.store.peek(frontPath + "/event-channel");
    txStorm = bind(single.isEmpty() ? world.store.peek(frontPath + "/event-channel-tx") : single);
    rxStorm = single.isEmpty() ? bind(world.store.peek(frontPath + "/event-channel-rx")) : txStorm;
    txChannel = txStorm.from();
    rxChannel = rxStorm.from();
    world.store.write(path + "/state", "4");
    eth().up();
    world.until("link", () -> eth().carrier());
    world.until("buffers", () -> rx.unconsumedRequests() == 256);
  }

  private MappedGrant map(String node) throws KernelException {
    int ref = Integer.parseInt(world.store.peek(frontPath + "/" + node));
    return world.dom0.kernel().grants().map(guest.domid(), ref, false);
  }

  private EventStorm bind(String node) throws KernelException {
    int port = Integer.parseInt(node);
    EventChannel channel =
        world.dom0.kernel().events().bindInterdomain(guest.domid(), port, "script", () -> {});
    channel.send(); // An event without a reason must not make the frontend deaf.
    return new EventStorm(guest.sharedInfo(), port, channel);
  }

  NetDevice eth() {
    return world.eth(guest, 0);
  }

  /// Writes state and closes everything, in the way of an honest backend.
  void release() {
    txChannel.close();
    if (rxChannel.port() != txChannel.port()) {
      rxChannel.close();
    }
    txMapping.close();
    rxMapping.close();
  }

  /// Takes all requests that are there.
  List<TxRequest> txRequests() {
    List<TxRequest> requests = new ArrayList<>();
    int prod = tx.reqProd();
    while (tx.reqCons() != prod) {
      long slot = tx.slot(tx.reqCons());
      RingPages pages = tx.pages();
      requests.add(
          new TxRequest(
              TxRequestLayout.gref(pages, slot),
              TxRequestLayout.offset(pages, slot),
              TxRequestLayout.flags(pages, slot),
              TxRequestLayout.id(pages, slot),
              TxRequestLayout.size(pages, slot)));
      tx.reqCons(tx.reqCons() + 1);
    }
    return requests;
  }

  /// Writes one answer, without showing it.
  void answerTx(int id, int status) {
    TxResponseLayout.write(tx.pages(), tx.slot(tx.rspProdPvt()), id, status);
    tx.rspProdPvt(tx.rspProdPvt() + 1);
  }

  void pushTx() {
    tx.pushResponses();
    txChannel.send();
  }

  /// Fills the next buffer and answers, without showing it.
  void answerRx(byte[] data, int offset, int flags, int status) throws KernelException {
    long slot = rx.slot(rx.reqCons());
    int id = RxRequestLayout.id(rx.pages(), slot);
    int gref = RxRequestLayout.gref(rx.pages(), slot);
    if (data.length > 0) {
      MappedGrant grant = world.dom0.kernel().grants().map(guest.domid(), gref, false);
      MemorySegment.copy(data, 0, grant.page(), ValueLayout.JAVA_BYTE, offset, data.length);
      grant.close();
    }
    rx.reqCons(rx.reqCons() + 1);
    RxResponseLayout.write(rx.pages(), slot, id, offset, flags, status);
    rx.rspProdPvt(rx.reqCons());
  }

  /// Returns the reference in the next buffer's request.
  int nextRxRef() {
    return RxRequestLayout.gref(rx.pages(), rx.slot(rx.reqCons()));
  }

  /// Passes the next slot and returns its offset: for an extra info.
  long nextRxSlot() {
    long slot = rx.slot(rx.reqCons());
    rx.reqCons(rx.reqCons() + 1);
    rx.rspProdPvt(rx.reqCons());
    return slot;
  }

  void pushRx() {
    rx.pushResponses();
    rxChannel.send();
  }
}

package dev.xenbus.netback;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.abi.io.netif.RxRequestLayout;
import dev.xenbus.abi.io.netif.RxResponseLayout;
import dev.xenbus.abi.io.netif.TxRequestLayout;
import dev.xenbus.abi.io.netif.TxResponseLayout;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A frontend that does exactly what a test says, good or bad.
final class ScriptedFrontend {
  /// One answer of the backend.
  ///
  /// @param id as it stands there
  /// @param status as it stands there
  record TxAnswer(int id, int status) {}

  /// One answer of the backend.
  ///
  /// @param id as it stands there
  /// @param offset as it stands there
  /// @param flags as it stands there
  /// @param status as it stands there
  record RxAnswer(int id, int offset, int flags, int status) {}

  final NetWorld world;
  final TestHost guest;
  final TestDevice backend;
  final String path;
  final RingPages txPages;
  final RingPages rxPages;
  final FrontRing tx;
  final FrontRing rx;
  final Page txPage;
  final Page rxPage;
  final int txRef;
  final int rxRef;
  final EventChannel channel;
  private final TreeMap<String, String> nodes = new TreeMap<>();
  private final TreeMap<Integer, Page> granted = new TreeMap<>();
  final AtomicInteger events = new AtomicInteger();

  /// Makes the device's folders and probes the backend, but publishes nothing.
  ScriptedFrontend(NetWorld world, TestHost guest) throws KernelException {
    this.world = world;
    this.guest = guest;
    this.path = NetWorld.frontendPath(guest, 0);
    world.addNodes(guest, 0);
    txPage = guest.kernel().pages().allocate();
    rxPage = guest.kernel().pages().allocate();
    txPages = RingPages.of(txPage.memory());
    rxPages = RingPages.of(rxPage.memory());
    SharedRing.init(txPages);
    SharedRing.init(rxPages);
    tx = new FrontRing(txPages, NetifLimits.TX_SLOT_BYTES, () -> {});
    rx = new FrontRing(rxPages, NetifLimits.RX_SLOT_BYTES, () -> {});
    txRef = guest.kernel().grants().grantAccess(Domid.DOM0, txPage, false);
    rxRef = guest.kernel().grants().grantAccess(Domid.DOM0, rxPage, false);
    channel =
        guest.kernel().events().allocateUnbound(Domid.DOM0, "script", events::incrementAndGet);
    nodes.put("tx-ring-ref", "" + txRef);
    nodes.put("rx-ring-ref", "" + rxRef);
    nodes.put("event-channel", "" + channel.port());
    nodes.put("request-rx-copy", "1");
    nodes.put("feature-rx-notify", "1");
    nodes.put("feature-sg", "1");
    nodes.put("feature-gso-tcpv4", "1");
    nodes.put("feature-gso-tcpv6", "1");
    backend = world.probeBackend(guest, 0);
    world.until("backend waits", () -> backend.state().code() >= 2);
  }

  /// Changes what is published.
  ScriptedFrontend with(String node, String value) {
    nodes.put(node, value);
    return this;
  }

  /// Does not publish a node.
  ScriptedFrontend without(String node) {
    nodes.remove(node);
    return this;
  }

  /// Publishes the nodes and goes to Connected.
  ScriptedFrontend publish() {
    publishNodes();
    state(4);
    return this;
  }

  /// Publishes the nodes alone.
  void publishNodes() {
    nodes.forEach((node, value) -> world.store.write(path + "/" + node, value));
  }

  /// Publishes, and waits until the backend is connected with its link up.
  ScriptedFrontend connect() {
    publish();
    world.hotplug(guest, 0);
    world.until("connected", () -> world.state(backendPath()).equals("4"));
    world.until("link", () -> world.vif(guest, 0).carrier());
    return this;
  }

  String backendPath() {
    return NetWorld.backendPath(guest, 0);
  }

  void state(int state) {
    world.store.write(path + "/state", "" + state);
  }

  /// Grants a page to the backend.
  int grant(byte[] content, boolean readOnly) throws KernelException {
    Page page = guest.kernel().pages().allocate();
    MemorySegment.copy(content, 0, page.memory(), ValueLayout.JAVA_BYTE, 0, content.length);
    int ref = guest.kernel().grants().grantAccess(Domid.DOM0, page, readOnly);
    granted.put(ref, page);
    return ref;
  }

  Page page(int ref) {
    return java.util.Objects.requireNonNull(granted.get(ref));
  }

  /// Puts a request into the next slot, without showing it.
  void request(int gref, int offset, int flags, int id, int size) {
    int prod = tx.reqProdPvt();
    TxRequestLayout.write(txPages, tx.slot(prod), gref, offset, flags, id, size);
    tx.reqProdPvt(prod + 1);
  }

  /// Returns the offset of the next slot and passes it: for an extra info.
  long nextTxSlot() {
    int prod = tx.reqProdPvt();
    tx.reqProdPvt(prod + 1);
    return tx.slot(prod);
  }

  /// Shows the requests and sends an event.
  void push() {
    tx.pushRequests();
    channel.send();
  }

  /// Sends one packet of one slot and pushes it.
  void send(byte[] content, int id) throws KernelException {
    request(grant(content, true), 0, 0, id, content.length);
    push();
  }

  /// Takes all answers that are there.
  List<TxAnswer> txAnswers() {
    List<TxAnswer> answers = new ArrayList<>();
    int prod = tx.rspProd();
    while (tx.rspCons() != prod) {
      long slot = tx.slot(tx.rspCons());
      answers.add(
          new TxAnswer(TxResponseLayout.id(txPages, slot), TxResponseLayout.status(txPages, slot)));
      tx.rspCons(tx.rspCons() + 1);
    }
    return answers;
  }

  /// Waits for so many answers and takes them.
  List<TxAnswer> awaitTx(int count) {
    List<TxAnswer> answers = new ArrayList<>();
    world.until(
        count + " answers",
        () -> {
          answers.addAll(txAnswers());
          return answers.size() >= count;
        });
    return answers;
  }

  /// Posts an empty buffer and shows it; its id is its slot.
  int postRx() throws KernelException {
    int prod = rx.reqProdPvt();
    int ref = grant(new byte[0], false);
    RxRequestLayout.write(rxPages, rx.slot(prod), prod & 255, ref);
    rx.reqProdPvt(prod + 1);
    if (rx.pushRequestsAndCheckNotify()) {
      channel.send();
    }
    return ref;
  }

  /// Takes all answers that are there.
  List<RxAnswer> rxAnswers() {
    List<RxAnswer> answers = new ArrayList<>();
    int prod = rx.rspProd();
    while (rx.rspCons() != prod) {
      long slot = rx.slot(rx.rspCons());
      answers.add(
          new RxAnswer(
              RxResponseLayout.id(rxPages, slot),
              RxResponseLayout.offset(rxPages, slot),
              RxResponseLayout.flags(rxPages, slot),
              RxResponseLayout.status(rxPages, slot)));
      rx.rspCons(rx.rspCons() + 1);
    }
    return answers;
  }

  /// Waits for so many answers and takes them.
  List<RxAnswer> awaitRx(int count) {
    List<RxAnswer> answers = new ArrayList<>();
    world.until(
        count + " rx answers",
        () -> {
          answers.addAll(rxAnswers());
          return answers.size() >= count;
        });
    return answers;
  }
}

package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/// A store with a made-up hypervisor; after each test its accounts must agree with its tree.
abstract class StoreFixture {
  final FakeHost host = new FakeHost();
  final Store store = new Store(host);
  final Peer s1 = socket();
  final Peer s2 = socket();

  final Peer socket() {
    return new Peer(store, store.connect());
  }

  /// Makes and introduces a domain and returns its ring's client.
  final Peer guest(int domid) {
    host.create(domid);
    return introduce(domid);
  }

  final Peer introduce(int domid) {
    assertEquals("OK", s1.ask(MessageType.INTRODUCE, 0, domid + "|1|" + (domid + 10) + "|"));
    return new Peer(store, store.ringOf(domid).orElseThrow());
  }

  /// Makes nodes below a folder: exactly so many, a hundred in each of its folders, so that no list
  /// of children grows beyond the quota of its node.
  static void fill(Peer peer, String base, int count) {
    for (int i = 0; i < count; i++) {
      assertEquals("OK", peer.mkdir(filled(base, i)));
    }
  }

  /// The path of a node that [#fill] makes.
  static String filled(String base, int index) {
    String folder = base + "/d" + index / 101;
    return index % 101 == 0 ? folder : folder + "/n" + index % 101;
  }

  /// Kills a domain and lets the store see it.
  final void die(int domid) {
    host.die(domid);
    store.scanDomains();
  }

  @AfterEach
  void accountsAgreeWithTheTree() {
    assertEquals(List.of(), store.check());
  }
}

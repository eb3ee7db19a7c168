package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Transactions that came to conflict over a node take turns from then on.
class HoldsTest extends StoreFixture {
  @BeforeEach
  void conflictOverANode() {
    s1.write("/hot", "0");
    int tx = s1.start();
    s1.write(tx, "/hot", "1");
    s2.write("/hot", "2");
    assertEquals("EAGAIN", s1.commit(tx));
  }

  @Test
  void secondTransactionWaitsForTheFirst() {
    int first = s1.start();
    int second = s2.start();
    assertEquals("2", s1.read(first, "/hot"));
    assertFalse(s2.tryPost(MessageType.READ, second, "/hot|"));
    assertTrue(s2.client.isHeld());
    assertEquals(Optional.empty(), store.nextResumed());
    s1.write(first, "/hot", "3");
    assertEquals("OK", s1.commit(first));
    assertEquals(Optional.of(s2.client), store.nextResumed());
    assertFalse(s2.client.isHeld());
    assertEquals("3", s2.read(second, "/hot"));
    s2.write(second, "/hot", "4");
    assertEquals("OK", s2.commit(second));
  }

  @Test
  void writersOutsideOfTransactionsWaitTooAndReadersDoNot() {
    int first = s1.start();
    s1.read(first, "/hot");
    assertTrue(s2.tryPost(MessageType.READ, 0, "/hot|"));
    for (MessageType type : new MessageType[] {MessageType.MKDIR, MessageType.RM}) {
      assertFalse(s2.tryPost(type, 0, "/hot|"));
    }
    assertFalse(s2.tryPost(MessageType.WRITE, 0, "/hot|x"));
    s1.abort(first);
    assertTrue(s2.tryPost(MessageType.WRITE, 0, "/hot|x"));
  }

  @Test
  void nobodyWaitsForItself() {
    int first = s1.start();
    int second = s1.start();
    s1.read(first, "/hot");
    assertTrue(s1.tryPost(MessageType.READ, second, "/hot|"));
    assertTrue(s1.tryPost(MessageType.WRITE, 0, "/hot|x"));
    assertEquals("EAGAIN", s1.commit(first));
  }

  @Test
  void nobodyWaitsForLong() {
    int first = s1.start();
    int second = s2.start();
    s1.read(first, "/hot");
    assertFalse(s2.tryPost(MessageType.READ, second, "/hot|"));
    assertEquals(store.time() + Holds.HOLD_NANOS, store.nextChange(s2.client));
    store.setTime(store.time() + Holds.HOLD_NANOS);
    store.refresh(s2.client);
    assertFalse(s2.client.isHeld());
    assertTrue(s2.tryPost(MessageType.READ, second, "/hot|"));
    s2.write(second, "/hot", "x");
    assertEquals("OK", s2.commit(second));
    assertEquals("EAGAIN", s1.commit(first));
  }

  @Test
  void guestsNeverMakeOthersWait() {
    Peer d5 = guest(5);
    s1.chmod("/hot", "b5");
    int first = d5.start();
    d5.read(first, "/hot");
    assertTrue(s2.tryPost(MessageType.WRITE, 0, "/hot|x"));
    int second = s2.start();
    s2.read(second, "/hot");
    assertFalse(d5.tryPost(MessageType.WRITE, 0, "/hot|y"));
    assertEquals(0, d5.client.domain().use(Quota.OUTSTANDING));
  }

  @Test
  void endOfTheHolderLetsTheNextOneGo() {
    int first = s1.start();
    s1.read(first, "/hot");
    Peer s3 = socket();
    assertFalse(s2.tryPost(MessageType.WRITE, 0, "/hot|x"));
    assertFalse(s3.tryPost(MessageType.WRITE, 0, "/hot|y"));
    store.disconnect(s2.client);
    store.disconnect(s1.client);
    assertEquals(Optional.of(s3.client), store.nextResumed());
    assertEquals(Optional.empty(), store.nextResumed());
  }

  @Test
  void nodeCoolsDownWhenNobodyWaits() {
    for (int i = 0; i < 64; i++) {
      int tx = s1.start();
      s1.read(tx, "/hot");
      s1.commit(tx);
    }
    int tx = s1.start();
    s1.read(tx, "/hot");
    assertTrue(s2.tryPost(MessageType.WRITE, 0, "/hot|x"));
    assertEquals("EAGAIN", s1.commit(tx));
  }
}

package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Saving a store and restoring it.
class StateTest extends StoreFixture {
  private static final int NODES = 100_000;
  private static final int FUZZ_ROUNDS = 3_000;

  private static byte[] save(Store store) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    store.save(out);
    return out.toByteArray();
  }

  private Store restored(byte[] saved) throws IOException {
    Store other = new Store(host);
    other.restore(new ByteArrayInputStream(saved));
    assertEquals(List.of(), other.check());
    return other;
  }

  /// What is used now, without what was used at most.
  private static String uses(String quotas) {
    return quotas.replaceAll("\\(max .*?\\)", "");
  }

  @Test
  void nodesWithPermissionsAndOrderSurvive() throws Exception {
    Peer d5 = guest(5);
    s1.write("/b", "1");
    s1.write("/a", "2");
    s1.chmod("/a", "n0 r5 b9");
    s1.write("/local/domain/5/data/x", "");
    s1.chmod("/local/domain/5/data", "n5");
    d5.write("data/mine", "\1\2|end");
    Store other = restored(save(store));
    Peer after = new Peer(other, other.connect());
    assertEquals("tool|b|a|local|", after.directory("/"));
    assertEquals("n0|r5|b9|", after.perms("/a"));
    assertEquals("\1\2|end", after.read("/local/domain/5/data/mine"));
    assertEquals(uses(s1.control("quota|5")), uses(after.control("quota|5")));
    Peer guest = new Peer(other, other.ringOf(5).orElseThrow());
    assertEquals("OK", guest.write("data/more", "1"));
    assertEquals("2", guest.read("/a"));
    assertArrayEquals(save(other), save(restored(save(other))));
  }

  @Test
  void limitsFeaturesTargetsAndWatchesOfRingsSurvive() throws Exception {
    Peer d5 = guest(5);
    guest(6);
    s1.ask(MessageType.SET_QUOTA, 0, "5|nodes|77|");
    s1.ask(MessageType.SET_QUOTA, 0, "watches|99|");
    s1.ask(MessageType.SET_TARGET, 0, "5|6|");
    assertEquals("OK", d5.watch("data", "relative"));
    assertEquals("OK", d5.watch("/local/domain/6", "deep", "1"));
    s1.watch("/", "of a socket");
    Store other = restored(save(store));
    Peer after = new Peer(other, other.connect());
    assertEquals("77|", after.ask(MessageType.GET_QUOTA, 0, "5|nodes|"));
    assertEquals("99|", after.ask(MessageType.GET_QUOTA, 0, "watches|"));
    assertEquals("T|", after.ask(MessageType.IS_DOMAIN_INTRODUCED, 0, "6|"));
    Peer guest = new Peer(other, other.ringOf(5).orElseThrow());
    after.write("/local/domain/5/data/x", "1");
    after.chmod("/local/domain/5/data/x", "n5");
    after.write("/local/domain/5/data/x", "1");
    after.write("/local/domain/6/y/z", "1");
    after.chmod("/local/domain/6", "n6");
    assertEquals(List.of("data/x relative", "/local/domain/6 deep"), guest.events());
    assertEquals("EEXIST", guest.watch("data", "relative"));
  }

  @Test
  void predecessorsEntriesStayDead() throws Exception {
    guest(7);
    s1.write("/a", "secret");
    s1.chmod("/a", "n0 r7 r8");
    host.die(7);
    host.create(7);
    Peer second = introduce(7);
    guest(8);
    assertEquals("EACCES", second.read("/a"));
    Store other = restored(save(store));
    assertEquals("EACCES", new Peer(other, other.ringOf(7).orElseThrow()).read("/a"));
    assertEquals("EACCES", new Peer(other, other.ringOf(8).orElseThrow()).read("/a"));
  }

  @Test
  void hundredThousandNodesWithRandomBytes() throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < NODES; i++) {
      byte[] value = new byte[random.nextInt(40)];
      random.nextBytes(value);
      s1.write("/n/" + i % 100 + "/" + i, Bytes.text(value));
    }
    byte[] saved = save(store);
    Store other = restored(saved);
    assertArrayEquals(saved, save(other));
    Peer after = new Peer(other, other.connect());
    for (int i = 0; i < NODES; i += 997) {
      assertEquals(s1.read("/n/" + i % 100 + "/" + i), after.read("/n/" + i % 100 + "/" + i));
    }
  }

  @Test
  void openTransactionsAreRefused() throws Exception {
    int tx = s1.start();
    assertEquals(
        "transactions are open: A1 has 1",
        assertThrows(IllegalStateException.class, () -> save(store)).getMessage());
    s1.abort(tx);
    assertTrue(save(store).length > 0);
  }

  @Test
  void everyTruncationIsNoticed() throws Exception {
    guest(5).watch("a", "b");
    byte[] saved = save(store);
    for (int length = 0; length < saved.length; length++) {
      byte[] part = Arrays.copyOf(saved, length);
      BadState bad = assertThrows(BadState.class, () -> restored(part), "length " + length);
      assertEquals("byte " + length + ": ends in the middle", bad.getMessage());
    }
    assertEquals(
        "byte " + saved.length + ": more behind the end",
        assertThrows(BadState.class, () -> restored(Arrays.copyOf(saved, saved.length + 1)))
            .getMessage());
  }

  @Test
  void wrongVersionAndOtherFilesAreNamed() {
    byte[] text = Bytes.of("#!/bin/sh\n# this is a script\n");
    assertEquals(
        "byte 0: no saved store: it does not begin with 'xenstore'",
        assertThrows(BadState.class, () -> restored(text)).getMessage());
    byte[] newer = Bytes.of("xenstore\0\0\0\3\0\0\0\0");
    assertEquals(
        "byte 8: version 3; 1 and 2 can be read",
        assertThrows(BadState.class, () -> restored(newer)).getMessage());
  }

  /// Whatever the bytes: a store whose accounts agree with its tree, or one clear refusal.
  @Test
  void changedBytesAreRefusedOrLeaveASoundStore() throws Exception {
    Peer d5 = guest(5);
    d5.watch("data", "t");
    s1.write("/local/domain/5/data", "value");
    s1.chmod("/local/domain/5/data", "n5 r6");
    byte[] saved = save(store);
    SplittableRandom random = new SplittableRandom(7);
    int refused = 0;
    for (int i = 0; i < FUZZ_ROUNDS; i++) {
      byte[] changed = saved.clone();
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      try {
        restored(changed);
      } catch (BadState e) {
        assertTrue(e.toString().contains("byte "), e.toString());
        refused++;
      }
    }
    assertTrue(refused > FUZZ_ROUNDS / 4 && refused < FUZZ_ROUNDS, "refused " + refused);
  }
}

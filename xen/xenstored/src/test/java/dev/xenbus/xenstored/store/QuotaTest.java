package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Specification 2.5 and 6; corner cases 24, 57 to 60.
class QuotaTest extends StoreFixture {
  private Peer d5 = s1;

  @BeforeEach
  void giveGuestAFolder() {
    d5 = guest(5);
    s1.mkdir("/p");
    s1.chmod("/p", "b5");
  }

  @Test
  void nodesUpToOneBelowTheLimit() {
    fill(d5, "/p", 998);
    assertEquals("ENOSPC", d5.mkdir("/p/more"));
    assertEquals("OK", d5.write("/p/d0/n1", "x"));
    assertEquals("OK", d5.rm("/p/d0/n2"));
    assertEquals("OK", d5.mkdir("/p/more"));
    assertEquals("OK", s1.mkdir("/p/by-dom0"));
  }

  @Test
  void partOfACreationIsNoCreation() {
    fill(d5, "/p", 996);
    assertEquals("ENOSPC", d5.write("/p/a/b/c", ""));
    assertEquals("ENOENT", s1.read("/p/a"));
  }

  @Test
  void brokenQuotaInsideDoomsTheTransaction() {
    fill(d5, "/p", 996);
    s2.watch("/p", "t");
    s2.events();
    int tx = d5.start();
    assertEquals("OK", d5.mkdir(tx, "/p/a"));
    assertEquals("OK", d5.mkdir(tx, "/p/b"));
    assertEquals("ENOSPC", d5.mkdir(tx, "/p/c"));
    assertEquals("ENOMEM", d5.commit(tx));
    assertEquals("ENOENT", s1.read("/p/a"));
    assertEquals(List.of(), s2.events());
  }

  @Test
  void nodesThatOthersMadeMeanwhileCountAtTheCommit() {
    s1.mkdir("/q");
    s1.chmod("/q", "b5");
    fill(d5, "/p", 990);
    int tx = d5.start();
    for (int i = 0; i < 6; i++) {
      assertEquals("OK", d5.mkdir(tx, "/p/t" + i));
    }
    for (int i = 0; i < 6; i++) {
      assertEquals("OK", d5.mkdir("/q/o" + i));
    }
    assertEquals("ENOSPC", d5.commit(tx));
  }

  @Test
  void removingInATransactionMakesRoom() {
    fill(d5, "/p", 998);
    int tx = d5.start();
    assertEquals("OK", d5.rm(tx, "/p/d0/n1"));
    assertEquals("OK", d5.mkdir(tx, "/p/new"));
    assertEquals("OK", d5.commit(tx));
  }

  @Test
  void watchesUpToOneBelowTheLimit() {
    for (int i = 0; i < 127; i++) {
      assertEquals("OK", d5.watch("/p", "t" + i));
    }
    assertEquals("ENOSPC", d5.watch("/p", "more"));
    d5.unwatch("/p", "t0");
    assertEquals("OK", d5.watch("/p", "more"));
  }

  @Test
  void transactionsUpToOneBelowTheLimit() {
    for (int i = 0; i < 9; i++) {
      d5.start();
    }
    assertEquals("ENOSPC", d5.ask(MessageType.TRANSACTION_START, 0, "|"));
    d5.abort(3);
    assertEquals("10|", d5.ask(MessageType.TRANSACTION_START, 0, "|"));
  }

  @Test
  void nodesTouchedInATransactionUpToOneBelowTheLimit() {
    int tx = d5.start();
    for (int i = 0; i < 1022; i++) {
      assertEquals("ENOENT", d5.read(tx, "/p/miss" + i));
    }
    assertEquals("ENOSPC", d5.read(tx, "/p/one-too-many"));
    assertEquals("ENOENT", d5.read(tx, "/p/miss0"));
    assertEquals("ENOMEM", d5.commit(tx));
  }

  @Test
  void permissionEntriesUpToOneBelowTheLimit() {
    assertEquals("OK", d5.chmod("/p", "n5 r0 r5 r5"));
    assertEquals("ENOSPC", d5.chmod("/p", "n5 r0 r5 r5 r5"));
    assertEquals("ENOSPC", d5.chmod("/p", "x x x x x"));
    assertEquals("OK", s1.chmod("/p", "n5 r0 r5 r5 r5 r5 r5"));
  }

  @Test
  void nodeSizeUpToOneBelowTheLimit() {
    assertEquals("OK", d5.write("/p/x", "v".repeat(2023)));
    assertEquals("ENOSPC", d5.write("/p/x", "v".repeat(2024)));
    assertEquals("ENOSPC", d5.write("/p/y", "v".repeat(2024)));
    assertEquals("OK", s1.write("/p/x", "v".repeat(4000)));
  }

  @Test
  void namesOfChildrenCountForTheParent() {
    int names = 2048 - 24 - 1;
    assertEquals("OK", d5.mkdir("/p/" + "a".repeat(1000)));
    assertEquals("ENOSPC", d5.mkdir("/p/" + "b".repeat(names - 1001)));
    assertEquals("OK", d5.mkdir("/p/" + "b".repeat(names - 1002)));
  }

  @Test
  void unreadRepliesStopTheService() {
    for (int i = 0; i < 20; i++) {
      assertTrue(d5.client.mayBeServed());
      d5.post(MessageType.READ.code(), 0, "/p|");
    }
    assertFalse(d5.client.mayBeServed());
    d5.client.out().consumed(16);
    assertTrue(d5.client.mayBeServed());
    d5.drain();
    assertEquals(0, d5.client.domain().use(Quota.OUTSTANDING));
  }

  @Test
  void eventsThatOthersDoNotTakeCountForTheirCauser() {
    Peer d6 = guest(6);
    s1.chmod("/p", "b5 r6");
    d6.watch("/p", "t");
    d6.events();
    for (int i = 0; i < 20; i++) {
      assertEquals("OK", d5.mkdir("/p/n" + i));
    }
    assertFalse(d5.client.mayBeServed());
    d6.drain();
    assertTrue(d5.client.mayBeServed());
  }

  @Test
  void victimOfAFloodMayStillWrite() {
    Peer d6 = guest(6);
    s1.chmod("/p", "b5 r6");
    s1.mkdir("/v");
    s1.chmod("/v", "b6");
    d6.watch("/p", "t".repeat(2000));
    d6.events();
    for (int i = 0; i < 900; i++) {
      d5.mkdir("/p/n" + i);
      d5.write("/p/n" + i + "/x", "");
      d5.rm("/p/n" + i);
      store.refresh(d5.client);
    }
    assertTrue(d6.client.domain().use(Quota.MEMORY) <= 2_621_440);
    assertEquals("OK", d6.write("/v/x", "mine"));
  }

  @Test
  void bytesAreBounded() {
    int written = 0;
    while (d5.write("/p/n" + written, "v".repeat(2000)).equals("OK")) {
      written++;
    }
    assertTrue(written <= 999);
    s1.control("quota|set|memory|300000");
    assertFalse(d5.client.mayBeServed());
    s1.control("quota|set|memory|2621440");
    assertTrue(d5.client.mayBeServed());
  }

  @Test
  void writersAreSlowedWhileOthersHaveTransactionsOpen() {
    s1.start();
    int written = 0;
    while (d5.client.mayBeServed() && written < 1000) {
      d5.write("/p/x", "" + written);
      written++;
    }
    assertTrue(written > 5 && written < 100, "written " + written);
    store.setTime(1_000_000_000L);
    store.refresh(d5.client);
    assertTrue(d5.client.mayBeServed());
    assertEquals("OK", s2.write("/p/x", "privileged"));
  }

  @Test
  void quotasAreReadAndSetByName() {
    assertEquals(
        "nodes watches outstanding memory transactions transaction-nodes node-permissions"
            + " path-max node-size soft-memory|",
        s1.ask(MessageType.GET_QUOTA, 0, ""));
    assertEquals("1000|", s1.ask(MessageType.GET_QUOTA, 0, "nodes|"));
    assertEquals("OK", s1.ask(MessageType.SET_QUOTA, 0, "5|nodes|3|"));
    assertEquals("3|", s1.ask(MessageType.GET_QUOTA, 0, "5|nodes|"));
    assertEquals("1000|", s1.ask(MessageType.GET_QUOTA, 0, "nodes|"));
    assertEquals("OK", d5.mkdir("/p/a"));
    assertEquals("ENOSPC", d5.mkdir("/p/b"));
    assertEquals("OK", s1.ask(MessageType.SET_QUOTA, 0, "5|nodes|0|"));
    assertEquals("OK", d5.mkdir("/p/b"));
    assertEquals("OK", s1.ask(MessageType.SET_QUOTA, 0, "soft-memory|1|"));
    assertEquals("1|", s1.ask(MessageType.GET_QUOTA, 0, "5|soft-memory|"));
    assertEquals("ENOENT", s1.ask(MessageType.GET_QUOTA, 0, "77|nodes|"));
    for (String bad : new String[] {"nodes|", "no|1|", "nodes|x|", "nodes|-1|", "a|b|c|d|"}) {
      assertEquals("EINVAL", s1.ask(MessageType.SET_QUOTA, 0, bad), bad);
    }
    assertEquals("EINVAL", s1.ask(MessageType.GET_QUOTA, 0, "none|"));
  }

  @Test
  void controlHelpsAndShows() {
    assertTrue(s1.control("help").startsWith("check           \nlog             "));
    assertEquals("OK", s1.control("check"));
    assertTrue(s1.control("quota").contains("nodes            :     1000 Nodes per domain\n"));
    assertTrue(s1.control("quota|5").contains("nodes            :        1 (max        1)\n"));
    assertEquals("ENOENT", s1.control("quota|77"));
    assertEquals("OK", s1.control("quota|set|nodes|5"));
    assertEquals("EINVAL", s1.control("quota|set|nodes|0"));
    assertEquals("EINVAL", s1.control("quota|set|none|1"));
    assertTrue(s1.control("quota|max").startsWith("Max. seen accounting values:\n"));
    assertEquals("OK", s1.control("log|on"));
    assertTrue(s1.control("log").contains("io      : on\n"));
    assertEquals("OK", s1.control("log|-io"));
    assertEquals("EINVAL", s1.control("log|+nothing"));
    assertEquals("EINVAL", s1.control("memreport"));
    assertEquals("OK", s1.control("memreport|/tmp/x"));
    assertEquals("OK", s1.control("logfile|/tmp/x"));
    assertEquals("OK", s1.control("print|hello"));
    assertEquals("EINVAL", s1.control("bogus"));
    assertEquals("EINVAL", s1.ask(MessageType.CONTROL, 0, ""));
  }
}

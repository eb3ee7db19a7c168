package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Where the real daemons differ: each fact under each dialect, in the order c, c-4.17, ocaml.
class DialectTest {
  private FakeHost host = new FakeHost();
  private Store store = new Store(host);
  private Peer s1 = new Peer(store, store.connect());

  private void start(StoreSettings settings) {
    host = new FakeHost();
    store = new Store(host, settings);
    s1 = new Peer(store, store.connect());
  }

  private Peer guest(int domid) {
    host.create(domid);
    assertEquals("OK", s1.ask(MessageType.INTRODUCE, 0, domid + "|1|1|"));
    return new Peer(store, store.ringOf(domid).orElseThrow());
  }

  private interface Fact {
    Object look() throws Exception;
  }

  private void fact(Object c, Object c417, Object ocaml, Fact fact) {
    Map<Dialect, Object> wanted = Map.of(Dialect.C, c, Dialect.C_4_17, c417, Dialect.OCAML, ocaml);
    for (Dialect dialect : Dialect.values()) {
      start(StoreSettings.of(dialect));
      try {
        assertEquals(wanted.get(dialect), fact.look(), dialect.label());
      } catch (Exception e) {
        throw new AssertionError(dialect.label(), e);
      }
      assertEquals(List.of(), store.check());
    }
  }

  private void fact(Object c, Object ocaml, Fact fact) {
    fact(c, c, ocaml, fact);
  }

  /// Does something until it fails.
  private static String untilRefused(java.util.function.IntFunction<String> action) {
    for (int i = 0; ; i++) {
      String reply = action.apply(i);
      if (reply.matches("E[A-Z0-9]+")) {
        return i + " " + reply;
      }
    }
  }

  @Test
  void unknownTransactions() {
    fact("ENOENT", "EIO", () -> s1.read(99, "/"));
    fact("ENOENT", "EIO", () -> s1.ask(MessageType.GET_DOMAIN_PATH, 99, "1|"));
    fact("ENOENT", "ENOENT", () -> s1.commit(0));
  }

  @Test
  void typesThatAreTooNew() {
    fact("OK", "ENOSYS", "ENOSYS", () -> s1.ask(MessageType.SET_QUOTA, 0, "nodes|1|"));
    fact("0||", "ENOSYS", () -> s1.part("/tool", 99).replaceFirst("^[0-9]+", "0"));
    fact("OK", "EINVAL", "EINVAL", () -> s1.watch("/a", "t", "1"));
  }

  @Test
  void quotaOfWatches() {
    fact(
        "127 ENOSPC",
        "129 E2BIG",
        "101 EQUOTA",
        () -> {
          Peer d5 = guest(5);
          return untilRefused(i -> d5.watch("/w" + i, "t"));
        });
  }

  @Test
  void quotaOfTransactions() {
    fact(
        "9 ENOSPC",
        "11 ENOSPC",
        "11 EQUOTA",
        () -> {
          Peer d5 = guest(5);
          return untilRefused(i -> d5.ask(MessageType.TRANSACTION_START, 0, "|"));
        });
  }

  @Test
  void quotaOfNodes() {
    fact(
        "998 ENOSPC",
        "999 ENOSPC",
        "999 EQUOTA",
        () -> {
          Peer d5 = guest(5);
          s1.mkdir("/g");
          s1.chmod("/g", "n5");
          return untilRefused(i -> d5.mkdir(i == 0 ? "/g/d0" : StoreFixture.filled("/g", i)));
        });
  }

  @Test
  void quotaOfPermissions() {
    fact(
        "4",
        "5",
        "20",
        () -> {
          Peer d5 = guest(5);
          s1.mkdir("/g");
          s1.chmod("/g", "n5");
          int entries = 1;
          while (entries < 20 && d5.chmod("/g", "n5" + " r5".repeat(entries)).equals("OK")) {
            entries++;
          }
          return Integer.toString(entries);
        });
  }

  @Test
  void longestValues() {
    fact(
        "2023",
        "2015",
        "2048",
        () -> {
          Peer d5 = guest(5);
          s1.mkdir("/g");
          s1.chmod("/g", "n5");
          int length = 2000;
          while (d5.write("/g", "v".repeat(length + 1)).equals("OK")) {
            length++;
          }
          return Integer.toString(length);
        });
    fact("OK", "E2BIG", () -> s1.write("/a", "v".repeat(2049)));
  }

  @Test
  void directoryOrder() {
    fact(
        "b|a|",
        "a|b|",
        () -> {
          s1.mkdir("/x/b");
          s1.mkdir("/x/a");
          return s1.directory("/x");
        });
  }

  @Test
  void eventsAndReplies() {
    fact(
        List.of("event /a t", "reply OK"),
        List.of("reply OK", "event /a t"),
        () -> {
          s1.watch("/a", "t");
          s1.events();
          s1.post(MessageType.WRITE.code(), 0, "/a|1");
          s1.drain();
          return List.copyOf(s1.inbox);
        });
  }

  @Test
  void equalEventsThatWait() {
    fact(
        List.of("/a t"),
        List.of("/a t", "/a t"),
        () -> {
          s1.watch("/a", "t");
          s1.events();
          Peer s2 = new Peer(store, store.connect());
          s2.write("/a", "1");
          s2.write("/a", "2");
          return s1.events();
        });
  }

  @Test
  void ownersAndEntries() {
    fact(
        "b5|",
        "b0|",
        () -> {
          Peer d5 = guest(5);
          s1.mkdir("/p");
          s1.chmod("/p", "b0");
          d5.write("/p/x", "1");
          return s1.perms("/p/x");
        });
    fact(
        "EPERM",
        "EACCES",
        () -> {
          Peer d5 = guest(5);
          s1.mkdir("/p");
          s1.chmod("/p", "n5");
          guest(7);
          return d5.chmod("/p", "n7");
        });
    fact(
        "ENOENT",
        "OK",
        () -> {
          s1.mkdir("/p");
          return s1.chmod("/p", "n9");
        });
    fact(
        "EACCES",
        "",
        () -> {
          s1.mkdir("/p");
          s1.chmod("/p", "n0 r9");
          return guest(9).read("/p");
        });
  }

  @Test
  void specialNames() {
    fact("EINVAL", "", () -> s1.read("@releaseDomain"));
    fact("n0|r32757|", "EINVAL", "n0|", () -> s1.perms("@releaseDomain"));
  }

  @Test
  void controlOfGuests() {
    fact("EACCES", "OK", () -> guest(5).control("check"));
    fact("EINVAL", "OK", () -> s1.control("nonsense"));
  }

  @Test
  void readOnlyCommits() {
    fact(
        "EAGAIN",
        "OK",
        () -> {
          s1.write("/a", "1");
          int tx = s1.start();
          s1.read(tx, "/a");
          new Peer(store, store.connect()).write("/a", "1");
          return s1.commit(tx);
        });
  }

  @Test
  void releaseOfUnknownDomains() {
    fact("ENOENT", "EINVAL", () -> s1.ask(MessageType.RELEASE, 0, "77|"));
  }

  @Test
  void orphansFireOrNot() {
    fact(
        List.of("/x t"),
        List.of(),
        () -> {
          guest(5);
          s1.mkdir("/x");
          s1.chmod("/x", "n5");
          s1.watch("/x", "t");
          s1.events();
          host.die(5);
          store.scanDomains();
          return s1.events();
        });
  }

  /// A ring that is introduced again: the C daemon begins anew with it.
  @Test
  void introducedAgain() {
    fact(
        List.of("ENOENT", "1"),
        List.of("EEXIST", ""),
        () -> {
          Peer d5 = guest(5);
          d5.watch("/a", "t");
          int tx = d5.start();
          assertEquals("OK", s1.ask(MessageType.INTRODUCE, 0, "5|1|2|"));
          d5.events();
          String again = d5.unwatch("/a", "t").equals("OK") ? "EEXIST" : "ENOENT";
          return List.of(again, d5.read(tx, "/").equals("EACCES") ? "" : "" + d5.start());
        });
  }

  @Test
  void optionsOfTheDaemon() {
    start(
        new StoreSettings(Dialect.C, Map.of(Quota.NODES, 3), Optional.of(1), 1_000_000_000L, true));
    Peer d5 = guest(5);
    s1.mkdir("/g");
    s1.chmod("/g", "n5");
    assertEquals("OK", d5.mkdir("/g/a"));
    assertEquals("ENOSPC", d5.mkdir("/g/b"));
    host.die(5);
    store.scanDomains();
    assertEquals("n0|", s1.perms("/g/a"));
    assertEquals(List.of(), store.check());
  }
}

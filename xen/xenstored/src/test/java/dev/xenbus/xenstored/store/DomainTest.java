package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Specification 5.4 to 5.8; corner cases 50, 67 to 74, 79.
class DomainTest extends StoreFixture {
  @Test
  void privilegedRequestsOfGuestsAnswerEaccesWhateverThePayload() {
    Peer d5 = guest(5);
    for (MessageType type :
        new MessageType[] {
          MessageType.CONTROL,
          MessageType.INTRODUCE,
          MessageType.RELEASE,
          MessageType.RESUME,
          MessageType.SET_TARGET,
          MessageType.IS_DOMAIN_INTRODUCED,
          MessageType.SET_FEATURE,
          MessageType.GET_QUOTA,
          MessageType.SET_QUOTA
        }) {
      for (String payload : new String[] {"", "5|", "|", "x|y|z|"}) {
        assertEquals("EACCES", d5.ask(type, 0, payload));
        assertEquals("EACCES", d5.ask(type, 999, payload));
      }
    }
  }

  @Test
  void introductionFiresOnceAndConnectsTheRing() {
    s2.watch("@introduceDomain", "t");
    s2.events();
    guest(5);
    assertEquals(List.of("@introduceDomain t"), s2.events());
    assertEquals(List.of("5:15"), host.connected);
    assertEquals("T|", s1.ask(MessageType.IS_DOMAIN_INTRODUCED, 0, "5|"));
    assertEquals("F|", s1.ask(MessageType.IS_DOMAIN_INTRODUCED, 0, "6|"));
    assertEquals("T|", s1.ask(MessageType.IS_DOMAIN_INTRODUCED, 0, "32752|"));
    assertEquals("OK", s1.ask(MessageType.INTRODUCE, 0, "5|1|16|"));
    assertEquals(List.of(), s2.events());
    assertEquals(List.of("5:15", "5:16"), host.connected);
  }

  @Test
  void introducingAgainDropsWhatWasOpen() {
    Peer d5 = guest(5);
    d5.watch("/a", "t");
    int tx = d5.start();
    s1.ask(MessageType.INTRODUCE, 0, "5|1|15|");
    d5.inbox.clear();
    assertEquals("ENOENT", d5.read(tx, "/"));
    assertEquals("ENOENT", d5.unwatch("/a", "t"));
    assertEquals(1, d5.start());
  }

  @Test
  void malformedIntroductionAnswersEinval() {
    host.create(5);
    for (String bad : new String[] {"5|1|0|", "5|1|x|", "5|1|-1|", "5|1|", "x|1|2|", ""}) {
      assertEquals("EINVAL", s1.ask(MessageType.INTRODUCE, 0, bad), bad);
    }
    assertEquals("EINVAL", s1.ask(MessageType.INTRODUCE, 0, "6|1|2|"));
    host.refuseRings = true;
    assertEquals("EINVAL", s1.ask(MessageType.INTRODUCE, 0, "5|1|2|"));
    assertFalse(store.isIntroduced(5));
  }

  @Test
  void releaseOfUnknownOrOwnDomainFails() {
    assertEquals("ENOENT", s1.ask(MessageType.RELEASE, 0, "77|"));
    assertEquals("EINVAL", s1.ask(MessageType.RELEASE, 0, "0|"));
    assertEquals("ENOENT", s1.ask(MessageType.RESUME, 0, "77|"));
    assertEquals("EINVAL", s1.ask(MessageType.RESUME, 0, "0|"));
    assertEquals("ENOENT", s1.ask(MessageType.SET_TARGET, 0, "77|0|"));
    assertEquals("EINVAL", s1.ask(MessageType.SET_TARGET, 0, "77|"));
  }

  @Test
  void releaseEndsTheDomainAtOnce() {
    Peer d5 = guest(5);
    s2.watch("@releaseDomain", "t");
    s2.events();
    assertEquals("OK", s1.ask(MessageType.RELEASE, 0, "5|"));
    assertEquals(List.of("@releaseDomain t"), s2.events());
    assertTrue(d5.client.isGone());
    assertEquals(List.of(d5.client), host.disconnected);
    assertFalse(store.isIntroduced(5));
  }

  @Test
  void shutdownAndDeathFireOnceEachAndNodesGoBefore() {
    Peer d5 = guest(5);
    s1.mkdir("/p");
    s1.chmod("/p", "b5");
    d5.write("/p/x", "");
    s2.watch("@releaseDomain", "t");
    s2.watch("/p", "n");
    s2.events();
    host.stop(5);
    store.scanDomains();
    store.scanDomains();
    assertEquals(List.of("@releaseDomain t"), s2.events());
    assertEquals("", s1.read("/p/x"));
    die(5);
    assertEquals(List.of("/p n", "@releaseDomain t"), s2.events());
    assertEquals("ENOENT", s1.read("/p"));
  }

  @Test
  void resumedDomainFiresAgain() {
    guest(5);
    s2.watch("@releaseDomain", "t");
    host.stop(5);
    store.scanDomains();
    s2.events();
    assertEquals("OK", s1.ask(MessageType.RESUME, 0, "5|"));
    host.restart(5);
    store.scanDomains();
    assertEquals(List.of(), s2.events());
    host.stop(5);
    store.scanDomains();
    assertEquals(List.of("@releaseDomain t"), s2.events());
  }

  @Test
  void watchersByDomainAndDepthHearWhichDomainItWas() {
    guest(5);
    guest(6);
    Peer d = socket();
    d.watch("@releaseDomain", "plain");
    d.watch("@releaseDomain", "one", "1");
    d.watch("@releaseDomain", "zero", "0");
    d.watch("@releaseDomain/6", "six");
    d.events();
    host.stop(5);
    host.stop(6);
    store.scanDomains();
    assertEquals(
        List.of(
            "@releaseDomain/5 one",
            "@releaseDomain/6 one",
            "@releaseDomain/6 six",
            "@releaseDomain plain"),
        d.events());
    die(6);
    assertEquals(
        List.of("@releaseDomain plain", "@releaseDomain/6 one", "@releaseDomain/6 six"),
        d.events());
  }

  @Test
  void guestsHearOfReleasesButNotOfIntroductions() {
    Peer d5 = guest(5);
    d5.watch("@releaseDomain", "r");
    d5.watch("@introduceDomain", "i");
    d5.events();
    guest(6);
    die(6);
    assertEquals(List.of("@releaseDomain r"), d5.events());
  }

  @Test
  void foreignNodesBelowOwnedOnesGoToo() {
    guest(5);
    s1.mkdir("/x");
    s1.chmod("/x", "n5");
    s1.write("/x/y", "");
    s1.chmod("/x/y", "n0");
    s2.watch("/x/y", "y");
    s2.watch("/x", "x");
    s2.events();
    die(5);
    assertEquals(List.of("/x/y y", "/x x"), s2.events());
    assertEquals("ENOENT", s1.read("/x/y"));
  }

  @Test
  void successorWithTheSameIdInheritsNothing() {
    Peer d5 = guest(5);
    s1.write("/a", "v");
    s1.chmod("/a", "n0 r5");
    s1.chmod("@introduceDomain", "n0 r5");
    assertEquals("v", d5.read("/a"));
    die(5);
    assertEquals("n0|", s1.perms("/a"));
    assertEquals("n0|", s1.perms("@introduceDomain"));
    Peer next = guest(5);
    assertEquals("EACCES", next.read("/a"));
  }

  @Test
  void introductionOfAReusedIdEndsThePredecessorFirst() {
    Peer old = guest(5);
    s1.write("/a", "v");
    s1.chmod("/a", "n0 r5");
    host.die(5);
    host.create(5);
    Peer next = introduce(5);
    assertTrue(old.client.isGone());
    assertEquals("EACCES", next.read("/a"));
  }

  @Test
  void rootGivenToAGuestCountsForItAndOutlivesIt() {
    Peer d5 = guest(5);
    assertEquals("OK", s1.chmod("/", "b5"));
    assertEquals(1, d5.client.domain().use(Quota.NODES));
    assertEquals(List.of(), store.check());
    die(5);
    assertEquals("b0|", s1.perms("/"));
    assertEquals("tool|", s1.directory("/"));
  }

  @Test
  void domainThatWasNeverIntroducedIsCleanedUpSilently() {
    host.create(5);
    s1.mkdir("/x");
    s1.chmod("/x", "n5");
    s2.watch("@releaseDomain", "t");
    s2.events();
    die(5);
    assertEquals("ENOENT", s1.read("/x"));
    assertEquals(List.of(), s2.events());
  }

  @Test
  void manyLivesOfOneIdLeaveNothingBehind() {
    s1.mkdir("/shared");
    s1.chmod("/shared", "b0");
    for (int life = 0; life < 30; life++) {
      Peer d7 = guest(7);
      fill(d7, "/shared", 999);
      assertEquals("ENOSPC", d7.mkdir("/shared/more"));
      die(7);
      assertEquals("", s1.directory("/shared"));
    }
    assertEquals(List.of(), store.check());
  }

  @Test
  void targetsRightsAreAdded() {
    Peer d5 = guest(5);
    guest(6);
    s1.mkdir("/p");
    s1.chmod("/p", "n6");
    assertEquals("EACCES", d5.write("/p/x", ""));
    assertEquals("OK", s1.ask(MessageType.SET_TARGET, 0, "5|6|"));
    assertEquals("OK", d5.write("/p/x", ""));
    assertEquals("n5|", s1.perms("/p/x"));
    assertEquals("OK", d5.rm("/p/x"));
  }

  @Test
  void brokenGuestIsIgnoredUntilItsDeathIsAnnounced() {
    Peer d5 = guest(5);
    d5.watch("/a", "t");
    d5.start();
    s2.watch("@releaseDomain", "t");
    s2.events();
    store.ignore(d5.client);
    assertFalse(d5.client.mayBeServed());
    assertEquals(0, store.openTransactions());
    assertEquals(List.of(), s2.events());
    s1.ask(MessageType.INTRODUCE, 0, "5|1|15|");
    assertFalse(d5.client.mayBeServed());
    die(5);
    assertEquals(List.of("@releaseDomain t"), s2.events());
  }

  @Test
  void featuresAreChosenBeforeIntroduction() {
    host.create(5);
    assertEquals("14|", s1.ask(MessageType.GET_FEATURE, 0, ""));
    assertEquals("14|", s1.ask(MessageType.GET_FEATURE, 0, "5|"));
    assertEquals("EINVAL", s1.ask(MessageType.SET_FEATURE, 0, "5|1|"));
    assertEquals("OK", s1.ask(MessageType.SET_FEATURE, 0, "5|2|"));
    assertEquals("ENOENT", s1.ask(MessageType.SET_FEATURE, 0, "6|2|"));
    assertEquals("EINVAL", s1.ask(MessageType.SET_FEATURE, 0, "5|"));
    Peer d5 = introduce(5);
    assertEquals("EBUSY", s1.ask(MessageType.SET_FEATURE, 0, "5|2|"));
    assertEquals("2|", d5.ask(MessageType.GET_FEATURE, 0, ""));
    assertEquals("EACCES", d5.ask(MessageType.GET_FEATURE, 0, "5|"));
    assertEquals("EINVAL", d5.watch("/a", "t", "1"));
    assertEquals("ENOENT", s1.ask(MessageType.GET_FEATURE, 0, "6|"));
    assertEquals("EINVAL", s1.ask(MessageType.GET_FEATURE, 0, "5|6|"));
    s1.mkdir("/p");
    s1.chmod("/p", "b5");
    d5.chmod("/p", "n5 r32757");
    assertEquals("EACCES", guest(6).read("/p"));
  }

  @Test
  void guestSocketSharesTheDomain() {
    assertTrue(store.connectAs(5).isEmpty());
    Peer ring = guest(5);
    Peer socket = new Peer(store, store.connectAs(5).orElseThrow());
    for (int i = 0; i < 100; i++) {
      ring.watch("/w" + i, "t");
    }
    for (int i = 0; i < 27; i++) {
      assertEquals("OK", socket.watch("/w" + i, "t"));
    }
    assertEquals("ENOSPC", socket.watch("/more", "t"));
    die(5);
    assertTrue(socket.client.isGone());
    assertEquals(2, host.disconnected.size());
  }
}

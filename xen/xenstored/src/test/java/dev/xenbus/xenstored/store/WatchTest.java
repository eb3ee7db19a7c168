package dev.xenbus.xenstored.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Specification 3; corner cases 2 to 7, 12, 26 to 28, 65, 66, 76, 78, 80.
class WatchTest extends StoreFixture {
  @Test
  void creationOfSeveralLevelsFiresOnce() {
    s1.watch("/a", "t");
    assertEquals(List.of("/a t"), s1.events());
    s2.write("/a/b/c", "x");
    assertEquals(List.of("/a/b/c t"), s1.events());
  }

  @Test
  void equalEventsMergeWhileOneWaits() {
    s1.watch("/", "t");
    s1.events();
    s2.write("/a", "1");
    s2.write("/a", "1");
    assertEquals(List.of("/a t"), s1.events());
    s2.write("/a", "1");
    assertEquals(List.of("/a t"), s1.events());
  }

  @Test
  void manyDifferentEventsMergeEach() {
    s1.watch("/", "t");
    s1.events();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      s2.write("/n" + i, "");
      expected.add("/n" + i + " t");
    }
    for (int i = 0; i < 500; i++) {
      s2.write("/n" + i, "");
    }
    assertEquals(expected, s1.events());
  }

  @Test
  void eventComesBeforeTheReplyOfTheSameConnection() {
    s1.watch("/a", "t");
    s1.events();
    s1.write("/a", "1");
    assertEquals(List.of("event /a t", "reply OK"), s1.inbox);
  }

  @Test
  void watchAnswersThenFiresEvenWhereNothingIs() {
    Peer d5 = guest(5);
    d5.watch("/secret/x", "t");
    assertEquals(List.of("reply OK", "event /secret/x t"), d5.inbox);
  }

  @Test
  void sameWatchTwiceAnswersEexist() {
    s1.watch("/a", "t");
    s1.events();
    assertEquals("EEXIST", s1.watch("/a", "t"));
    assertEquals("EEXIST", s1.watch("/a", "t", "1"));
    assertEquals("OK", s1.watch("/a", "u"));
    assertEquals(List.of("/a u"), s1.events());
    assertEquals("OK", s2.watch("/a", "t"));
  }

  @Test
  void relativeAndAbsoluteSpellingAreOneWatch() {
    s1.watch("foo", "t");
    assertEquals(List.of("foo t"), s1.events());
    assertEquals("EEXIST", s1.watch("/local/domain/0/foo", "t"));
    s2.write("/local/domain/0/foo/bar", "");
    assertEquals(List.of("foo/bar t"), s1.events());
    assertEquals("OK", s1.unwatch("/local/domain/0/foo", "t"));
    assertEquals("ENOENT", s1.unwatch("foo", "t"));
  }

  @Test
  void removalFiresLeavesFirstAndNothingForWhatNeverWas() {
    s1.write("/a/b/c", "");
    for (String path : new String[] {"/", "/a/b", "/a/b/c", "/a/zz"}) {
      s1.watch(path, "t" + path.replace('/', '_'));
    }
    s1.events();
    s2.rm("/a");
    assertEquals(List.of("/a/b/c t_a_b_c", "/a/b t_a_b", "/a t_"), s1.events());
  }

  @Test
  void eventsOfOneChangeFollowTheOrderOfRegistration() {
    s1.watch("/a/b", "1");
    s1.watch("/", "2");
    s1.watch("/a", "3");
    s1.watch("/a/b", "4");
    s1.events();
    s2.write("/a/b", "");
    assertEquals(List.of("/a/b 1", "/a/b 2", "/a/b 3", "/a/b 4"), s1.events());
  }

  @Test
  void guestHearsOnlyOfWhatItOrTheParentMayRead() {
    Peer d5 = guest(5);
    d5.watch("/", "t");
    d5.events();
    s1.write("/a", "");
    assertEquals(List.of(), d5.events());
    s1.chmod("/", "r0");
    assertEquals(List.of("/ t"), d5.events());
    s1.write("/a", "");
    assertEquals(List.of("/a t"), d5.events());
    s1.write("/a/b", "");
    assertEquals(List.of(), d5.events());
  }

  @Test
  void whoLosesItsPermissionHearsOfThat() {
    Peer d5 = guest(5);
    s1.write("/p/a", "");
    s1.chmod("/p/a", "n0 r5");
    d5.watch("/p/a", "t");
    d5.events();
    s1.chmod("/p/a", "n0");
    assertEquals(List.of("/p/a t"), d5.events());
    s1.write("/p/a", "");
    assertEquals(List.of(), d5.events());
  }

  @Test
  void guestHearsOfTheRemovalOfWhatItCouldRead() {
    Peer d5 = guest(5);
    s1.write("/p/a/b", "");
    s1.chmod("/p/a/b", "n0 r5");
    d5.watch("/p/a/b", "t");
    d5.watch("/p", "u");
    d5.events();
    s1.rm("/p");
    assertEquals(List.of("/p/a/b t"), d5.events());
  }

  @Test
  void commitTellsThoseWhoCouldReadBeforeOrCanNow() {
    Peer d5 = guest(5);
    s1.write("/p/a", "");
    s1.write("/p/b", "");
    s1.write("/p/c", "");
    s1.chmod("/p/a", "n0 r5");
    s1.chmod("/p/b", "n0 r5");
    d5.watch("/p", "t");
    d5.events();
    int tx = s1.start();
    s1.chmod(tx, "/p/a", "n0");
    s1.rm(tx, "/p/b");
    s1.chmod(tx, "/p/c", "n0 r5");
    s1.write(tx, "/p/d", "");
    assertEquals("OK", s1.commit(tx));
    assertEquals(List.of("/p/a t", "/p/b t", "/p/c t"), d5.events());
  }

  @Test
  void depthLimitsWhatIsSeen() {
    s1.watch("/a", "0", "0");
    s1.watch("/a", "1", "1");
    s1.watch("/", "root", "1");
    s1.events();
    s2.write("/a", "");
    assertEquals(List.of("/a 0", "/a 1", "/a root"), s1.events());
    s2.write("/a/b", "");
    assertEquals(List.of("/a/b 1"), s1.events());
    s2.write("/a/b/c", "");
    assertEquals(List.of(), s1.events());
    assertEquals("EINVAL", s1.watch("/a", "x", "-1"));
    assertEquals("EINVAL", s1.ask(MessageType.WATCH, 0, "/a|"));
    assertEquals("EINVAL", s1.ask(MessageType.WATCH, 0, "/a|b|1|2|"));
  }

  @Test
  void relativeWatchCutsTheHomeFromDescendants() {
    Peer d5 = guest(5);
    s1.mkdir("/local/domain/5/device");
    s1.chmod("/local/domain/5/device", "r5");
    d5.watch("device", "t");
    assertEquals(List.of("device t"), d5.events());
    s1.write("/local/domain/5/device/vbd/1/state", "1");
    assertEquals(List.of("device/vbd/1/state t"), d5.events());
  }

  @Test
  void pendingEventSurvivesUnwatch() {
    s1.watch("/a", "t");
    s1.drain();
    s1.inbox.clear();
    s2.write("/a", "");
    s1.unwatch("/a", "t");
    s1.drain();
    assertTrue(s1.inbox.indexOf("event /a t") < s1.inbox.indexOf("reply OK"));
    assertEquals(2, s1.inbox.size());
  }

  @Test
  void eventThatIsTooLongIsDropped() {
    String token = "t".repeat(4000);
    s1.watch("/", token);
    assertEquals(1, s1.events().size());
    s2.write("/" + "a".repeat(93), "");
    assertEquals(1, s1.events().size());
    assertEquals("OK", s2.write("/" + "a".repeat(94), ""));
    assertEquals(List.of(), s1.events());
    s2.write("/b", "");
    assertEquals(1, s1.events().size());
  }

  @Test
  void unreadEventsOfAGuestAreDroppedAfterTwentySeconds() {
    Peer d5 = guest(5);
    s1.mkdir("/p");
    s1.chmod("/p", "r0");
    d5.watch("/p", "t");
    d5.events();
    store.setTime(1_000_000_000L);
    s1.write("/p/a", "");
    d5.post(MessageType.READ.code(), 0, "/p/a|");
    store.setTime(11_000_000_000L);
    s1.write("/p/b", "");
    store.setTime(21_000_000_001L);
    store.refresh(d5.client);
    d5.drain();
    assertEquals(List.of("reply ", "event /p/b t"), d5.inbox);
    s1.write("/p/a", "");
    assertEquals(List.of("/p/a t"), d5.events().subList(1, 2));
  }

  @Test
  void partlySentEventIsNotDropped() {
    Peer d5 = guest(5);
    s1.mkdir("/p");
    s1.chmod("/p", "r0");
    d5.watch("/p", "t");
    d5.events();
    s1.write("/p/a", "");
    s1.write("/p/b", "");
    byte[] first = new byte[5];
    System.arraycopy(d5.client.out().array(), d5.client.out().offset(), first, 0, 5);
    int whole = d5.client.out().pending();
    d5.client.out().consumed(5);
    store.setTime(60_000_000_000L);
    store.refresh(d5.client);
    assertEquals(whole / 2 - 5, d5.client.out().pending());
    d5.client.out().consumed(whole / 2 - 5);
    assertEquals(0, d5.client.domain().use(Quota.OUTSTANDING));
  }

  @Test
  void resetForgetsWatchesInBothIndexes() {
    Peer d5 = guest(5);
    for (int round = 0; round < 100; round++) {
      for (int i = 0; i < 127; i++) {
        assertEquals("OK", d5.watch("/w" + i, "t"));
      }
      assertEquals("OK", d5.ask(MessageType.RESET_WATCHES, 0, "|"));
    }
    assertEquals(0, d5.client.domain().use(Quota.WATCHES));
    assertEquals(0, store.watchedPaths());
  }
}

package dev.xenbus.xenstored.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreRing;
import dev.xenbus.machine.MachineFailure;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The ring of a domain, well-behaved and hostile, live and simulated.
class RingTest {
  private static final int EVENTS = 60;

  @Test
  void requestsAreAnsweredInPiecesOfAnySize() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer d5 = rig.guest(dom0, 5);
          assertEquals(14, d5.get(XenstoreRing.SERVER_FEATURES));
          dom0.ask(MessageType.WRITE, "/local/domain/5/data|" + "x".repeat(1500));
          dom0.ask(MessageType.SET_PERMS, "/local/domain/5/data|n0|b5|");
          for (int chunk : new int[] {1, 3, 16, 17, 1024}) {
            d5.send(RingPeer.frame(MessageType.READ, chunk, "data|"), chunk);
            assertEquals(1500, d5.receive().payload().length);
          }
          String big = "y".repeat(1900);
          assertEquals("OK|", d5.ask(MessageType.WRITE, "data|" + big));
          assertEquals(big, dom0.ask(MessageType.READ, "/local/domain/5/data|"));
        });
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrderWhileNobodyReads() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer d5 = rig.guest(dom0, 5);
          for (int i = 0; i < 60; i++) {
            d5.send(RingPeer.frame(MessageType.GET_DOMAIN_PATH, i, "1|"), 1024);
          }
          assertEquals("tool|", dom0.ask(MessageType.DIRECTORY, "/|").substring(0, 5));
          for (int i = 0; i < 60; i++) {
            assertEquals(i, d5.receive().header().requestId());
          }
        });
  }

  @Test
  void whatWasOnTheRingBeforeIntroductionIsThrownAway() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          FakeXen.Guest guest = rig.xen.create(5);
          RingPeer d5 = new RingPeer(guest);
          d5.send(RingPeer.frame(MessageType.GET_DOMAIN_PATH, 1, "1|"), 1024);
          Rig.introduce(dom0, 5);
          assertEquals(0, d5.get(XenstoreRing.REQ_PROD));
          assertEquals("/local/domain/2|", d5.ask(MessageType.GET_DOMAIN_PATH, "2|"));
          d5.set(XenstoreRing.CONNECTION, XenstoreRing.CONNECTION_RECONNECT);
          Rig.introduce(dom0, 5);
          assertEquals(XenstoreRing.CONNECTION_CONNECTED, d5.get(XenstoreRing.CONNECTION));
          assertEquals("/local/domain/3|", d5.ask(MessageType.GET_DOMAIN_PATH, "3|"));
        });
  }

  @Test
  void presetPortIsUsedInsteadOfTheArgument() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer d5 = new RingPeer(rig.xen.create(5));
          d5.set(XenstoreRing.EVTCHN_PORT, 3);
          assertEquals("OK|", dom0.ask(MessageType.INTRODUCE, "5|1|5000|"));
          rig.xen.create(6);
          assertEquals("EINVAL|", dom0.ask(MessageType.INTRODUCE, "6|1|5000|"));
          assertEquals("F|", dom0.ask(MessageType.IS_DOMAIN_INTRODUCED, "6|"));
        });
  }

  @Test
  void impossibleLengthsAreFatalForTheRingAloneAndItsDeathIsStillAnnounced() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          int domid = 5;
          for (int length : new int[] {4097, 0x7fffffff, 0x80000000, -1}) {
            RingPeer bad = rig.guest(dom0, domid);
            RingPeer good = rig.guest(dom0, domid + 100);
            PipePeer watcher = rig.pipe();
            watcher.ask(MessageType.WATCH, "@releaseDomain|t|");
            watcher.receiveText();
            byte[] frame = RingPeer.frame(MessageType.READ, 1, "/|");
            ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).putInt(12, length);
            bad.send(frame, 7);
            assertEquals("/local/domain/1|", good.ask(MessageType.GET_DOMAIN_PATH, "1|"));
            dom0.ask(MessageType.READ, "/|");
            assertEquals(XenstoreRing.ERROR_PROTOCOL, bad.get(XenstoreRing.ERROR));
            rig.xen.kill(domid);
            assertEquals("event @releaseDomain|t|", watcher.receiveText());
            assertEquals("F|", dom0.ask(MessageType.IS_DOMAIN_INTRODUCED, domid + "|"));
            watcher.pipe.close();
            domid++;
          }
        });
  }

  @Test
  void indicesOutOfRangeAreFatalAndTheBoundaryIsNot() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer full = rig.guest(dom0, 5);
          byte[] frames = new byte[1024];
          byte[] one = RingPeer.frame(MessageType.GET_DOMAIN_PATH, 1, "1|");
          int whole = 1024 / one.length;
          for (int i = 0; i < whole; i++) {
            System.arraycopy(one, 0, frames, i * one.length, one.length);
          }
          full.send(frames, 1024);
          for (int i = 0; i < whole; i++) {
            full.receive();
          }
          assertEquals(0, full.get(XenstoreRing.ERROR));
          int domid = 6;
          for (int difference : new int[] {1025, -1, 0x7fffffff, 0x80000000}) {
            RingPeer bad = rig.guest(dom0, domid++);
            bad.set(XenstoreRing.REQ_PROD, bad.get(XenstoreRing.REQ_CONS) + difference);
            bad.kick();
            dom0.ask(MessageType.READ, "/|");
            dom0.ask(MessageType.READ, "/|");
            assertEquals(XenstoreRing.ERROR_RING_INDEX, bad.get(XenstoreRing.ERROR));
          }
          for (int ahead : new int[] {1, 1025, 0x7fffffff, 0x80000000}) {
            RingPeer bad = rig.guest(dom0, domid++);
            bad.set(XenstoreRing.RSP_CONS, ahead);
            bad.send(one, 1024);
            dom0.ask(MessageType.READ, "/|");
            dom0.ask(MessageType.READ, "/|");
            dom0.ask(MessageType.READ, "/|");
            assertEquals(XenstoreRing.ERROR_RING_INDEX, bad.get(XenstoreRing.ERROR));
          }
        });
  }

  @Test
  void randomBytesHurtNobodyElse() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          SplittableRandom random = new SplittableRandom(42);
          PipePeer dom0 = rig.pipe();
          RingPeer good = rig.guest(dom0, 1);
          for (int domid = 2; domid < 20; domid++) {
            RingPeer bad = rig.guest(dom0, domid);
            byte[] bytes = new byte[900];
            random.nextBytes(bytes);
            if (domid % 2 == 0) {
              for (int at = 0; at + 24 < bytes.length; at += 24) {
                ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                header.putInt(at, random.nextInt(30)).putInt(at + 8, random.nextInt(2));
                header.putInt(at + 12, 8);
              }
            }
            bad.send(bytes, 900);
            assertEquals("/local/domain/1|", good.ask(MessageType.GET_DOMAIN_PATH, "1|"));
          }
          assertTrue(dom0.ask(MessageType.DIRECTORY, "/|").startsWith("tool|"));
        });
  }

  @Test
  void deathUnbindsAndUnmaps() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          FakeXen.Guest guest = rig.xen.create(5);
          Rig.introduce(dom0, 5);
          assertTrue(guest.mapped && guest.bound);
          rig.xen.stop(5);
          assertEquals("T|", dom0.ask(MessageType.IS_DOMAIN_INTRODUCED, "5|"));
          assertEquals("OK|", dom0.ask(MessageType.RELEASE, "5|"));
          assertFalse(guest.mapped);
          assertFalse(guest.bound);
        });
  }

  @Test
  void quotaStallsOnlyTheGuestThatDoesNotRead() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer lazy = rig.guest(dom0, 5);
          RingPeer good = rig.guest(dom0, 6);
          byte[] one = RingPeer.frame(MessageType.GET_DOMAIN_PATH, 1, "1|");
          for (int i = 0; i < 100; i++) {
            lazy.send(one, 1024);
            if (lazy.get(XenstoreRing.REQ_PROD) - lazy.get(XenstoreRing.REQ_CONS) > 900) {
              break;
            }
            good.ask(MessageType.GET_DOMAIN_PATH, "1|");
          }
          assertEquals("/local/domain/1|", good.ask(MessageType.GET_DOMAIN_PATH, "1|"));
          for (int i = 0; i < 50; i++) {
            lazy.receive();
          }
        });
  }

  /// The daemon fills the reply ring while the guest takes from it: the guest sees no full ring,
  /// and
  /// does not notify; the daemon sees no room. Nobody may wait then.
  @Test
  void guestThatNotifiesOfAFullRingOnlyGetsAllItsEvents() throws Exception {
    Rig.patiently(
        rig -> {
          PipePeer toolstack = rig.pipe();
          RingPeer guest = rig.guest(toolstack, 5);
          guest.sparing = true;
          String path = "/local/domain/5/" + "x".repeat(150);
          assertEquals("OK|", toolstack.ask(MessageType.WRITE, "/local/domain/5|"));
          assertEquals("OK|", toolstack.ask(MessageType.SET_PERMS, "/local/domain/5|n5|"));
          assertEquals("OK|", guest.ask(MessageType.WATCH, "/local/domain/5|t|"));
          guest.receive();
          for (int i = 0; i < EVENTS; i++) {
            toolstack.send(RingPeer.frame(MessageType.WRITE, 5, path + i + "|"));
          }
          for (int i = 0; i < EVENTS; i++) {
            assertTrue(guest.receive().strings().getFirst().endsWith("x" + i));
          }
        });
  }
}

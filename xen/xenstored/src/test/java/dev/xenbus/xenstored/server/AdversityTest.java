package dev.xenbus.xenstored.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.MachineFailure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Clients that take what they can get: what they get is bounded, and others notice nothing.
class AdversityTest {
  private static final int MEMORY_MAX = 2_621_440;

  /// How much of a quota a domain uses, as CONTROL `quota` says.
  private static int use(PipePeer dom0, int domid, String quota) throws Exception {
    String text = dom0.ask(MessageType.CONTROL, "quota|" + domid + "|");
    Matcher line = Pattern.compile("(?m)^" + quota + " *: *(\\d+)").matcher(text);
    assertTrue(line.find(), text);
    return Integer.parseInt(line.group(1));
  }

  private static RingPeer guestWithFolder(Rig rig, PipePeer dom0, int domid) throws Exception {
    RingPeer guest = rig.guest(dom0, domid);
    dom0.ask(MessageType.MKDIR, "/g" + domid + "|");
    dom0.ask(MessageType.SET_PERMS, "/g" + domid + "|n" + domid + "|");
    return guest;
  }

  private static void othersWork(PipePeer dom0, RingPeer other) throws Exception {
    assertEquals("/local/domain/1|", other.ask(MessageType.GET_DOMAIN_PATH, "1|"));
    assertEquals("tool|", dom0.ask(MessageType.DIRECTORY, "/|").substring(0, 5));
  }

  @Test
  void nodeFloodThroughTheRingIsBounded() throws MachineFailure {
    Rig.live(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer flood = guestWithFolder(rig, dom0, 5);
          RingPeer other = rig.guest(dom0, 6);
          int made = 0;
          for (int i = 0; i < 3000; i++) {
            String path = "/g5/" + i % 40 + "/" + i;
            made += flood.ask(MessageType.MKDIR, path + "|").equals("OK|") ? 1 : 0;
          }
          assertTrue(made > 900 && made < 1000, "made " + made);
          assertEquals(999, use(dom0, 5, "nodes"));
          othersWork(dom0, other);
          rig.xen.kill(5);
          assertEquals("ENOENT|", dom0.ask(MessageType.READ, "/g5|"));
        });
  }

  @Test
  void byteFloodThroughTheRingIsBounded() throws MachineFailure {
    Rig.live(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer flood = guestWithFolder(rig, dom0, 5);
          RingPeer other = rig.guest(dom0, 6);
          String value = "v".repeat(2000);
          for (int i = 0; i < 990; i++) {
            flood.ask(MessageType.WRITE, "/g5/" + i % 20 + "/" + i + "|" + value);
          }
          for (int i = 0; i < 127; i++) {
            flood.ask(MessageType.WATCH, "/g5|" + i + "t".repeat(1900) + "|");
          }
          int memory = use(dom0, 5, "memory");
          assertTrue(memory > MEMORY_MAX / 2 && memory <= MEMORY_MAX, "memory " + memory);
          othersWork(dom0, other);
        });
  }

  @Test
  void watchFloodThroughTheRingIsBounded() throws MachineFailure {
    Rig.live(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer flood = guestWithFolder(rig, dom0, 5);
          RingPeer other = rig.guest(dom0, 6);
          int set = 0;
          for (int i = 0; i < 1000; i++) {
            set += flood.ask(MessageType.WATCH, "/g5|" + i + "|").equals("OK|") ? 1 : 0;
          }
          assertEquals(127, set);
          assertEquals(127, use(dom0, 5, "watches"));
          assertEquals("OK|", dom0.ask(MessageType.WRITE, "/g5|x"));
          othersWork(dom0, other);
        });
  }

  /// The events of dom0's writes that a guest does not take: bytes, not just requests, are bounded.
  @Test
  void eventsThatAGuestNeverTakesAreBoundedInBytes() throws MachineFailure {
    Rig.live(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer stuck = rig.guest(dom0, 5);
          RingPeer other = rig.guest(dom0, 6);
          dom0.ask(MessageType.MKDIR, "/w|");
          dom0.ask(MessageType.SET_PERMS, "/w|n0|r5|");
          assertEquals("OK|", stuck.ask(MessageType.WATCH, "/w|" + "t".repeat(1000) + "|"));
          for (int i = 0; i < 5000; i++) {
            assertEquals("OK|", dom0.ask(MessageType.WRITE, "/w|" + i));
            assertEquals("OK|", dom0.ask(MessageType.WRITE, "/w/" + i % 3000 + "|x"));
          }
          int memory = use(dom0, 5, "memory");
          assertTrue(memory > MEMORY_MAX / 2 && memory <= MEMORY_MAX, "memory " + memory);
          othersWork(dom0, other);
        });
  }

  @Test
  void manyHalfFramesDelayNobody() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer other = rig.guest(dom0, 6);
          byte[] frame = RingPeer.frame(MessageType.WRITE, 5, "/slow|x");
          List<PipePeer> slow = new ArrayList<>();
          for (int cut = 1; cut < frame.length; cut++) {
            PipePeer peer = rig.pipe();
            peer.send(Arrays.copyOf(frame, cut));
            slow.add(peer);
          }
          othersWork(dom0, other);
          for (int i = 0; i < slow.size(); i++) {
            slow.get(i).send(Arrays.copyOfRange(frame, i + 1, frame.length));
            assertEquals("OK|", slow.get(i).receiveText(), "cut behind byte " + (i + 1));
          }
          slow.forEach(peer -> peer.pipe.close());
          othersWork(dom0, other);
        });
  }

  @Test
  void transactionsLeftOpenHoldNobodyUp() throws MachineFailure {
    Rig.everywhere(
        rig -> {
          PipePeer dom0 = rig.pipe();
          RingPeer lazy = guestWithFolder(rig, dom0, 5);
          int opened = 0;
          for (int i = 0; i < 20; i++) {
            opened += lazy.ask(MessageType.TRANSACTION_START, "|").startsWith("E") ? 0 : 1;
          }
          assertEquals(9, opened);
          PipePeer gone = rig.pipe();
          gone.ask(MessageType.TRANSACTION_START, "|");
          gone.pipe.close();
          for (int i = 0; i < 20; i++) {
            assertEquals("OK|", dom0.ask(MessageType.WRITE, "/g5|" + i));
          }
          othersWork(dom0, rig.guest(dom0, 6));
          assertEquals("OK|", lazy.ask(MessageType.RESET_WATCHES, "|"));
          assertEquals(0, use(dom0, 5, "transactions"));
        });
  }
}

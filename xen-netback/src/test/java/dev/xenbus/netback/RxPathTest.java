package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.RxRequestLayout;
import dev.xenbus.abi.io.netif.RxResponseLayout;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.netback.ScriptedFrontend.RxAnswer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What guests receive, or do not.
class RxPathTest {
  /// A scripted frontend whose interface is a port of a bridge, beside a port of the test's own.
  private static final class Scene {
    final NetWorld world;
    final ScriptedFrontend front;
    final dev.xenbus.linux.api.NetDevice port;

    Scene(NetWorld world, ScriptedFrontend front) throws Exception {
      this.world = world;
      this.front = front;
      var net = world.dom0.kernel().net();
      var bridge = net.addBridge("xenbr0", new MacAddress(0x0200_0000_0001L));
      bridge.addPort(world.vif(front.guest, 0));
      port = net.register("test0", new MacAddress(0x0200_0000_0002L), Packet::free);
      port.mtu(9000);
      world.vif(front.guest, 0).mtu(9000);
      port.carrier(true);
      port.up();
      bridge.addPort(port);
    }

    /// Has the bridge send a packet to the guest.
    void send(Packet packet) {
      port.receive(packet);
    }

    long txDropped() {
      return world.vif(front.guest, 0).statistics().txDropped().get();
    }

    long rxDropped() {
      return world.vif(front.guest, 0).statistics().rxDropped().get();
    }

    boolean hasLog(String text) {
      return world.dom0.log().stream().anyMatch(line -> line.endsWith(text));
    }
  }

  private interface Script {
    void run(Scene scene) throws Exception;
  }

  private interface Setup {
    ScriptedFrontend of(ScriptedFrontend front);
  }

  private static void play(Setup setup, Script script) throws MachineFailure {
    NetWorld.simulate(
        world -> {
          ScriptedFrontend front = new ScriptedFrontend(world, world.guest(""));
          script.run(new Scene(world, setup.of(front).connect()));
        });
  }

  private static void play(Script script) throws MachineFailure {
    play(front -> front, script);
  }

  /// A frame to the guest, of the given length.
  private static byte[] frame(int length) {
    byte[] bytes = new byte[length];
    for (int index = 14; index < length; index++) {
      bytes[index] = (byte) (index * 3 + index / 253);
    }
    Arrays.fill(bytes, 0, 6, (byte) 0xFF);
    bytes[6] = 2;
    bytes[11] = 9;
    bytes[12] = 0x12;
    bytes[13] = 0x34;
    return bytes;
  }

  private static byte[] content(ScriptedFrontend front, int ref, int offset, int length) {
    return front.page(ref).memory().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void packetOfOneSlotLandsInTheFirstBuffer() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.postRx();
          scene.send(new Packet(frame(100)));
          assertEquals(List.of(new RxAnswer(0, 0, 0, 100)), scene.front.awaitRx(1));
          assertArrayEquals(frame(100), content(scene.front, ref, 0, 100));
          assertEquals(1, scene.world.vif(scene.front.guest, 0).statistics().txPackets().get());
        });
  }

  @Test
  void longPacketGoesOnInFurtherSlots() throws MachineFailure {
    play(
        scene -> {
          int[] refs = {scene.front.postRx(), scene.front.postRx(), scene.front.postRx()};
          byte[] all = frame(9000);
          scene.send(new Packet(all));
          int more = RxResponseLayout.MORE_DATA;
          assertEquals(
              List.of(
                  new RxAnswer(0, 0, more, 4096),
                  new RxAnswer(1, 0, more, 4096),
                  new RxAnswer(2, 0, 0, 808)),
              scene.front.awaitRx(3));
          assertArrayEquals(Arrays.copyOf(all, 4096), content(scene.front, refs[0], 0, 4096));
          assertArrayEquals(
              Arrays.copyOfRange(all, 8192, 9000), content(scene.front, refs[2], 0, 808));
        });
  }

  @Test
  void fragmentsArePackedIntoTheSlots() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.postRx();
          byte[] all = frame(300);
          Packet packet = new Packet(Arrays.copyOf(all, 100));
          MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
          MemorySegment.copy(all, 100, page, ValueLayout.JAVA_BYTE, 50, 200);
          packet.fragments().add(new Packet.Fragment(page, 50, 120, null));
          packet.fragments().add(new Packet.Fragment(page, 170, 80, null));
          scene.send(packet);
          scene.front.awaitRx(1);
          assertArrayEquals(all, content(scene.front, ref, 0, 300));
        });
  }

  @Test
  void largeTcpPacketComesWithAnExtraInfo() throws MachineFailure {
    play(
        scene -> {
          scene.front.postRx();
          scene.front.postRx();
          Packet packet = new Packet(frame(1000));
          packet.checksum(Packet.Checksum.BLANK);
          packet.gso(Packet.Gso.TCPV4, 500);
          scene.send(packet);
          RxAnswer first = scene.front.awaitRx(2).getFirst();
          assertEquals(
              RxResponseLayout.CSUM_BLANK
                  | RxResponseLayout.DATA_VALIDATED
                  | RxResponseLayout.EXTRA_INFO,
              first.flags());
          assertEquals(1000, first.status());
          long slot = scene.front.rx.slot(1);
          assertEquals(ExtraInfoLayout.TYPE_GSO, ExtraInfoLayout.type(scene.front.rxPages, slot));
          assertEquals(0, ExtraInfoLayout.flags(scene.front.rxPages, slot));
          assertEquals(500, ExtraInfoLayout.gsoSize(scene.front.rxPages, slot));
          assertEquals(1, ExtraInfoLayout.gsoType(scene.front.rxPages, slot));
        });
  }

  @Test
  void headroomIsLeftInFrontOfTheData() throws MachineFailure {
    play(
        front -> front.with("xdp-headroom", "256"),
        scene -> {
          int ref = scene.front.postRx();
          scene.front.postRx();
          byte[] all = frame(100);
          scene.send(new Packet(all));
          RxAnswer first = scene.front.awaitRx(2).getFirst();
          // The status is where the data end, the headroom included.
          assertEquals(356, first.status());
          assertEquals(0, first.offset());
          assertArrayEquals(all, content(scene.front, ref, 256, 100));
          long slot = scene.front.rx.slot(1);
          assertEquals(ExtraInfoLayout.TYPE_XDP, ExtraInfoLayout.type(scene.front.rxPages, slot));
          assertEquals(256, ExtraInfoLayout.xdpHeadroom(scene.front.rxPages, slot));
        });
  }

  @Test
  void headroomCanChangeWhileConnected() throws MachineFailure {
    play(
        scene -> {
          scene.world.store.write(scene.front.path + "/xdp-headroom", "128");
          scene.front.state(7);
          scene.world.until(
              "reconfigured", () -> scene.world.state(scene.front.backendPath()).equals("8"));
          scene.front.postRx();
          scene.front.postRx();
          scene.send(new Packet(frame(60)));
          assertEquals(188, scene.front.awaitRx(2).getFirst().status());
          scene.front.state(4);
          scene.world.sleepMillis(100);
          assertTrue(scene.world.vif(scene.front.guest, 0).carrier());
          // As the real driver: Reconfigured stays, so that the next change is not waited for.
          assertEquals("8", scene.world.state(scene.front.backendPath()));
          scene.world.store.write(scene.front.path + "/xdp-headroom", "64");
          scene.front.state(7);
          scene.world.sleepMillis(100);
          scene.front.postRx();
          scene.front.postRx();
          scene.send(new Packet(frame(60)));
          assertEquals(124, scene.front.awaitRx(2).getFirst().status());
        });
  }

  /// A headroom that leaves no room for data harms the guest alone.
  @Test
  void headroomOfAPageLetsNothingThroughAndBreaksNothing() throws MachineFailure {
    play(
        front -> front.with("xdp-headroom", "4096"),
        scene -> {
          scene.front.postRx();
          scene.send(new Packet(frame(60)));
          scene.world.sleepMillis(11_000);
          assertEquals(1, scene.rxDropped());
          assertEquals(List.of(), scene.front.rxAnswers());
        });
  }

  @Test
  void answerStandsInTheSlotOfItsRequestAcrossTheWrap() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.grant(new byte[0], false);
          for (int round = 0; round < 8; round++) {
            for (int slot = 0; slot < 100; slot++) {
              int prod = scene.front.rx.reqProdPvt();
              long at = scene.front.rx.slot(prod);
              RxRequestLayout.write(scene.front.rxPages, at, 40_000 + prod, ref);
              scene.front.rx.reqProdPvt(prod + 1);
            }
            scene.front.rx.pushRequests();
            scene.front.channel.send();
            for (int slot = 0; slot < 100; slot++) {
              scene.send(new Packet(frame(64)));
            }
            List<RxAnswer> answers = scene.front.awaitRx(100);
            for (int slot = 0; slot < 100; slot++) {
              assertEquals(new RxAnswer(40_000 + round * 100 + slot, 0, 0, 64), answers.get(slot));
            }
          }
        });
  }

  @Test
  void failedCopyPutsTheGrantStatusIntoTheAnswer() throws MachineFailure {
    play(
        scene -> {
          int prod = scene.front.rx.reqProdPvt();
          RxRequestLayout.write(scene.front.rxPages, scene.front.rx.slot(prod), 3, 30_000);
          scene.front.rx.reqProdPvt(prod + 1);
          scene.front.rx.pushRequests();
          scene.send(new Packet(frame(64)));
          assertEquals(
              List.of(new RxAnswer(3, 0, 0, GrantStatus.BAD_GNTREF)), scene.front.awaitRx(1));
        });
  }

  @Test
  void packetWithoutBuffersExpiresAfterTheDrainTimeout() throws MachineFailure {
    play(
        scene -> {
          scene.send(new Packet(frame(64)));
          scene.world.sleepMillis(9_900);
          assertEquals(0, scene.rxDropped());
          scene.world.sleepMillis(200);
          assertEquals(1, scene.rxDropped());
        });
  }

  @Test
  void frontendThatDoesNotNotifyIsGiven30Milliseconds() throws MachineFailure {
    play(
        front -> front.without("feature-rx-notify"),
        scene -> {
          scene.send(new Packet(frame(64)));
          scene.world.sleepMillis(25);
          assertEquals(0, scene.rxDropped());
          scene.world.sleepMillis(10);
          assertEquals(1, scene.rxDropped());
          // No stall is ever seen.
          for (int second = 0; second < 70; second++) {
            scene.send(new Packet(frame(64)));
            scene.world.sleepMillis(1000);
          }
          assertTrue(scene.world.vif(scene.front.guest, 0).carrier());
        });
  }

  /// Without buffers for 60 s the link goes down, and comes back with them; one buffer too few is
  /// as good as none (XSA-392).
  @Test
  void stalledGuestLosesItsLinkUntilItPostsBuffers() throws MachineFailure {
    play(
        scene -> {
          scene.front.postRx();
          for (int second = 0; second < 59; second++) {
            scene.send(new Packet(frame(5000)));
            scene.world.sleepMillis(1000);
          }
          assertTrue(scene.world.vif(scene.front.guest, 0).carrier());
          scene.send(new Packet(frame(5000)));
          scene.world.sleepMillis(2000);
          scene.send(new Packet(frame(5000)));
          scene.world.until("link down", () -> !scene.world.vif(scene.front.guest, 0).carrier());
          assertTrue(scene.hasLog("Guest Rx stalled"));
          for (int buffer = 0; buffer < 40; buffer++) {
            scene.front.postRx();
          }
          scene.world.until("link up", () -> scene.world.vif(scene.front.guest, 0).carrier());
          assertTrue(scene.hasLog("Guest Rx ready"));
        });
  }

  /// A dead guest costs a bounded amount of memory (XSA-392).
  @Test
  void waitingPacketsAreBoundedInBytes() throws MachineFailure {
    play(
        scene -> {
          int sent = 1000;
          for (int packet = 0; packet < sent; packet++) {
            scene.send(new Packet(frame(1500)));
          }
          long waiting = sent - scene.txDropped();
          assertEquals(Math.ceilDiv(RxQueue.BYTES_MAX, 1500), waiting);
          for (int buffer = 0; buffer < 200; buffer++) {
            scene.front.postRx();
          }
          scene.front.awaitRx(200);
          long dropped = scene.txDropped();
          scene.send(new Packet(frame(60)));
          assertEquals(dropped, scene.txDropped(), "the stack sends again");
        });
  }

  @Test
  void multicastFilterDropsWhatWasNotAskedFor() throws MachineFailure {
    play(
        front -> front.with("request-multicast-control", "1"),
        scene -> {
          for (int buffer = 0; buffer < 4; buffer++) {
            scene.front.postRx();
          }
          byte[] group = frame(64);
          System.arraycopy(new byte[] {1, 0, 0x5E, 0, 0, 7}, 0, group, 0, 6);
          scene.send(new Packet(group.clone()));
          assertEquals(1, scene.txDropped());
          scene.send(new Packet(frame(64)));
          scene.front.awaitRx(1);
          scene.front.request(
              scene.front.grant(new byte[60], true),
              0,
              dev.xenbus.abi.io.netif.TxRequestLayout.EXTRA_INFO,
              1,
              60);
          ExtraInfoLayout.writeMcast(
              scene.front.txPages,
              scene.front.nextTxSlot(),
              0,
              ExtraInfoLayout.TYPE_MCAST_ADD,
              0x0100_5E00_0007L);
          scene.front.push();
          scene.front.awaitTx(2);
          scene.send(new Packet(group.clone()));
          scene.front.awaitRx(1);
          // The node may change at any time.
          scene.world.store.write(scene.front.path + "/request-multicast-control", "0");
          scene.world.sleepMillis(10);
          group[5] = 8;
          scene.send(new Packet(group.clone()));
          scene.front.awaitRx(1);
        });
  }

  /// A packet that waits for one guest holds the pages of another; the drain timeout ends it.
  @Test
  void packetFromGuestToGuestIsDroppedWithinTenSeconds() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          ScriptedFrontend from = new ScriptedFrontend(world, world.guest("")).connect();
          ScriptedFrontend to = new ScriptedFrontend(world, world.guest("")).connect();
          var net = world.dom0.kernel().net();
          var bridge = net.addBridge("xenbr0", new MacAddress(0x0200_0000_0001L));
          bridge.addPort(world.vif(from.guest, 0));
          bridge.addPort(world.vif(to.guest, 0));
          byte[] frame = frame(1000);
          frame[0] = 0x02;
          from.send(frame, 1);
          world.sleepMillis(100);
          assertEquals(1, world.counter(from.guest, 0, "tx_zerocopy_sent"));
          assertEquals(List.of(), from.txAnswers());
          from.state(5);
          world.sleepMillis(5000);
          assertEquals("4", world.state(from.backendPath()));
          world.until("closing", () -> world.state(from.backendPath()).equals("5"));
          assertEquals(1, from.txAnswers().size());
        });
  }

  /// Foreign pages go from guest to guest in one copy.
  @Test
  void packetFromGuestToGuestArrives() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          ScriptedFrontend from = new ScriptedFrontend(world, world.guest("")).connect();
          ScriptedFrontend to = new ScriptedFrontend(world, world.guest("")).connect();
          var net = world.dom0.kernel().net();
          var bridge = net.addBridge("xenbr0", new MacAddress(0x0200_0000_0001L));
          bridge.addPort(world.vif(from.guest, 0));
          bridge.addPort(world.vif(to.guest, 0));
          world.vif(from.guest, 0).mtu(9000);
          world.vif(to.guest, 0).mtu(9000);
          int ref = to.postRx();
          byte[] frame = frame(3000);
          frame[0] = 0x02;
          from.send(frame, 1);
          assertEquals(List.of(new RxAnswer(0, 0, 0, 3000)), to.awaitRx(1));
          assertArrayEquals(frame, content(to, ref, 0, 3000));
          assertEquals(1, from.awaitTx(1).size());
          assertEquals(1, world.counter(from.guest, 0, "tx_zerocopy_success"));
        });
  }

  @Test
  void teardownDropsWhatWaits() throws MachineFailure {
    play(
        scene -> {
          boolean[] released = new boolean[1];
          byte[] frame = frame(64);
          frame[0] = 0x02;
          Packet packet = new Packet(frame);
          packet.zeroCopy(_ -> released[0] = true);
          scene.send(packet);
          assertFalse(released[0]);
          scene.front.state(5);
          scene.world.until(
              "closing", () -> scene.world.state(scene.front.backendPath()).equals("5"));
          assertTrue(released[0]);
        });
  }
}

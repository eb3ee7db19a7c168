package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.RxResponseLayout;
import dev.xenbus.abi.io.netif.TxRequestLayout;
import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.netback.ScriptedBackend.TxRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The frontend against backends, honest and hostile ones.
class NetfrontTest {
  private static final int MORE = RxResponseLayout.MORE_DATA;

  /// A connected frontend; what the guest receives is kept, and what its other port receives it
  /// sends.
  private static final class Scene {
    final NetWorld world;
    final TestHost guest;
    final ScriptedBackend back;
    final List<Packet> received = new ArrayList<>();
    private final NetDevice port;

    Scene(NetWorld world, String... features) throws Exception {
      this.world = world;
      this.guest = world.guest("");
      this.back = new ScriptedBackend(world, guest, features);
      var net = guest.kernel().net();
      port = net.register("test0", new MacAddress(0x0200_0000_0002L), Packet::free);
      port.mtu(65_000);
      back.eth().mtu(65_000);
      port.carrier(true);
      port.up();
      Bridge bridge = net.addBridge("br0", new MacAddress(0x0200_0000_0001L));
      bridge.addPort(back.eth());
      bridge.addPort(port);
      net.addReceiveHook((device, packet) -> device.name().equals("eth0") && received.add(packet));
    }

    void send(Packet packet) {
      port.receive(packet);
    }

    List<TxRequest> awaitRequests(int count) {
      List<TxRequest> requests = new ArrayList<>();
      world.until(
          count + " requests",
          () -> {
            requests.addAll(back.txRequests());
            return requests.size() >= count;
          });
      return requests;
    }

    long errors() {
      return back.eth().statistics().rxErrors().get();
    }

    void requireBroken(String why) {
      world.until("broken", () -> hasLog("Disabled for further use"));
      assertTrue(hasLog(why), guest.log()::toString);
      long dropped = back.eth().statistics().txDropped().get();
      send(new Packet(frame(60)));
      assertEquals(dropped + 1, back.eth().statistics().txDropped().get());
    }

    private boolean hasLog(String text) {
      return guest.log().stream().anyMatch(line -> line.contains(text));
    }

    byte[] bytes(int index) {
      byte[] all = new byte[received.get(index).length()];
      received.get(index).copyTo(all);
      return all;
    }
  }

  private interface Script {
    void run(Scene scene) throws Exception;
  }

  private static void play(Script script) throws MachineFailure {
    NetWorld.simulate(
        world ->
            script.run(new Scene(world, "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6")));
  }

  private static byte[] frame(int length) {
    byte[] bytes = new byte[length];
    for (int index = 14; index < length; index++) {
      bytes[index] = (byte) (index * 5 + index / 249);
    }
    bytes[0] = 2;
    bytes[5] = 77;
    bytes[6] = 2;
    bytes[11] = 9;
    bytes[12] = 0x12;
    bytes[13] = 0x34;
    return bytes;
  }

  // Connecting.

  @Test
  void frontendPublishesItsRingsAndFlags() throws MachineFailure {
    play(
        scene -> {
          String front = scene.back.frontPath + "/";
          for (String node :
              List.of(
                  "request-rx-copy",
                  "feature-rx-notify",
                  "feature-sg",
                  "feature-gso-tcpv4",
                  "feature-gso-tcpv6",
                  "feature-ipv6-csum-offload")) {
            assertEquals("1", scene.world.store.peek(front + node), node);
          }
          assertFalse(scene.world.store.exists(front + "multi-queue-num-queues"));
          assertFalse(scene.world.store.exists(front + "xdp-headroom"));
          assertTrue(scene.world.store.exists(front + "event-channel"));
          assertEquals(NetWorld.mac(scene.guest, 0), scene.back.eth().mac());
          // State 3 is never used.
          assertEquals(List.of("1", "4"), scene.world.store.history(front + "state"));
        });
  }

  @Test
  void splitChannelsAreUsedWhereOffered() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          Scene scene = new Scene(world, "feature-sg", "feature-split-event-channels");
          assertFalse(world.store.exists(scene.back.frontPath + "/event-channel"));
          scene.send(new Packet(frame(60)));
          TxRequest request = scene.awaitRequests(1).getFirst();
          scene.back.answerTx(request.id(), 0);
          scene.back.pushTx();
          scene.back.answerRx(frame(80), 0, 0, 80);
          scene.back.pushRx();
          world.until("received", () -> scene.received.size() == 1);
        });
  }

  @Test
  void backendWithoutRxCopyIsRefusedAndNothingHappens() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          world.addNodes(guest, 0);
          world.store.write(NetWorld.backendPath(guest, 0) + "/state", "2");
          TestDevice frontend = world.probeFrontend(guest, 0);
          world.until("bound", frontend::isBound);
          world.sleepMillis(100);
          assertEquals("1", world.state(NetWorld.frontendPath(guest, 0)));
          assertTrue(frontend.isBound());
          assertTrue(guest.kernel().net().device("eth0").isEmpty());
        });
  }

  @Test
  void probeWaitsForABackendThatIsNotClosed() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          world.addNodes(guest, 0);
          world.store.write(NetWorld.backendPath(guest, 0) + "/state", "6");
          TestDevice frontend = world.probeFrontend(guest, 0);
          world.sleepMillis(20_000);
          assertFalse(frontend.isBound());
          world.store.write(NetWorld.backendPath(guest, 0) + "/state", "1");
          world.until("bound", frontend::isBound);
        });
  }

  /// C20: its device vanishes while it waits for a backend: it waits on, without end.
  @Test
  void c20ProbeOfADeviceThatVanishesNeverEnds() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          world.addNodes(guest, 0);
          world.store.write(NetWorld.backendPath(guest, 0) + "/state", "6");
          TestDevice frontend = world.probeFrontend(guest, 0);
          world.until("waits", () -> isWaiting(guest));
          frontend.vanish();
          world.store.write(NetWorld.backendPath(guest, 0) + "/state", "1");
          world.sleepMillis(100_000);
          assertTrue(isWaiting(guest));
          assertFalse(frontend.isBound());
        });
  }

  private static boolean isWaiting(TestHost guest) {
    Task prober = guest.xenbus().xenwatch();
    return prober.state() == Task.State.D && prober.wchan().equals("xennet_wait");
  }

  @Test
  void deviceWithoutAnAddressIsUnregistered() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          world.addNodes(guest, 0);
          world.store.write(NetWorld.frontendPath(guest, 0) + "/mac", "nonsense");
          world.store.write(NetWorld.backendPath(guest, 0) + "/feature-rx-copy", "1");
          world.store.write(NetWorld.backendPath(guest, 0) + "/state", "2");
          int grants = guest.platform().grantsInUse();
          TestDevice frontend = world.probeFrontend(guest, 0);
          world.until("failed", () -> !frontend.errors().isEmpty());
          world.store.write(NetWorld.backendPath(guest, 0) + "/state", "6");
          world.until("unregistered", () -> !frontend.isBound());
          assertEquals(grants, guest.platform().grantsInUse());
        });
  }

  // Sending.

  @Test
  void packetIsSentInOneReadOnlyPage() throws MachineFailure {
    play(
        scene -> {
          Packet packet = new Packet(frame(100));
          packet.checksum(Packet.Checksum.BLANK);
          scene.send(packet);
          TxRequest request = scene.awaitRequests(1).getFirst();
          assertEquals(100, request.size());
          assertEquals(
              TxRequestLayout.CSUM_BLANK | TxRequestLayout.DATA_VALIDATED, request.flags());
          MappedGrant page =
              scene.world.dom0.kernel().grants().map(scene.guest.domid(), request.gref(), true);
          assertArrayEquals(
              frame(100),
              page.page().asSlice(request.offset(), 100).toArray(ValueLayout.JAVA_BYTE));
          // The rest of the page has nothing of the guest's (XSA-403).
          assertArrayEquals(
              new byte[3996], page.page().asSlice(100, 3996).toArray(ValueLayout.JAVA_BYTE));
          page.close();
          assertEquals(1, scene.back.eth().statistics().txPackets().get());
        });
  }

  @Test
  void largePacketIsSentInSlotsWithItsExtraInfoBehindTheFirst() throws MachineFailure {
    play(
        scene -> {
          Packet packet = new Packet(frame(66));
          MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
          packet.fragments().add(new Packet.Fragment(page, 0, 4096, null));
          packet.fragments().add(new Packet.Fragment(page, 100, 1000, null));
          packet.checksum(Packet.Checksum.BLANK);
          packet.gso(Packet.Gso.TCPV4, 1448);
          scene.send(packet);
          scene.world.until("4 slots", () -> scene.back.tx.unconsumedRequests() == 4);
          long extra = scene.back.tx.slot(1);
          assertEquals(
              ExtraInfoLayout.TYPE_GSO, ExtraInfoLayout.type(scene.back.tx.pages(), extra));
          assertEquals(1448, ExtraInfoLayout.gsoSize(scene.back.tx.pages(), extra));
          List<TxRequest> requests = scene.back.txRequests();
          assertEquals(5162, requests.get(0).size());
          assertTrue((requests.get(0).flags() & TxRequestLayout.EXTRA_INFO) != 0);
          assertTrue((requests.get(0).flags() & TxRequestLayout.MORE_DATA) != 0);
          assertEquals(4096, requests.get(2).size());
          assertEquals(TxRequestLayout.MORE_DATA, requests.get(2).flags());
          assertEquals(1000, requests.get(3).size());
          assertEquals(0, requests.get(3).flags());
        });
  }

  @Test
  void packetOfTooManyPiecesIsPutIntoOne() throws MachineFailure {
    play(
        scene -> {
          Packet packet = new Packet(frame(60));
          MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
          for (int piece = 0; piece < 30; piece++) {
            packet.fragments().add(new Packet.Fragment(page, piece, 100, null));
          }
          scene.send(packet);
          List<TxRequest> requests = scene.awaitRequests(1);
          assertEquals(1, requests.size());
          assertEquals(3060, requests.getFirst().size());
        });
  }

  @Test
  void packetWithATinyHeadIsPutIntoOne() throws MachineFailure {
    play(
        scene -> {
          byte[] all = frame(200);
          Packet packet = new Packet(Arrays.copyOf(all, 14));
          MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
          MemorySegment.copy(all, 14, page, ValueLayout.JAVA_BYTE, 0, 186);
          packet.fragments().add(new Packet.Fragment(page, 0, 186, null));
          scene.send(packet);
          assertEquals(2, scene.awaitRequests(2).size());
        });
  }

  @Test
  void answersGiveIdsAndGrantsBack() throws MachineFailure {
    play(
        scene -> {
          int grants = scene.guest.platform().grantsInUse();
          for (int round = 0; round < 1000; round++) {
            scene.send(new Packet(frame(60)));
            for (TxRequest request : scene.back.txRequests()) {
              scene.back.answerTx(request.id(), round % 2 == 0 ? 0 : -1);
            }
            scene.back.pushTx();
            scene.world.sleepMillis(1);
          }
          assertEquals(grants, scene.guest.platform().grantsInUse());
          assertEquals(1000, scene.back.eth().statistics().txPackets().get());
        });
  }

  @Test
  void fullRingStopsTheStackUntilThereIsRoom() throws MachineFailure {
    play(
        scene -> {
          for (int packet = 0; packet < 300; packet++) {
            scene.send(new Packet(frame(60)));
          }
          assertEquals(237, scene.back.eth().statistics().txPackets().get());
          List<TxRequest> requests = scene.back.txRequests();
          assertEquals(237, requests.size());
          requests.forEach(request -> scene.back.answerTx(request.id(), 0));
          scene.back.pushTx();
          scene.world.sleepMillis(10);
          scene.send(new Packet(frame(60)));
          assertEquals(238, scene.back.eth().statistics().txPackets().get());
        });
  }

  @Test
  void answerWithAnImpossibleIdBreaksTheDevice() throws MachineFailure {
    play(
        scene -> {
          scene.send(new Packet(frame(60)));
          scene.awaitRequests(1);
          scene.back.answerTx(256, 0);
          scene.back.pushTx();
          scene.requireBroken("Response has incorrect id (256)");
        });
  }

  @Test
  void answerToWhatWasNotAskedBreaksTheDevice() throws MachineFailure {
    play(
        scene -> {
          scene.send(new Packet(frame(60)));
          TxRequest request = scene.awaitRequests(1).getFirst();
          scene.back.answerTx(request.id() + 1, 0);
          scene.back.pushTx();
          scene.requireBroken("Response for inactive request");
        });
  }

  @Test
  void secondAnswerBreaksTheDevice() throws MachineFailure {
    play(
        scene -> {
          scene.send(new Packet(frame(60)));
          scene.send(new Packet(frame(60)));
          TxRequest request = scene.awaitRequests(2).getFirst();
          scene.back.answerTx(request.id(), 0);
          scene.back.answerTx(request.id(), 0);
          scene.back.pushTx();
          scene.requireBroken("Response for inactive request");
        });
  }

  @Test
  void answerWhileTheGrantIsInUseBreaksTheDevice() throws MachineFailure {
    play(
        scene -> {
          scene.send(new Packet(frame(60)));
          TxRequest request = scene.awaitRequests(1).getFirst();
          MappedGrant page =
              scene.world.dom0.kernel().grants().map(scene.guest.domid(), request.gref(), true);
          scene.back.answerTx(request.id(), 0);
          scene.back.pushTx();
          scene.requireBroken("Grant still in use by backend domain");
          page.close();
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 257, -1, Integer.MIN_VALUE})
  void moreAnswersThanRequestsBreakTheDevice(int ahead) throws MachineFailure {
    play(
        scene -> {
          scene.send(new Packet(frame(60)));
          scene.awaitRequests(1);
          scene.back.txMapping.page().set(ValueLayout.JAVA_INT, SharedRing.RSP_PROD, ahead);
          scene.back.txChannel.send();
          scene.requireBroken("Illegal number of responses");
        });
  }

  // Receiving.

  @Test
  void packetOfSeveralSlotsIsPutTogether() throws MachineFailure {
    play(
        scene -> {
          byte[] all = frame(5000);
          int flags = MORE | RxResponseLayout.CSUM_BLANK | RxResponseLayout.EXTRA_INFO;
          scene.back.answerRx(Arrays.copyOf(all, 4000), 96, flags, 4000);
          ExtraInfoLayout.writeGso(
              scene.back.rx.pages(), scene.back.nextRxSlot(), 0, ExtraInfoLayout.GSO_TCPV4, 1448);
          scene.back.answerRx(Arrays.copyOfRange(all, 4000, 5000), 0, 0, 1000);
          scene.back.pushRx();
          scene.world.until("received", () -> scene.received.size() == 1);
          assertArrayEquals(all, scene.bytes(0));
          assertEquals(Packet.Gso.TCPV4, scene.received.getFirst().gso());
          assertEquals(1448, scene.received.getFirst().gsoSize());
          assertEquals(Packet.Checksum.BLANK, scene.received.getFirst().checksum());
          scene.world.until("buffers again", () -> scene.back.rx.unconsumedRequests() == 256);
        });
  }

  /// Errors of each kind: the packet is counted and skipped, the next one arrives, and the ring is
  /// full again.
  @Test
  void brokenPacketsAreCountedAndSkipped() throws MachineFailure {
    play(
        scene -> {
          byte[] none = new byte[0];
          scene.back.answerRx(none, 0, 0, -1);
          scene.back.answerRx(none, 4000, 0, 97);
          scene.back.answerRx(none, 0, 0, 13);
          scene.back.answerRx(none, 0, RxResponseLayout.EXTRA_INFO, 60);
          ExtraInfoLayout.writeGso(scene.back.rx.pages(), scene.back.nextRxSlot(), 0, 1, 0);
          scene.back.answerRx(none, 0, RxResponseLayout.EXTRA_INFO, 60);
          ExtraInfoLayout.writeGso(scene.back.rx.pages(), scene.back.nextRxSlot(), 0, 7, 100);
          scene.back.answerRx(none, 0, RxResponseLayout.EXTRA_INFO, 60);
          long slot = scene.back.nextRxSlot();
          ExtraInfoLayout.writeGso(scene.back.rx.pages(), slot, 0, 1, 100);
          scene.back.rx.pages().setByte(slot, (byte) 9);
          scene.back.answerRx(none, 0, MORE, 60);
          scene.back.answerRx(none, 0, 0, -7);
          scene.back.answerRx(frame(70), 0, 0, 70);
          scene.back.pushRx();
          scene.world.until("received", () -> scene.received.size() == 1);
          assertEquals(7, scene.errors());
          assertArrayEquals(frame(70), scene.bytes(0));
          scene.world.until("buffers", () -> scene.back.rx.unconsumedRequests() == 256);
        });
  }

  /// Chains of any length cost neither pages nor grants (CVE-2026-99057).
  @Test
  void endlessChainsOfSlotsLeakNothing() throws MachineFailure {
    play(
        scene -> {
          int pages = scene.guest.platform().pages().inUse();
          int grants = scene.guest.platform().grantsInUse();
          int sent = 0;
          for (int slots = 18; slots <= 255; slots += 79) {
            for (int slot = 0; slot < slots; slot++) {
              scene.back.answerRx(new byte[0], 0, slot + 1 < slots ? MORE : 0, 300);
            }
            scene.back.pushRx();
            sent++;
            scene.world.until("buffers", () -> scene.back.rx.unconsumedRequests() == 256);
          }
          assertEquals(sent, scene.received.size() + scene.errors());
          assertEquals(1, scene.received.size());
          assertEquals(pages, scene.guest.platform().pages().inUse());
          assertEquals(grants, scene.guest.platform().grantsInUse());
        });
  }

  @Test
  void smallFirstPieceAllowsOneSlotMore() throws MachineFailure {
    play(
        scene -> {
          for (int first : new int[] {256, 257}) {
            for (int slot = 0; slot < 19; slot++) {
              scene.back.answerRx(new byte[0], 0, slot < 18 ? MORE : 0, slot == 0 ? first : 300);
            }
          }
          scene.back.pushRx();
          scene.world.until("error", () -> scene.errors() == 1);
          assertEquals(1, scene.received.size());
        });
  }

  @Test
  void chainThatEndsTooEarlyIsAnError() throws MachineFailure {
    play(
        scene -> {
          scene.back.answerRx(frame(60), 0, MORE, 60);
          scene.back.pushRx();
          scene.world.until("error", () -> scene.errors() == 1);
          scene.back.answerRx(frame(60), 0, RxResponseLayout.EXTRA_INFO, 60);
          scene.back.pushRx();
          scene.world.until("error", () -> scene.errors() == 2);
        });
  }

  @Test
  void bufferThatTheBackendStillUsesBreaksTheDevice() throws MachineFailure {
    play(
        scene -> {
          MappedGrant page =
              scene
                  .world
                  .dom0
                  .kernel()
                  .grants()
                  .map(scene.guest.domid(), scene.back.nextRxRef(), false);
          scene.back.answerRx(new byte[0], 0, 0, 60);
          scene.back.pushRx();
          scene.requireBroken("Grant still in use by backend domain");
          page.close();
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {257, -1, Integer.MIN_VALUE})
  void moreRxAnswersThanSlotsBreakTheDevice(int ahead) throws MachineFailure {
    play(
        scene -> {
          scene.back.rxMapping.page().set(ValueLayout.JAVA_INT, SharedRing.RSP_PROD, ahead);
          scene.back.rxChannel.send();
          scene.requireBroken("");
        });
  }

  @Test
  void rxIndexThatGoesBackBreaksTheDevice() throws MachineFailure {
    play(
        scene -> {
          // Down, so that the poll does not take the answers between the two looks.
          scene.back.eth().down();
          scene.back.rxMapping.page().set(ValueLayout.JAVA_INT, SharedRing.RSP_PROD, 9);
          scene.back.rxChannel.send();
          scene.world.sleepMillis(10);
          scene.back.rxMapping.page().set(ValueLayout.JAVA_INT, SharedRing.RSP_PROD, 3);
          scene.back.rxChannel.send();
          scene.world.until(
              "broken",
              () ->
                  scene.guest.log().stream()
                      .anyMatch(line -> line.contains("RX producer index going backwards")));
        });
  }

  @Test
  void manyPacketsLeakNothing() throws MachineFailure {
    play(
        scene -> {
          int pages = scene.guest.platform().pages().inUse();
          for (int packet = 0; packet < 2000; packet++) {
            scene.back.answerRx(new byte[0], 0, 0, 60 + packet % 1000);
            if (packet % 50 == 49) {
              scene.back.pushRx();
              scene.world.until("buffers", () -> scene.back.rx.unconsumedRequests() == 256);
            }
          }
          assertEquals(2000, scene.received.size());
          assertEquals(pages, scene.guest.platform().pages().inUse());
        });
  }

  /// Only a new connection cures a broken device.
  @Test
  void reconnectCuresABrokenDevice() throws MachineFailure {
    play(
        scene -> {
          scene.send(new Packet(frame(60)));
          scene.awaitRequests(1);
          scene.back.answerTx(256, 0);
          scene.back.pushTx();
          scene.requireBroken("Response has incorrect id");
          scene.back.release();
          scene.world.store.write(scene.back.path + "/state", "6");
          scene.world.until("closed", () -> scene.world.state(scene.back.frontPath).equals("6"));
          scene.guest.xenbus().post(scene.back.frontend::unregister);
          scene.world.until("gone", () -> scene.guest.kernel().net().device("eth0").isEmpty());
          scene.world.until("grants", () -> scene.guest.platform().grantsDeferred() == 0);
        });
  }

  // Closing.

  @Test
  void closingBackendIsAnsweredByClosedAndNothingIsFreed() throws MachineFailure {
    play(
        scene -> {
          int grants = scene.guest.platform().grantsInUse();
          scene.world.store.write(scene.back.path + "/state", "5");
          scene.world.until("closed", () -> scene.world.state(scene.back.frontPath).equals("6"));
          assertEquals(
              List.of("1", "4", "6"), scene.world.store.history(scene.back.frontPath + "/state"));
          assertEquals(grants, scene.guest.platform().grantsInUse());
          assertTrue(scene.guest.kernel().net().device("eth0").isPresent());
        });
  }

  @Test
  void removeWaitsForTheBackendWithoutEnd() throws MachineFailure {
    play(
        scene -> {
          scene.guest.xenbus().post(scene.back.frontend::unregister);
          scene.world.sleepMillis(250_000);
          assertEquals("5", scene.world.state(scene.back.frontPath));
          assertTrue(scene.guest.kernel().net().device("eth0").isPresent());
          scene.world.store.write(scene.back.path + "/state", "5");
          scene.world.until("closed", () -> scene.world.state(scene.back.frontPath).equals("6"));
          scene.world.sleepMillis(60_000);
          assertTrue(scene.guest.kernel().net().device("eth0").isPresent());
          scene.back.release();
          scene.world.store.write(scene.back.path + "/state", "6");
          scene.world.until("gone", () -> scene.guest.kernel().net().device("eth0").isEmpty());
          assertEquals(
              List.of("1", "4", "5", "6"),
              scene.world.store.history(scene.back.frontPath + "/state"));
        });
  }

  /// What the backend still maps is not freed until it does not (XSA-396).
  @Test
  void pagesThatAreStillMappedWaitForTheBackend() throws MachineFailure {
    play(
        scene -> {
          MappedGrant page =
              scene
                  .world
                  .dom0
                  .kernel()
                  .grants()
                  .map(scene.guest.domid(), scene.back.nextRxRef(), false);
          scene.world.store.write(scene.back.path + "/state", "6");
          scene.world.until("closed", () -> scene.world.state(scene.back.frontPath).equals("6"));
          scene.guest.xenbus().post(scene.back.frontend::unregister);
          scene.world.until("gone", () -> scene.guest.kernel().net().device("eth0").isEmpty());
          // The two rings and one buffer.
          assertEquals(3, scene.guest.platform().grantsDeferred());
          page.close();
          scene.back.release();
          scene.world.until("deferred", () -> scene.guest.platform().grantsDeferred() == 0);
        });
  }
}

package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.TxRequestLayout;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.netback.ScriptedFrontend.TxAnswer;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What guests send, honest and hostile ones.
class TxPathTest {
  private static final int OKAY = 0;
  private static final int ERROR = -1;
  private static final int FILLER = 1;
  private static final int MORE = TxRequestLayout.MORE_DATA;

  /// A connected scripted frontend; what dom0 receives is kept.
  private static final class Scene {
    final NetWorld world;
    final ScriptedFrontend front;
    final List<Packet> received = new ArrayList<>();
    boolean keeps;

    Scene(NetWorld world) throws Exception {
      this.world = world;
      this.front = new ScriptedFrontend(world, world.guest(""));
      world.dom0.kernel().net().addReceiveHook((_, packet) -> take(packet));
      front.connect();
    }

    private boolean take(Packet packet) {
      received.add(packet);
      if (!keeps) {
        packet.orphanFragments();
      }
      return true;
    }

    byte[] bytes(int index) {
      byte[] all = new byte[received.get(index).length()];
      received.get(index).copyTo(all);
      return all;
    }

    Packet awaitPacket() {
      world.until("packet", () -> !received.isEmpty());
      return received.getFirst();
    }

    void requireDisabled() {
      world.until(
          "disabled",
          () -> world.dom0.log().stream().anyMatch(line -> line.contains("disabling device")));
      world.until("link down", () -> !world.vif(front.guest, 0).carrier());
      assertEquals("4", world.state(front.backendPath()));
    }
  }

  private interface Script {
    void run(Scene scene) throws Exception;
  }

  private static void play(Script script) throws MachineFailure {
    NetWorld.simulate(world -> script.run(new Scene(world)));
  }

  private static byte[] pattern(int length) {
    byte[] bytes = new byte[length];
    for (int index = 0; index < length; index++) {
      bytes[index] = (byte) (index * 7 + index / 251);
    }
    return bytes;
  }

  /// Sends a packet of equal pieces: the first slot has `first` bytes, each further one `each`.
  private static byte[] sendSlots(ScriptedFrontend front, int further, int first, int each)
      throws KernelException {
    byte[] all = pattern(first + further * each);
    for (int slot = 0; slot <= further; slot++) {
      int from = slot == 0 ? 0 : first + (slot - 1) * each;
      int size = slot == 0 ? first : each;
      byte[] piece = java.util.Arrays.copyOfRange(all, from, from + size);
      int ref = front.grant(piece, true);
      front.request(ref, 0, slot < further ? MORE : 0, slot, slot == 0 ? all.length : size);
    }
    return all;
  }

  @Test
  void packetOfOneSlotArrivesAndIsAnswered() throws MachineFailure {
    play(
        scene -> {
          scene.front.send(pattern(100), 77);
          assertEquals(List.of(new TxAnswer(77, OKAY)), scene.front.awaitTx(1));
          assertArrayEquals(pattern(100), scene.bytes(0));
          assertEquals(Packet.Checksum.NONE, scene.received.getFirst().checksum());
          assertFalse(scene.received.getFirst().isZeroCopy());
        });
  }

  @Test
  void restOfALongSlotIsMappedAndItsAnswerWaitsForTheRelease() throws MachineFailure {
    play(
        scene -> {
          scene.keeps = true;
          scene.front.send(pattern(1000), 5);
          Packet packet = scene.awaitPacket();
          assertEquals(128, packet.headLength());
          assertEquals(1, packet.fragments().size());
          assertTrue(packet.isZeroCopy());
          assertArrayEquals(pattern(1000), scene.bytes(0));
          scene.world.sleepMillis(1000);
          assertEquals(List.of(), scene.front.txAnswers());
          assertEquals(1, scene.world.counter(scene.front.guest, 0, "tx_zerocopy_sent"));
          packet.free();
          assertEquals(List.of(new TxAnswer(5, OKAY)), scene.front.awaitTx(1));
          assertEquals(1, scene.world.counter(scene.front.guest, 0, "tx_zerocopy_success"));
          assertEquals(2, scene.world.dom0.platform().mappings());
        });
  }

  @Test
  void copyingAPacketReleasesItsPagesAsAFailure() throws MachineFailure {
    play(
        scene -> {
          scene.front.send(pattern(1000), 5);
          assertEquals(List.of(new TxAnswer(5, OKAY)), scene.front.awaitTx(1));
          assertEquals(1, scene.world.counter(scene.front.guest, 0, "tx_zerocopy_fail"));
          assertEquals(0, scene.world.counter(scene.front.guest, 0, "tx_zerocopy_success"));
        });
  }

  /// The headers are in one piece, however the guest cuts them (XSA-423).
  @Test
  void headerIsContiguousWhereverItIsCut() throws MachineFailure {
    play(
        scene -> {
          byte[] all = pattern(200);
          for (int cut = 14; cut < 200; cut += 9) {
            scene.received.clear();
            int a = scene.front.grant(java.util.Arrays.copyOfRange(all, 0, cut), true);
            int b = scene.front.grant(java.util.Arrays.copyOfRange(all, cut, 200), true);
            scene.front.request(a, 0, MORE, 1, 200);
            scene.front.request(b, 0, 0, 2, 200 - cut);
            scene.front.push();
            scene.front.awaitTx(2);
            assertArrayEquals(all, scene.bytes(0), "cut at " + cut);
          }
        });
  }

  @Test
  void headOfAPacketHasItsFirst128Bytes() throws MachineFailure {
    play(
        scene -> {
          scene.keeps = true;
          sendSlots(scene.front, 2, 20, 1000);
          scene.front.push();
          Packet packet = scene.awaitPacket();
          assertEquals(128, packet.headLength());
          // The first slot was used up by the head.
          assertEquals(2, packet.fragments().size());
          assertEquals(892, packet.fragments().getFirst().length());
          // So it is answered, and the others are not.
          assertEquals(List.of(new TxAnswer(0, OKAY)), scene.front.awaitTx(1));
          packet.free();
          scene.front.awaitTx(2);
        });
  }

  @Test
  void eighteenFurtherSlotsAreAccepted() throws MachineFailure {
    play(
        scene -> {
          byte[] all = sendSlots(scene.front, 18, 300, 200);
          scene.front.push();
          List<TxAnswer> answers = scene.front.awaitTx(19);
          assertTrue(answers.stream().allMatch(answer -> answer.status() == OKAY));
          assertArrayEquals(all, scene.bytes(0));
          assertEquals(1, scene.world.counter(scene.front.guest, 0, "tx_frag_overflow"));
          assertEquals(2, scene.world.counter(scene.front.guest, 0, "tx_zerocopy_sent"));
          scene.world.until(
              "balance",
              () -> scene.world.counter(scene.front.guest, 0, "tx_zerocopy_success") == 2);
        });
  }

  @Test
  void seventeenFurtherSlotsStayZeroCopy() throws MachineFailure {
    play(
        scene -> {
          scene.keeps = true;
          sendSlots(scene.front, 17, 300, 200);
          scene.front.push();
          Packet packet = scene.awaitPacket();
          // The whole first slot is copied, so that 17 fragments are enough.
          assertEquals(300, packet.headLength());
          assertEquals(17, packet.fragments().size());
          packet.free();
          scene.front.awaitTx(18);
        });
  }

  @Test
  void nineteenAndTwentyFurtherSlotsAreDropped() throws MachineFailure {
    play(
        scene -> {
          for (int further = 19; further <= 20; further++) {
            sendSlots(scene.front, further, 100, 50);
            scene.front.push();
            List<TxAnswer> answers = scene.front.awaitTx(further + 1);
            assertTrue(answers.stream().allMatch(answer -> answer.status() == ERROR));
          }
          assertEquals(List.of(), scene.received);
          scene.front.send(pattern(60), 1);
          assertEquals(List.of(new TxAnswer(1, OKAY)), scene.front.awaitTx(1));
        });
  }

  @Test
  void twentyOneFurtherSlotsAreFatal() throws MachineFailure {
    play(
        scene -> {
          sendSlots(scene.front, 21, 100, 50);
          scene.front.push();
          scene.requireDisabled();
          assertEquals(List.of(), scene.front.txAnswers());
        });
  }

  @Test
  void promiseOfMoreSlotsThanThereAreIsFatal() throws MachineFailure {
    play(
        scene -> {
          scene.front.request(scene.front.grant(pattern(60), true), 0, MORE, 1, 60);
          scene.front.push();
          scene.requireDisabled();
        });
  }

  @Test
  void slotAcrossItsPageIsFatal() throws MachineFailure {
    play(
        scene -> {
          scene.front.request(scene.front.grant(pattern(60), true), 4050, 0, 1, 60);
          scene.front.push();
          scene.requireDisabled();
        });
  }

  @Test
  void furtherSlotAcrossItsPageIsFatal() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.grant(pattern(60), true);
          scene.front.request(ref, 0, MORE, 1, 160);
          scene.front.request(ref, 4090, 0, 2, 100);
          scene.front.push();
          scene.requireDisabled();
        });
  }

  @Test
  void packetShorterThanAHeaderIsRefusedAlone() throws MachineFailure {
    play(
        scene -> {
          scene.front.send(pattern(13), 1);
          assertEquals(List.of(new TxAnswer(1, ERROR)), scene.front.awaitTx(1));
          scene.front.send(pattern(14), 2);
          assertEquals(List.of(new TxAnswer(2, OKAY)), scene.front.awaitTx(1));
        });
  }

  /// A frontend that sends 64 KiB: the total overflows.
  @Test
  void slotLongerThanWhatIsLeftIsDropped() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.grant(pattern(4000), true);
          scene.front.request(ref, 0, MORE, 1, 100);
          scene.front.request(ref, 0, 0, 2, 4000);
          scene.front.push();
          assertEquals(
              List.of(new TxAnswer(1, ERROR), new TxAnswer(2, ERROR)), scene.front.awaitTx(2));
        });
  }

  /// Empty slots with nonsense references (XSA-448).
  @Test
  void emptySlotsAreAnsweredOkay() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.grant(pattern(500), true);
          scene.front.request(ref, 0, MORE, 0, 500);
          for (int slot = 1; slot < 18; slot++) {
            scene.front.request(0x7FFF_FFFF, 0, slot < 17 ? MORE : 0, slot, 0);
          }
          scene.front.push();
          List<TxAnswer> answers = scene.front.awaitTx(18);
          assertEquals(18, answers.size());
          assertTrue(answers.stream().allMatch(answer -> answer.status() == OKAY));
          assertArrayEquals(pattern(500), scene.bytes(0));
        });
  }

  /// Every number of slots with every small total has a defined end (XSA-432).
  @Test
  void smallTotalsOverManySlotsNeverBreakThePoll() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.grant(pattern(4096), true);
          for (int further = 0; further <= 20; further++) {
            for (int total = 1; total <= 200; total += 13) {
              int each = further == 0 ? 0 : total / (further + 1);
              for (int slot = 0; slot <= further; slot++) {
                int flags = slot < further ? MORE : 0;
                scene.front.request(ref, slot, flags, slot, slot == 0 ? total : each);
              }
              scene.front.push();
              assertEquals(further + 1, scene.front.awaitTx(further + 1).size());
            }
          }
          assertTrue(scene.world.vif(scene.front.guest, 0).carrier());
        });
  }

  @Test
  void badReferenceOfTheFirstSlotAnswersError() throws MachineFailure {
    play(
        scene -> {
          scene.front.request(5000, 0, 0, 3, 60);
          scene.front.push();
          assertEquals(List.of(new TxAnswer(3, ERROR)), scene.front.awaitTx(1));
          assertEquals(List.of(), scene.received);
        });
  }

  @Test
  void badReferenceOfALaterSlotDropsThePacketAndUnmaps() throws MachineFailure {
    play(
        scene -> {
          scene.front.request(scene.front.grant(pattern(4000), true), 0, MORE, 3, 4600);
          scene.front.request(5000, 0, MORE, 4, 300);
          scene.front.request(scene.front.grant(pattern(300), true), 0, 0, 5, 300);
          scene.front.push();
          assertEquals(
              List.of(new TxAnswer(3, OKAY), new TxAnswer(4, ERROR), new TxAnswer(5, OKAY)),
              scene.front.awaitTx(3));
          assertEquals(List.of(), scene.received);
          assertEquals(2, scene.world.dom0.platform().mappings());
        });
  }

  @Test
  void extraInfoIsAnsweredByAFillerBehindTheFirstSlot() throws MachineFailure {
    play(
        scene -> {
          byte[] all = pattern(300);
          int flags = TxRequestLayout.EXTRA_INFO | TxRequestLayout.CSUM_BLANK;
          scene.front.request(scene.front.grant(all, true), 0, flags, 9, 300);
          ExtraInfoLayout.writeGso(
              scene.front.txPages, scene.front.nextTxSlot(), 0, ExtraInfoLayout.GSO_TCPV4, 100);
          scene.front.push();
          List<TxAnswer> answers = scene.front.awaitTx(2);
          assertEquals(new TxAnswer(9, OKAY), answers.getFirst());
          assertEquals(FILLER, answers.getLast().status());
          Packet packet = scene.received.getFirst();
          assertEquals(Packet.Gso.TCPV4, packet.gso());
          assertEquals(100, packet.gsoSize());
          assertEquals(Packet.Checksum.BLANK, packet.checksum());
          assertEquals(0, scene.world.counter(scene.front.guest, 0, "rx_gso_checksum_fixup"));
        });
  }

  @Test
  void gsoWithoutBlankChecksumIsRepairedAndCounted() throws MachineFailure {
    play(
        scene -> {
          int flags = TxRequestLayout.EXTRA_INFO | TxRequestLayout.DATA_VALIDATED;
          scene.front.request(scene.front.grant(pattern(300), true), 0, flags, 9, 300);
          ExtraInfoLayout.writeGso(
              scene.front.txPages, scene.front.nextTxSlot(), 0, ExtraInfoLayout.GSO_TCPV6, 100);
          scene.front.push();
          scene.front.awaitTx(2);
          assertEquals(Packet.Gso.TCPV6, scene.received.getFirst().gso());
          assertEquals(Packet.Checksum.BLANK, scene.received.getFirst().checksum());
          assertEquals(1, scene.world.counter(scene.front.guest, 0, "rx_gso_checksum_fixup"));
        });
  }

  private static void sendExtra(Scene scene, java.util.function.LongConsumer extra)
      throws KernelException {
    int flags = TxRequestLayout.EXTRA_INFO;
    scene.front.request(scene.front.grant(pattern(60), true), 0, flags, 9, 60);
    extra.accept(scene.front.nextTxSlot());
    scene.front.push();
  }

  @Test
  void missingExtraInfoIsFatal() throws MachineFailure {
    play(
        scene -> {
          scene.front.request(
              scene.front.grant(pattern(60), true), 0, TxRequestLayout.EXTRA_INFO, 9, 60);
          scene.front.push();
          scene.requireDisabled();
        });
  }

  @Test
  void extraInfoThatNeverEndsIsFatal() throws MachineFailure {
    play(
        scene -> {
          sendExtra(
              scene,
              slot ->
                  ExtraInfoLayout.writeGso(
                      scene.front.txPages, slot, ExtraInfoLayout.MORE, 1, 100));
          scene.requireDisabled();
        });
  }

  @Test
  void unknownExtraInfoIsFatal() throws MachineFailure {
    for (int type : new int[] {0, 6, 255}) {
      play(
          scene -> {
            sendExtra(
                scene,
                slot -> {
                  ExtraInfoLayout.writeGso(scene.front.txPages, slot, 0, 1, 100);
                  scene.front.txPages.setByte(slot, (byte) type);
                });
            scene.requireDisabled();
          });
    }
  }

  @Test
  void gsoOfSizeZeroIsFatal() throws MachineFailure {
    play(
        scene -> {
          sendExtra(scene, slot -> ExtraInfoLayout.writeGso(scene.front.txPages, slot, 0, 1, 0));
          scene.requireDisabled();
        });
  }

  @Test
  void gsoOfUnknownKindIsFatal() throws MachineFailure {
    play(
        scene -> {
          sendExtra(scene, slot -> ExtraInfoLayout.writeGso(scene.front.txPages, slot, 0, 3, 100));
          scene.requireDisabled();
        });
  }

  /// Garbage indices (XSA-39).
  @Test
  void moreRequestsThanSlotsAreFatal() throws MachineFailure {
    for (int ahead : new int[] {257, Integer.MIN_VALUE, -1}) {
      play(
          scene -> {
            scene.front.txPage.memory().set(ValueLayout.JAVA_INT, SharedRing.REQ_PROD, ahead);
            scene.front.channel.send();
            scene.requireDisabled();
          });
    }
  }

  /// After a fatal error the teardown works as ever (XSA-374), and the interface stays disabled.
  @Test
  void disabledInterfaceCanBeRemovedAndIsNotCuredByAReconnect() throws MachineFailure {
    play(
        scene -> {
          scene.front.request(scene.front.grant(pattern(60), true), 4090, 0, 1, 60);
          scene.front.push();
          scene.requireDisabled();
          scene.front.state(5);
          scene.world.until("5", () -> scene.world.state(scene.front.backendPath()).equals("5"));
          scene.front.state(6);
          scene.world.until("6", () -> scene.world.state(scene.front.backendPath()).equals("6"));
          SharedRing.init(scene.front.txPages);
          SharedRing.init(scene.front.rxPages);
          scene.front.state(1);
          scene.world.until("2", () -> scene.world.state(scene.front.backendPath()).equals("2"));
          scene.front.publish();
          scene.world.until("4", () -> scene.world.state(scene.front.backendPath()).equals("4"));
          scene.world.sleepMillis(1000);
          assertFalse(scene.world.vif(scene.front.guest, 0).carrier());
          scene.world.store.write(scene.front.backendPath() + "/online", "0");
          scene.front.state(6);
          scene.world.until("gone", () -> !scene.front.backend.isBound());
          assertEquals(0, scene.world.dom0.platform().mappings());
        });
  }

  /// A request page that changes after it was read changes nothing.
  @Test
  void manyPacketsWrapTheRing() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.grant(pattern(80), true);
          for (int round = 0; round < 20; round++) {
            for (int slot = 0; slot < 50; slot++) {
              scene.front.request(ref, 0, 0, round * 50 + slot, 80);
            }
            scene.front.push();
            List<TxAnswer> answers = scene.front.awaitTx(50);
            for (int slot = 0; slot < 50; slot++) {
              assertEquals(new TxAnswer(round * 50 + slot, OKAY), answers.get(slot));
            }
          }
          assertEquals(1000, scene.received.size());
        });
  }

  @Test
  void multicastFilterHasRoomFor64Groups() throws MachineFailure {
    play(
        scene -> {
          for (int group = 0; group < 65; group++) {
            int number = group;
            int type = ExtraInfoLayout.TYPE_MCAST_ADD;
            sendExtra(
                scene,
                slot ->
                    ExtraInfoLayout.writeMcast(
                        scene.front.txPages, slot, 0, type, 0x0100_5E00_0000L + number));
            List<TxAnswer> answers = scene.front.awaitTx(2);
            assertEquals(group < 64 ? OKAY : ERROR, answers.getFirst().status());
            assertEquals(FILLER, answers.getLast().status());
          }
          sendExtra(
              scene,
              slot ->
                  ExtraInfoLayout.writeMcast(
                      scene.front.txPages,
                      slot,
                      0,
                      ExtraInfoLayout.TYPE_MCAST_DEL,
                      0x0100_5E00_0000L));
          assertEquals(OKAY, scene.front.awaitTx(2).getFirst().status());
          sendExtra(
              scene,
              slot ->
                  ExtraInfoLayout.writeMcast(
                      scene.front.txPages,
                      slot,
                      0,
                      ExtraInfoLayout.TYPE_MCAST_ADD,
                      0x0100_5E00_00FFL));
          assertEquals(OKAY, scene.front.awaitTx(2).getFirst().status());
          assertEquals(List.of(), scene.received);
        });
  }

  @Test
  void rateLimitHoldsBackWhatIsTooMuch() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          Scene scene = new Scene(world);
          world.store.write(scene.front.backendPath() + "/rate", "1000,100000");
          world.sleepMillis(10);
          int ref = scene.front.grant(pattern(100), true);
          long start = world.machine.clock().nanos();
          for (int packet = 0; packet < 200; packet++) {
            scene.front.request(ref, 0, 0, packet, 100);
          }
          scene.front.push();
          scene.front.awaitTx(200);
          long millis = (world.machine.clock().nanos() - start) / 1_000_000;
          // 20,000 bytes at 1,000 in each 100 ms.
          assertTrue(millis > 1700 && millis < 2300, millis + " ms");
        });
  }

  /// Indices start just below 2^32 and run over it.
  @Test
  void ringWorksAcrossTheEndOfItsNumbers() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          ScriptedFrontend front = new ScriptedFrontend(world, world.guest(""));
          int start = 0xFFFF_FFF0;
          for (var page : List.of(front.txPage, front.rxPage)) {
            page.memory().set(ValueLayout.JAVA_INT, SharedRing.REQ_PROD, start);
            page.memory().set(ValueLayout.JAVA_INT, SharedRing.RSP_PROD, start);
            page.memory().set(ValueLayout.JAVA_INT, SharedRing.REQ_EVENT, start + 1);
            page.memory().set(ValueLayout.JAVA_INT, SharedRing.RSP_EVENT, start + 1);
          }
          front.tx.reqProdPvt(start);
          front.tx.rspCons(start);
          front.rx.reqProdPvt(start);
          front.rx.rspCons(start);
          front.connect();
          int ref = front.grant(pattern(80), true);
          for (int round = 0; round < 4; round++) {
            for (int slot = 0; slot < 9; slot++) {
              front.request(ref, 0, 0, slot, 80);
            }
            front.push();
            assertEquals(9, front.awaitTx(9).size());
          }
          assertEquals(start + 36, front.tx.rspProd());
          for (int buffer = 0; buffer < 36; buffer++) {
            front.postRx();
          }
          world.dom0.kernel().net().addAddress("vif1.0", "10.0.0.1", 24);
          for (int probe = 0; probe < 3; probe++) {
            NetWorld.ping(world.dom0, "10.0.0.2");
          }
          assertTrue(front.rxAnswers().size() >= 3);
        });
  }

  @Test
  void debugFileShowsTheRingsAndTakesAKick() throws MachineFailure {
    play(
        scene -> {
          var files = scene.world.dom0.kernel().files();
          String file = "/sys/kernel/debug/xen-netback/vif1.0/io_ring_q0";
          scene.front.send(pattern(60), 1);
          scene.front.awaitTx(1);
          assertTrue(files.read(file).contains("TX: req cons 1, rsp prod pvt 1, pending 0"));
          // A request that nobody announced is found by the kick.
          scene.front.request(scene.front.grant(pattern(60), true), 0, 0, 2, 60);
          scene.front.tx.pushRequests();
          scene.world.sleepMillis(100);
          assertEquals(List.of(), scene.front.txAnswers());
          files.write(file, "kick\n");
          scene.front.awaitTx(1);
          assertThrows(KernelException.class, () -> files.write(file, "dance\n"));
          scene.front.state(6);
          scene.world.until(
              "closed", () -> scene.world.state(scene.front.backendPath()).equals("6"));
          assertThrows(KernelException.class, () -> files.read(file));
        });
  }

  /// A guest that fires for nothing is slowed down.
  @Test
  void eventsWithoutRequestsAreSlowedDown() throws MachineFailure {
    play(
        scene -> {
          for (int event = 0; event < 5000; event++) {
            scene.front.channel.send();
            scene.world.sleepMillis(1);
          }
          long events = scene.front.backend.eventStatistics().events();
          assertTrue(events < 30, events + " events");
          scene.front.send(pattern(60), 1);
          scene.front.awaitTx(1);
        });
  }
}

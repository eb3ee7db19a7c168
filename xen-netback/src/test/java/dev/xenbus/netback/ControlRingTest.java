package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.netif.ControlRequestLayout;
import dev.xenbus.abi.io.netif.ControlResponseLayout;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.abi.io.netif.RxResponseLayout;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Page;
import dev.xenbus.machine.MachineFailure;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A frontend that says how its packets are spread over its queues.
class ControlRingTest {
  private static final int SUCCESS = ControlResponseLayout.SUCCESS;
  private static final int UNSUPPORTED = ControlResponseLayout.NOT_SUPPORTED;
  private static final int INVALID = ControlResponseLayout.INVALID_PARAMETER;

  private static final byte[] KEY =
      HexFormat.of()
          .parseHex(
              "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

  /// What the backend answered.
  private record Answer(int id, int type, int status, int data) {}

  private static final class Scene {
    final NetWorld world;
    final ScriptedFrontend front;
    final Page page;
    final RingPages pages;
    final FrontRing ring;
    final EventChannel channel;
    private int nextId = 40;

    Scene(NetWorld world) throws Exception {
      this.world = world;
      front = new ScriptedFrontend(world, world.guest(""));
      page = front.guest.kernel().pages().allocate();
      pages = RingPages.of(page.memory());
      SharedRing.init(pages);
      ring = new FrontRing(pages, NetifLimits.CONTROL_SLOT_BYTES, () -> {});
      int ref = front.guest.kernel().grants().grantAccess(Domid.DOM0, page, false);
      channel = front.guest.kernel().events().allocateUnbound(Domid.DOM0, "ctrl", () -> {});
      front.with("ctrl-ring-ref", "" + ref).with("event-channel-ctrl", "" + channel.port());
      front.connect();
    }

    /// Sends one request and returns its answer.
    Answer ask(int type, int data0, int data1, int data2) {
      int prod = ring.reqProdPvt();
      nextId++;
      ControlRequestLayout.write(pages, ring.slot(prod), nextId, type, data0, data1, data2);
      ring.reqProdPvt(prod + 1);
      if (ring.pushRequestsAndCheckNotify()) {
        channel.send();
      }
      world.until("answer", () -> ring.unconsumedResponses() > 0);
      long slot = ring.slot(ring.rspCons());
      ring.rspCons(ring.rspCons() + 1);
      Answer answer =
          new Answer(
              ControlResponseLayout.id(pages, slot),
              ControlResponseLayout.type(pages, slot),
              ControlResponseLayout.status(pages, slot),
              ControlResponseLayout.data(pages, slot));
      assertEquals(nextId, answer.id());
      assertEquals(type, answer.type());
      return answer;
    }

    int status(int type, int data0, int data1, int data2) {
      return ask(type, data0, data1, data2).status();
    }

    int setAlgorithm(int algorithm) {
      return status(ControlRequestLayout.SET_HASH_ALGORITHM, algorithm, 0, 0);
    }

    int setMapping(int first, int... entries) throws Exception {
      ByteBuffer bytes = ByteBuffer.allocate(entries.length * 4).order(ByteOrder.LITTLE_ENDIAN);
      for (int entry : entries) {
        bytes.putInt(entry);
      }
      int ref = front.grant(bytes.array(), true);
      return status(ControlRequestLayout.SET_HASH_MAPPING, ref, entries.length, first);
    }
  }

  private interface Script {
    void run(Scene scene) throws Exception;
  }

  private static void play(Script script) throws MachineFailure {
    NetWorld.simulate(world -> script.run(new Scene(world)));
  }

  @Test
  void flagsAreOfferedOnceThereIsAnAlgorithm() throws MachineFailure {
    play(
        scene -> {
          assertEquals(UNSUPPORTED, scene.status(ControlRequestLayout.GET_HASH_FLAGS, 0, 0, 0));
          assertEquals(INVALID, scene.status(ControlRequestLayout.SET_HASH_FLAGS, 1, 0, 0));
          assertEquals(INVALID, scene.setAlgorithm(2));
          assertEquals(SUCCESS, scene.setAlgorithm(1));
          Answer flags = scene.ask(ControlRequestLayout.GET_HASH_FLAGS, 0, 0, 0);
          assertEquals(SUCCESS, flags.status());
          assertEquals(15, flags.data());
          assertEquals(INVALID, scene.status(ControlRequestLayout.SET_HASH_FLAGS, 16, 0, 0));
          assertEquals(SUCCESS, scene.status(ControlRequestLayout.SET_HASH_FLAGS, 15, 0, 0));
        });
  }

  @Test
  void mappingHasUpTo128Entries() throws MachineFailure {
    play(
        scene -> {
          assertEquals(128, scene.ask(ControlRequestLayout.GET_HASH_MAPPING_SIZE, 0, 0, 0).data());
          int type = ControlRequestLayout.SET_HASH_MAPPING_SIZE;
          assertEquals(SUCCESS, scene.status(type, 128, 0, 0));
          assertEquals(INVALID, scene.status(type, 129, 0, 0));
          assertEquals(INVALID, scene.status(type, -1, 0, 0));
        });
  }

  /// Offsets and lengths that overflow (XSA-270).
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 127, 128, 129, Integer.MIN_VALUE, -1})
  void entriesOutsideOfTheMappingAreRefused(int first) throws MachineFailure {
    play(
        scene -> {
          assertEquals(
              SUCCESS, scene.status(ControlRequestLayout.SET_HASH_MAPPING_SIZE, 128, 0, 0));
          int ref = scene.front.grant(new byte[4096], true);
          for (int count : new int[] {0, 1, 127, 128, 129, Integer.MIN_VALUE, -1}) {
            boolean fits = Integer.toUnsignedLong(first) + Integer.toUnsignedLong(count) <= 128;
            assertEquals(
                fits ? SUCCESS : INVALID,
                scene.status(ControlRequestLayout.SET_HASH_MAPPING, ref, count, first),
                first + " + " + count);
          }
        });
  }

  @Test
  void entriesThatNameNoQueueAreRefused() throws MachineFailure {
    play(
        scene -> {
          scene.status(ControlRequestLayout.SET_HASH_MAPPING_SIZE, 4, 0, 0);
          assertEquals(SUCCESS, scene.setMapping(1, 0, 0, 0));
          assertEquals(INVALID, scene.setMapping(0, 0, 1));
          assertEquals(INVALID, scene.setMapping(0, -1));
        });
  }

  @Test
  void keyIsBoundedAndItsPageMustBeGranted() throws MachineFailure {
    play(
        scene -> {
          int ref = scene.front.grant(KEY, true);
          assertEquals(SUCCESS, scene.status(ControlRequestLayout.SET_HASH_KEY, ref, 40, 0));
          assertEquals(SUCCESS, scene.status(ControlRequestLayout.SET_HASH_KEY, 0, 0, 0));
          assertEquals(INVALID, scene.status(ControlRequestLayout.SET_HASH_KEY, ref, 41, 0));
          assertEquals(INVALID, scene.status(ControlRequestLayout.SET_HASH_KEY, ref, -1, 0));
          assertEquals(INVALID, scene.status(ControlRequestLayout.SET_HASH_KEY, 4000, 40, 0));
        });
  }

  @Test
  void otherRequestsAreNotSupported() throws MachineFailure {
    play(
        scene -> {
          for (int type : new int[] {0, 8, 9, 10, 11, 0xFFFF}) {
            assertEquals(UNSUPPORTED, scene.status(type, 1, 2, 3));
          }
        });
  }

  @Test
  void ringWraps() throws MachineFailure {
    play(
        scene -> {
          for (int request = 0; request < 300; request++) {
            assertEquals(
                SUCCESS, scene.status(ControlRequestLayout.GET_HASH_MAPPING_SIZE, 0, 0, 0));
          }
        });
  }

  /// The guest is told the hash of each packet.
  @Test
  void hashTravelsWithThePacket() throws MachineFailure {
    play(
        scene -> {
          scene.setAlgorithm(1);
          scene.status(ControlRequestLayout.SET_HASH_FLAGS, 15, 0, 0);
          scene.status(
              ControlRequestLayout.SET_HASH_KEY, scene.front.grant(KEY, true), KEY.length, 0);
          var net = scene.world.dom0.kernel().net();
          var bridge = net.addBridge("xenbr0", new MacAddress(0x0200_0000_0001L));
          NetDevice port = net.register("test0", new MacAddress(0x0200_0000_0002L), Packet::free);
          port.carrier(true);
          port.up();
          bridge.addPort(port);
          bridge.addPort(scene.world.vif(scene.front.guest, 0));
          for (int buffer = 0; buffer < 2; buffer++) {
            scene.front.postRx();
          }
          port.receive(new Packet(tcpFrame()));
          assertTrue(
              (scene.front.awaitRx(2).getFirst().flags() & RxResponseLayout.EXTRA_INFO) != 0);
          long slot = scene.front.rx.slot(1);
          RingPages rx = scene.front.rxPages;
          assertEquals(ExtraInfoLayout.TYPE_HASH, ExtraInfoLayout.type(rx, slot));
          assertEquals(ExtraInfoLayout.HASH_IPV4_TCP, ExtraInfoLayout.hashType(rx, slot));
          assertEquals(1, ExtraInfoLayout.hashAlgorithm(rx, slot));
          assertEquals(0x51cc_c178, ExtraInfoLayout.hashValue(rx, slot));
        });
  }

  /// A frame of the verification suite's first flow.
  static byte[] tcpFrame() {
    byte[] frame = new byte[80];
    System.arraycopy(new byte[] {2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 8, 8, 8, 0, 0x45}, 0, frame, 0, 15);
    frame[14 + 9] = 6;
    byte[] tuple = HexFormat.of().parseHex("420995bba18e64500aea06e6");
    System.arraycopy(tuple, 0, frame, 14 + 12, tuple.length);
    return frame;
  }

  @Test
  void ringIsGoneAfterTheTeardown() throws MachineFailure {
    play(
        scene -> {
          assertTrue(hasThread(scene));
          assertEquals(3, scene.world.dom0.platform().mappings());
          scene.front.state(6);
          scene.world.until(
              "closed", () -> scene.world.state(scene.front.backendPath()).equals("6"));
          assertFalse(hasThread(scene));
          assertEquals(0, scene.world.dom0.platform().mappings());
        });
  }

  private static boolean hasThread(Scene scene) {
    return scene.world.machine.tasks().stream()
        .anyMatch(task -> task.comm().endsWith("-xen-netback-ctrl"));
  }

  @Test
  void missingChannelFailsTheConnect() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          ScriptedFrontend front = new ScriptedFrontend(world, world.guest(""));
          front.with("ctrl-ring-ref", "" + front.txRef).publish();
          world.until("failed", () -> !front.backend.errors().isEmpty());
          assertTrue(front.backend.errors().getFirst().endsWith("/event-channel-ctrl"));
        });
  }

  /// Garbage indices cost one round over the ring.
  @Test
  void impossibleIndexIsBounded() throws MachineFailure {
    play(
        scene -> {
          scene.page.memory().set(ValueLayout.JAVA_INT, SharedRing.REQ_PROD, Integer.MIN_VALUE);
          scene.channel.send();
          scene.world.sleepMillis(100);
          scene.front.state(6);
          scene.world.until(
              "closed", () -> scene.world.state(scene.front.backendPath()).equals("6"));
        });
  }
}

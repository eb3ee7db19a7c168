package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.MachineFailure;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The state machine, driven by a scripted frontend.
class NetbackDeviceTest {
  private interface Script {
    void run(ScriptedFrontend front) throws Exception;
  }

  private static void play(Script script) throws MachineFailure {
    NetWorld.simulate(world -> script.run(new ScriptedFrontend(world, world.guest(""))));
  }

  private static List<String> history(ScriptedFrontend front) {
    return front.world.store.history(front.backendPath() + "/state");
  }

  /// Waits until the watch thread has nothing left to do.
  private static void settle(ScriptedFrontend front) {
    boolean[] isDone = new boolean[1];
    front.world.dom0.xenbus().post(() -> isDone[0] = true);
    front.world.until("settled", () -> isDone[0]);
    front.world.sleepMillis(20);
  }

  @Test
  void probePublishesWhatIsOffered() throws MachineFailure {
    play(
        front -> {
          String back = front.backendPath() + "/";
          for (String node :
              List.of(
                  "feature-sg",
                  "feature-gso-tcpv4",
                  "feature-gso-tcpv6",
                  "feature-ipv6-csum-offload",
                  "feature-rx-copy",
                  "feature-xdp-headroom",
                  "feature-multicast-control",
                  "feature-dynamic-multicast-control",
                  "feature-split-event-channels",
                  "feature-ctrl-ring")) {
            assertEquals("1", front.world.store.peek(back + node), node);
          }
          assertEquals("0", front.world.store.peek(back + "feature-rx-flip"));
          assertEquals("4", front.world.store.peek(back + "multi-queue-max-queues"));
          assertEquals("2", front.world.store.peek(back + "state"));
          var vif = front.world.vif(front.guest, 0);
          assertEquals(new MacAddress(0xFEFF_FFFF_FFFFL), vif.mac());
          assertFalse(vif.carrier());
          assertFalse(vif.isUp());
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"script", "handle"})
  void probeWithoutAMandatoryNodeFailsTheDevice(String node) throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          world.addNodes(guest, 0);
          world.store.remove(NetWorld.backendPath(guest, 0) + "/" + node);
          TestDevice device = world.probeBackend(guest, 0);
          world.until("failed", () -> device.state() == XenbusState.CLOSING);
          assertEquals(List.of("2 reading " + node), device.errors());
          assertFalse(device.isBound());
          assertTrue(world.dom0.kernel().net().device("vif1.0").isEmpty());
        });
  }

  /// Every way through the table, as the states that the frontend shows and those that are
  /// published in answer; the first published ones are 1 and 2.
  @ParameterizedTest
  @CsvSource({
    "1, 1 2",
    "3, 1 2",
    "5, 1 2 5",
    "6, 1 2 5 6",
    "4, 1 2 4",
    "4 5, 1 2 4 5",
    "4 6, 1 2 4 5 6",
    "4 5 6, 1 2 4 5 6",
    "4 1, 1 2 4 5 6 2",
    "4 5 1, 1 2 4 5 6 2",
    "4 5 4, 1 2 4 5 6 2 4",
    "4 6 1, 1 2 4 5 6 2",
    "4 6 4, 1 2 4 5 6 2 4",
    "4 6 5, 1 2 4 5 6 5",
    "6 1 4 5 6 1 4, 1 2 5 6 2 4 5 6 2 4",
    "4 3, 1 2 4",
    "4 4, 1 2 4",
  })
  void stepsFollowTheTable(String frontend, String published) throws MachineFailure {
    play(
        front -> {
          front.world.hotplug(front.guest, 0);
          front.publishNodes();
          for (char state : frontend.replace(" ", "").toCharArray()) {
            if (state == '4') {
              SharedRing.init(front.txPages);
              SharedRing.init(front.rxPages);
            }
            front.state(state - '0');
            settle(front);
          }
          assertEquals(published, String.join(" ", history(front)));
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 8, 9, 42, 2_000_000_000})
  void impossibleFrontendStateFailsTheDevice(int state) throws MachineFailure {
    play(
        front -> {
          front.state(state);
          front.world.until("failed", () -> front.backend.state() == XenbusState.CLOSING);
          assertEquals(
              List.of("22 saw state %d at frontend".formatted(state)), front.backend.errors());
          settle(front);
          assertTrue(front.backend.isBound(), "a guest cannot unregister its device with a number");
        });
  }

  @Test
  void connectedIsPublishedOnceTheScriptIsDone() throws MachineFailure {
    play(
        front -> {
          front.publish();
          front.world.until("queue", () -> front.world.hasTask("vif1.0-q0-dealloc"));
          settle(front);
          assertEquals(List.of("1", "2"), history(front));
          String status = front.backendPath() + "/hotplug-status";
          front.world.store.write(status, "error");
          settle(front);
          assertEquals(List.of("1", "2"), history(front));
          front.world.store.write(status, "connected");
          settle(front);
          assertEquals(List.of("1", "2", "4"), history(front));
          front.world.store.write(status, "connected");
          settle(front);
          assertEquals(List.of("1", "2", "4"), history(front));
        });
  }

  /// While the script is waited for, closing is not published either; what was reached is, once it
  /// is done.
  @Test
  void statesReachedWhileWaitingForTheScriptComeAsOne() throws MachineFailure {
    play(
        front -> {
          front.publish();
          settle(front);
          front.state(5);
          settle(front);
          front.state(6);
          settle(front);
          assertEquals(List.of("1", "2"), history(front));
          front.world.hotplug(front.guest, 0);
          settle(front);
          assertEquals(List.of("1", "2", "6"), history(front));
        });
  }

  @Test
  void closedFrontendOfAnOfflineDeviceRemovesIt() throws MachineFailure {
    play(
        front -> {
          front.connect();
          front.world.store.write(front.backendPath() + "/online", "0");
          front.state(6);
          front.world.until("gone", () -> !front.backend.isBound());
          assertEquals(List.of("1", "2", "4", "5", "6"), history(front));
          assertTrue(front.world.dom0.kernel().net().device("vif1.0").isEmpty());
          assertFalse(front.world.store.exists(front.backendPath() + "/hotplug-status"));
        });
  }

  @Test
  void vanishedFrontendRemovesTheDevice() throws MachineFailure {
    play(
        front -> {
          front.connect();
          front.world.store.remove(front.path);
          front.world.until("gone", () -> !front.backend.isBound());
          assertEquals(List.of("1", "2", "4", "5", "6"), history(front));
          assertEquals(0, front.world.dom0.platform().mappings());
        });
  }

  /// A driver never makes a folder again that the toolstack removed.
  @Test
  void removedFolderStaysRemoved() throws MachineFailure {
    play(
        front -> {
          front.connect();
          front.world.store.remove(front.backendPath());
          front.state(6);
          front.world.until("gone", () -> !front.backend.isBound());
          assertFalse(front.world.store.exists(front.backendPath() + "/state"));
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "5", "4294967297", "2147483648"})
  void impossibleNumberOfQueuesFailsToConnect(String queues) throws MachineFailure {
    play(
        front -> {
          front.with("multi-queue-num-queues", queues).publish();
          settle(front);
          assertEquals(
              List.of(
                  "22 guest requested %s queues, exceeding the maximum of 4.".formatted(queues)),
              front.backend.errors());
          assertFalse(front.world.hasTask("vif1.0-q0-dealloc"));
        });
  }

  /// A connect that fails has published Closing, and Connected after it; nothing is left of it, and
  /// the next one works.
  @ParameterizedTest
  @CsvSource({
    "tx-ring-ref, 9999",
    "rx-ring-ref, 9999",
    "rx-ring-ref, -1",
    "tx-ring-ref, 4294967296",
    "tx-ring-ref, none",
    "event-channel, 900",
    "event-channel, none",
    "multi-queue-num-queues, 2",
  })
  void failedConnectLeavesNothingAndTheNextOneWorks(String node, String value)
      throws MachineFailure {
    play(
        front -> {
          String good = front.world.store.peek(front.path + "/" + node);
          int pages = front.world.dom0.platform().pages().inUse();
          front.with(node, value).publish();
          settle(front);
          assertEquals(List.of("1", "2", "5", "4"), history(front));
          assertFalse(front.backend.errors().isEmpty());
          assertEquals(0, front.world.dom0.platform().mappings());
          assertEquals(pages, front.world.dom0.platform().pages().inUse());
          assertTrue(
              front.world.machine.tasks().stream()
                  .noneMatch(
                      task -> task.comm().startsWith("vif") || task.comm().contains("napi")));
          front.state(6);
          settle(front);
          front
              .with("tx-ring-ref", "" + front.txRef)
              .with("rx-ring-ref", "" + front.rxRef)
              .with("event-channel", "" + front.channel.port())
              .with("multi-queue-num-queues", good.isEmpty() ? "1" : good);
          front.connect();
          front.send(new byte[60], 1);
          assertEquals(0, front.awaitTx(1).getFirst().status());
        });
  }

  /// Values that are no numbers are told as `xenbus_gather` does.
  @ParameterizedTest
  @CsvSource({
    "tx-ring-ref, none, ring-ref",
    "rx-ring-ref, -1, ring-ref",
    "event-channel, none, event-channel(-tx/rx)",
  })
  void valueThatIsNoNumberIsNamed(String node, String value, String named) throws MachineFailure {
    play(
        front -> {
          front.with(node, value).publish();
          settle(front);
          assertEquals("22 reading " + front.path + "/" + named, front.backend.errors().getFirst());
        });
  }

  /// Indices that cannot be: more requests unanswered than slots.
  @Test
  void impossibleIndicesAtAttachFailTheConnect() throws MachineFailure {
    play(
        front -> {
          front.tx.reqProdPvt(257);
          front.tx.pushRequests();
          front.publish();
          settle(front);
          assertTrue(
              front.backend.errors().getFirst().startsWith("5 "), front.backend.errors()::toString);
          assertEquals(0, front.world.dom0.platform().mappings());
        });
  }

  /// Unbind and bind again: the published state stays, and data flow anew.
  @Test
  void driverCanBeBoundAgain() throws MachineFailure {
    play(
        front -> {
          front.connect();
          front.world.dom0.xenbus().post(front.backend::unregister);
          front.world.until("unbound", () -> !front.backend.isBound());
          assertEquals("4", front.world.state(front.backendPath()));
          front.world.probeBackend(front.guest, 0);
          front.world.until(
              "interface", () -> front.world.dom0.kernel().net().device("vif1.0").isPresent());
          front.world.hotplug(front.guest, 0);
          front.world.until("link", () -> front.world.vif(front.guest, 0).carrier());
          front.send(new byte[60], 1);
          assertEquals(0, front.awaitTx(1).getFirst().status());
        });
  }

  @Test
  void frontendWithoutRxCopyKeepsTheDefaults() throws MachineFailure {
    play(
        front -> {
          front.without("request-rx-copy").with("feature-sg", "0").connect();
          var features = front.world.vif(front.guest, 0).features();
          assertTrue(features.contains(dev.xenbus.linux.api.NetDevice.Feature.SCATTER_GATHER));
          assertFalse(features.contains(dev.xenbus.linux.api.NetDevice.Feature.TCPV4_SEGMENTATION));
        });
  }

  @Test
  void frontendWithoutScatterGatherGetsSmallPackets() throws MachineFailure {
    play(
        front -> {
          front.world.vif(front.guest, 0).mtu(9000);
          front.without("feature-sg").connect();
          assertEquals(1500, front.world.vif(front.guest, 0).mtu());
        });
  }

  @Test
  void interfaceThatIsDownIsNotPolled() throws MachineFailure {
    play(
        front -> {
          List<Packet> received = new ArrayList<>();
          front.world.dom0.kernel().net().addReceiveHook((_, packet) -> received.add(packet));
          front.connect();
          front.world.vif(front.guest, 0).down();
          front.send(new byte[60], 1);
          front.world.sleepMillis(100);
          assertEquals(List.of(), front.txAnswers());
          front.world.vif(front.guest, 0).up();
          assertEquals(0, front.awaitTx(1).getFirst().status());
          assertEquals(1, received.size());
        });
  }
}

package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The two drivers against each other.
class NetPairTest {
  @Test
  void pingGoesBothWays() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          world.addresses(pair);
          assertTrue(NetWorld.ping(world.dom0, "10.0.0.2"));
          assertTrue(NetWorld.ping(guest, "10.0.0.1"));
          assertEquals(List.of(), pair.backend().errors());
        });
  }

  @Test
  void statesFollowTheHappyPath() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          String back = NetWorld.backendPath(guest, 0);
          String front = NetWorld.frontendPath(guest, 0);
          guest.xenbus().post(pair.frontend()::unregister);
          world.until("frontend closed", () -> world.state(front).equals("6"));
          world.until("backend closed", () -> world.state(back).equals("6"));
          assertEquals(List.of("1", "2", "4", "5", "6"), world.store.history(back + "/state"));
          assertEquals(List.of("1", "4", "5", "6"), world.store.history(front + "/state"));
        });
  }

  @Test
  void tcpGoesThroughInLargePackets() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          world.addresses(pair);
          world.dom0.kernel().net().discardTcp(9);
          NetWorld.sendTcp(guest, "10.0.0.1", 200_000);
          long packets = world.vif(guest, 0).statistics().rxPackets().get();
          assertTrue(packets < 100, packets + " packets");
          assertTrue(world.counter(guest, 0, "tx_zerocopy_sent") > 0);
          assertEquals(List.of(), pair.backend().errors());
        });
  }

  /// Everything that was taken is given back: threads, mappings, grants, pages, ports.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void nothingIsLeftAfterTraffic(long seed) throws MachineFailure {
    NetWorld.simulate(
        seed,
        world -> {
          TestHost guest = world.guest("");
          int pages = guest.platform().pages().inUse();
          int dom0Pages = world.dom0.platform().pages().inUse();
          int grants = guest.platform().grantsInUse();
          NetWorld.Pair pair = world.attach(guest, 0);
          world.addresses(pair);
          world.dom0.kernel().net().discardTcp(9);
          guest.kernel().net().discardTcp(9);
          NetWorld.sendTcp(guest, "10.0.0.1", 30_000);
          NetWorld.sendTcp(world.dom0, "10.0.0.2", 30_000);
          String back = NetWorld.backendPath(guest, 0);
          world.store.write(back + "/online", "0");
          guest.xenbus().post(pair.frontend()::unregister);
          world.until("backend gone", () -> !pair.backend().isBound());
          world.until("vif gone", () -> world.dom0.kernel().net().device("vif1.0").isEmpty());
          world.until("grants", () -> guest.platform().grantsInUse() == grants);
          assertEquals(0, world.dom0.platform().mappings());
          assertEquals(dom0Pages, world.dom0.platform().pages().inUse());
          assertEquals(0, guest.platform().grantsDeferred());
          world.until("pages", () -> guest.platform().pages().inUse() == pages);
          assertTrue(world.machine.tasks().stream().noneMatch(task -> task.comm().contains("vif")));
        });
  }

  @Test
  void severalQueuesCarryTraffic() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("xen_netfront.max_queues=3");
          NetWorld.Pair pair = world.attach(guest, 0);
          assertEquals("3", world.store.peek(pair.front() + "/multi-queue-num-queues"));
          assertTrue(world.store.exists(pair.front() + "/queue-2/tx-ring-ref"));
          assertFalse(world.store.exists(pair.front() + "/tx-ring-ref"));
          for (int queue = 0; queue < 3; queue++) {
            assertTrue(world.hasTask("vif1.0-q" + queue + "-guest-rx"));
            assertTrue(world.hasTask("vif1.0-q" + queue + "-dealloc"));
          }
          world.addresses(pair);
          world.dom0.kernel().net().discardTcp(9);
          for (int flow = 0; flow < 6; flow++) {
            NetWorld.sendTcp(guest, "10.0.0.1", 20_000);
          }
          guest.xenbus().post(pair.frontend()::unregister);
          world.until("closed", () -> world.state(pair.back()).equals("6"));
          assertFalse(world.machine.tasks().stream().anyMatch(t -> t.comm().startsWith("vif1.0")));
          assertEquals(0, world.dom0.platform().mappings());
        });
  }

  /// A later queue is untouched while an earlier one waits.
  @Test
  void queuesAreTakenDownOneAfterTheOther() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("xen_netfront.max_queues=2");
          NetWorld.Pair pair = world.attach(guest, 0);
          List<Packet> held = new ArrayList<>();
          world
              .dom0
              .kernel()
              .net()
              .addReceiveHook((_, packet) -> packet.isZeroCopy() && held.add(packet));
          world.addresses(pair);
          world.dom0.kernel().net().discardTcp(9);
          // Several flows, until both queues have one in flight.
          for (int flow = 0; flow < 8; flow++) {
            world.spawn(
                guest,
                "iperf",
                () -> {
                  try {
                    NetWorld.sendTcp(guest, "10.0.0.1", 4000);
                  } catch (KernelException e) {
                    // The device goes.
                  }
                  return 0;
                });
          }
          world.until("held", () -> held.size() >= 8);
          guest.xenbus().post(pair.frontend()::unregister);
          world.until("stuck", () -> !world.hasTask("vif1.0-q0-guest-rx"));
          world.sleepMillis(20_000);
          assertTrue(world.hasTask("vif1.0-q1-guest-rx"));
          assertTrue(world.hasTask("vif1.0-q1-dealloc"));
          held.forEach(Packet::free);
          world.until("closed", () -> world.state(pair.back()).equals("6"));
        });
  }

  @Test
  void singleEventChannelIsEnough() throws MachineFailure {
    NetWorld.simulate(
        SimulatedMachine.Options.fair().stepLimit(20_000_000),
        "xen_netback.separate_tx_rx_irq=0",
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          assertEquals("0", world.store.peek(pair.back() + "/feature-split-event-channels"));
          assertTrue(world.store.exists(pair.front() + "/event-channel"));
          world.addresses(pair);
          assertTrue(NetWorld.ping(world.dom0, "10.0.0.2"));
          assertTrue(NetWorld.ping(guest, "10.0.0.1"));
          world.dom0.kernel().net().discardTcp(9);
          NetWorld.sendTcp(guest, "10.0.0.1", 50_000);
        });
  }

  /// The guest goes on elsewhere: here the toolstack makes the backend anew.
  @Test
  void frontendConnectsAnewAfterAResume() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          world.addresses(pair);
          int grants = guest.platform().grantsInUse();
          world.store.write(pair.back() + "/online", "0");
          world.store.write(pair.front() + "/state", "6");
          world.until("gone", () -> !pair.backend().isBound());
          world.store.remove(pair.back());
          world.store.remove(pair.front());
          guest.xenbus().post(pair.frontend()::resume);
          world.addNodes(guest, 0);
          world.probeBackend(guest, 0);
          world.until("interface", () -> world.dom0.kernel().net().device("vif1.0").isPresent());
          world.hotplug(guest, 0);
          world.until("connected", () -> world.state(pair.back()).equals("4"));
          world.dom0.kernel().net().addAddress("vif1.0", "10.0.0.1", 24);
          world.until("link", () -> world.vif(guest, 0).carrier());
          assertTrue(NetWorld.ping(guest, "10.0.0.1"));
          assertEquals(grants, guest.platform().grantsInUse());
        });
  }

  /// A guest that is destroyed while its packets travel leaves nothing behind.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void destroyedGuestUnderTrafficLeavesNothing(long seed) throws MachineFailure {
    NetWorld.simulate(
        seed,
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          world.addresses(pair);
          world.dom0.kernel().net().discardTcp(9);
          world.spawn(
              guest,
              "iperf",
              () -> {
                NetWorld.sendTcp(guest, "10.0.0.1", 1_000_000);
                return 0;
              });
          world.sleepMillis(seed);
          world.control.pause(guest.domid());
          world.store.write(pair.back() + "/online", "0");
          world.store.remove(pair.front());
          world.control.destroy(guest.domid());
          world.until("gone", () -> !pair.backend().isBound());
          assertEquals(0, world.dom0.platform().mappings());
          world.until("no zombie", () -> world.control.info(guest.domid()).isEmpty());
        });
  }

  /// The end of the ring's numbers, and a ring that is never quite empty.
  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24})
  void trafficInBothDirectionsNeverStops(long seed) throws MachineFailure {
    NetWorld.simulate(
        seed,
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          world.addresses(pair);
          world.dom0.kernel().net().discardTcp(9);
          guest.kernel().net().discardTcp(9);
          boolean[] isDone = new boolean[2];
          world.spawn(
              guest,
              "iperf",
              () -> {
                NetWorld.sendTcp(guest, "10.0.0.1", 400_000);
                isDone[0] = true;
                return 0;
              });
          world.spawn(
              world.dom0,
              "iperf",
              () -> {
                NetWorld.sendTcp(world.dom0, "10.0.0.2", 400_000);
                isDone[1] = true;
                return 0;
              });
          world.until("sent", () -> isDone[0] && isDone[1]);
          assertEquals(List.of(), pair.backend().errors());
        });
  }
}

package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.machine.MachineFailure;
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
}

package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The stall: one packet held, and the watch thread waits for it.
class StallTest {
  private static final String INJECTOR = "/sys/kernel/xwstall/";

  /// Attaches a device, lets dom0 hold a packet of it, and returns once it does.
  private static NetWorld.Pair attachAndHold(NetWorld world, TestHost guest) throws Exception {
    NetWorld.Pair pair = world.attach(guest, 0);
    world.addresses(pair);
    world.dom0.kernel().net().discardTcp(9);
    world.dom0.kernel().loadStallInjector();
    write(world, "vifname", "vif1.0");
    write(world, "eavesdrop", "1");
    world.spawn(
        guest,
        "iperf",
        () -> {
          try {
            NetWorld.sendTcp(guest, "10.0.0.1", 8000);
          } catch (KernelException e) {
            // The connection ends with the device.
          }
          return 0;
        });
    world.until("held", () -> isHeld(world));
    return pair;
  }

  private static void write(NetWorld world, String file, String text) throws KernelException {
    world.dom0.kernel().files().write(INJECTOR + file, text + "\n");
  }

  private static boolean isHeld(NetWorld world) {
    return world.dom0.log().stream().anyMatch(line -> line.contains("hold sk_buff"));
  }

  private static String stack(NetWorld world, Task task) throws KernelException {
    return world.dom0.kernel().files().read("/proc/" + task.pid() + "/stack");
  }

  private static boolean isStuck(NetWorld world) {
    return world.dom0.xenbus().xenwatch().state() == Task.State.D
        && !world.hasTask("vif1.0-q0-guest-rx");
  }

  @Test
  void heldPacketHasTwoFragments() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          attachAndHold(world, world.guest(""));
          String line =
              world.dom0.log().stream()
                  .filter(text -> text.contains("hold sk_buff"))
                  .findFirst()
                  .orElseThrow();
          assertTrue(line.endsWith("at netdev=vif1.0 (nr_frag=2)"), line);
          write(world, "eavesdrop", "0");
        });
  }

  @Test
  void watchThreadShowsThePublishedStack() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = attachAndHold(world, guest);
          guest.xenbus().post(pair.frontend()::unregister);
          world.until("stuck", () -> isStuck(world));
          String text = stack(world, world.dom0.xenbus().xenwatch());
          assertEquals(
              List.of(
                  "kthread_stop",
                  "xenvif_disconnect_data [xen_netback]",
                  "set_backend_state [xen_netback]",
                  "frontend_changed [xen_netback]",
                  "xenwatch_thread"),
              text.lines().map(StallTest::symbol).limit(5).toList());
          write(world, "eavesdrop", "0");
        });
  }

  private static String symbol(String line) {
    return line.replaceFirst("^\\[<0>\\] ", "");
  }

  /// The table of what an observer sees.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everythingWaitsForThePacket(long seed) throws MachineFailure {
    NetWorld.simulate(
        seed,
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = attachAndHold(world, guest);
          String back = NetWorld.backendPath(guest, 0);
          guest.xenbus().post(pair.frontend()::unregister);
          world.until("stuck", () -> isStuck(world));
          boolean[] isServed = new boolean[1];
          world.dom0.xenbus().post(() -> isServed[0] = true);
          world.sleepMillis(60_000);
          assertEquals("4", world.state(back));
          assertFalse(isServed[0], "another device was served");
          assertFalse(world.vif(guest, 0).carrier());
          assertTrue(world.hasTask("vif1.0-q0-dealloc"));
          long sent = world.counter(guest, 0, "tx_zerocopy_sent");
          long success = world.counter(guest, 0, "tx_zerocopy_success");
          long fail = world.counter(guest, 0, "tx_zerocopy_fail");
          assertEquals(1, sent - success - fail);
          // Two ring pages and two pages of the packet.
          assertEquals(4, world.dom0.platform().mappings());
          assertTrue(pair.backend().eventStatistics().eventChannels() > 0);
          assertEquals("5", world.state(NetWorld.frontendPath(guest, 0)));

          write(world, "eavesdrop", "0");
          world.until("closed", () -> world.state(back).equals("6"));
          world.until("served", () -> isServed[0]);
          assertEquals(List.of("1", "2", "4", "5", "6"), world.store.history(back + "/state"));
          assertEquals(0, world.dom0.platform().mappings());
          world.until("frontend", () -> guest.kernel().net().device("eth0").isEmpty());
        });
  }

  /// The wake-up comes after the decrement, so a stop between check and decrement is not lost.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
  void releaseRacesWithTheStop(long seed) throws MachineFailure {
    NetWorld.simulate(
        seed,
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = attachAndHold(world, guest);
          guest.xenbus().post(pair.frontend()::unregister);
          world.spawn(
              world.dom0,
              "echo",
              () -> {
                world.dom0.kernel().files().write(INJECTOR + "eavesdrop", "0\n");
                return 0;
              });
          world.until("closed", () -> world.state(NetWorld.backendPath(guest, 0)).equals("6"));
        });
  }
}

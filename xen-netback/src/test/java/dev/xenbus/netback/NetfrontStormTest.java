package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The frontend against a backend that sends events for nothing (XSA-391).
class NetfrontStormTest {
  private static final int MILLIS = 10_000;

  private interface Script {
    void run(NetWorld world, TestHost guest, ScriptedBackend back) throws Exception;
  }

  private static void play(boolean isSplit, Script script) throws MachineFailure {
    String[] features = isSplit ? new String[] {"feature-split-event-channels"} : new String[0];
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          script.run(world, guest, new ScriptedBackend(world, guest, features));
        });
  }

  /// An event each 4 ms, 8 ms, ... and then one a second is all that comes through.
  private static void requireSlow(int handled) {
    assertTrue(handled >= 15 && handled <= 21, handled + " events were handled");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stormIsSlowedAndTheNeighbourGoesOn(boolean isSplit) throws MachineFailure {
    play(
        isSplit,
        (world, guest, back) -> {
          NetWorld.Pair healthy = world.attach(guest, 1);
          world.addresses(healthy);
          AtomicInteger handled = new AtomicInteger(-1);
          Task storm =
              world.spawn(
                  world.dom0,
                  "storm",
                  () -> {
                    handled.set(back.rxStorm.send(MILLIS));
                    return null;
                  });
          for (int i = 0; i < 50; i++) {
            long begun = world.machine.clock().nanos();
            assertTrue(NetWorld.ping(guest, "10.0.1.1"));
            long millis = (world.machine.clock().nanos() - begun) / 1_000_000;
            assertTrue(millis < 10, millis + " ms");
            world.sleepMillis(100);
          }
          assertEquals(0, storm.waitFor());
          requireSlow(handled.get());
        });
  }

  @Test
  void answersEndTheDelay() throws MachineFailure {
    play(
        false,
        (world, guest, back) -> {
          requireSlow(back.txStorm.send(MILLIS));
          AtomicInteger received = new AtomicInteger();
          guest.kernel().net().addReceiveHook((_, _) -> received.incrementAndGet() > 0);
          back.answerRx(frame(), 0, 0, 60);
          back.pushRx();
          world.sleepMillis(1_000);
          assertEquals(1, received.get());
          for (int count = 2; count < 12; count++) {
            back.answerRx(frame(), 0, 0, 60);
            back.pushRx();
            world.sleepMillis(10);
            assertEquals(count, received.get());
          }
        });
  }

  @Test
  void answersToWhatWasSentEndItToo() throws MachineFailure {
    play(
        true,
        (world, guest, back) -> {
          guest.kernel().net().addAddress("eth0", "10.0.0.2", 24);
          requireSlow(back.txStorm.send(MILLIS));
          assertEquals(0, back.txStorm.send(2));
          try (IcmpSocket socket = guest.kernel().net().openIcmp()) {
            socket.send(Ipv4Address.parse("10.0.0.9").orElseThrow(), 1, new byte[56]);
          }
          world.until("request", () -> back.tx.unconsumedRequests() > 0);
          back.answerTx(back.txRequests().getFirst().id(), 0);
          back.pushTx();
          world.sleepMillis(1_000);
          assertEquals(2, back.txStorm.send(2));
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void brokenDeviceIsDeafToItsBackend(boolean isSplit) throws MachineFailure {
    play(
        isSplit,
        (world, guest, back) -> {
          world.sleepMillis(10); // The events of the beginning have been handled.
          back.txMapping.page().set(ValueLayout.JAVA_INT, SharedRing.RSP_PROD, 77);
          back.txChannel.send();
          world.until("broken", () -> guest.log().stream().anyMatch(l -> l.contains("Disabled")));
          assertTrue(back.txStorm.isMasked());
          assertEquals(0, back.txStorm.send(3_000));
          // The other channel is found out to be of a broken device with its next event.
          assertEquals(isSplit ? 1 : 0, back.rxStorm.send(3_000));
          assertTrue(back.rxStorm.isMasked());
        });
  }

  private static byte[] frame() {
    byte[] bytes = new byte[60];
    bytes[0] = 2;
    bytes[6] = 2;
    bytes[12] = 0x12;
    return bytes;
  }
}

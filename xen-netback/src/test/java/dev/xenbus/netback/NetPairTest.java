package dev.xenbus.netback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.machine.MachineFailure;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The two drivers against each other.
class NetPairTest {
  private static void address(NetWorld world, NetWorld.Pair pair) throws Exception {
    NetDevice eth = world.eth(pair.guest(), pair.devid());
    eth.up();
    world
        .dom0
        .kernel()
        .net()
        .addAddress(world.vif(pair.guest(), pair.devid()).name(), "10.0.0.1", 24);
    pair.guest().kernel().net().addAddress(eth.name(), "10.0.0.2", 24);
    world.until("link", () -> world.vif(pair.guest(), pair.devid()).carrier());
  }

  private static void ping(TestHost from, String to) throws Exception {
    try (IcmpSocket socket = from.kernel().net().openIcmp()) {
      socket.send(Ipv4Address.parse(to).orElseThrow(), 1, new byte[56]);
      Optional<IcmpSocket.Answer> answer = socket.receive(5_000_000_000L);
      assertEquals(Optional.of(IcmpSocket.Kind.REPLY), answer.map(IcmpSocket.Answer::kind));
    }
  }

  @Test
  void guestAnswersPing() throws MachineFailure {
    NetWorld.simulate(
        world -> {
          TestHost guest = world.guest("");
          NetWorld.Pair pair = world.attach(guest, 0);
          address(world, pair);
          ping(world.dom0, "10.0.0.2");
          ping(guest, "10.0.0.1");
          assertTrue(pair.backend().errors().isEmpty());
        });
  }
}

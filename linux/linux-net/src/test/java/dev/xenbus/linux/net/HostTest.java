package dev.xenbus.linux.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice.Feature;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.TcpConnection;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.EnumSet;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Two hosts, 10.0.0.1 and 10.0.0.2, on one cable.
class HostTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Ipv4Address A = Ipv4Address.parse("10.0.0.1").orElseThrow();
  private static final Ipv4Address B = Ipv4Address.parse("10.0.0.2").orElseThrow();
  private static final Ipv4Address NOBODY = Ipv4Address.parse("10.0.0.77").orElseThrow();

  private static final int SEEDS = 12;

  /// What a test does with the two hosts.
  private interface Scene {
    void play(Hosts hosts) throws Exception;
  }

  private static final class Hosts {
    final Machine machine;
    final TestPages pagesA = new TestPages();
    final NetStack a;
    final NetStack b;
    final TestWire.End endA;
    final TestWire.End endB;

    Hosts(Machine machine) throws KernelException {
      this.machine = machine;
      Cpu cpuA = machine.cpu("a");
      Cpu cpuB = machine.cpu("b");
      a = new NetStack(cpuA, pagesA, cpuA.workQueue("events", 4));
      b = new NetStack(cpuB, new TestPages(), cpuB.workQueue("events", 4));
      endA = new TestWire.End(a, cpuA, "eth0", new MacAddress(0x0016_3E00_0001L));
      endB = new TestWire.End(b, cpuB, "eth0", new MacAddress(0x0016_3E00_0002L));
      TestWire.join(endA, endB);
      a.addAddress("eth0", "10.0.0.1", 16);
      b.addAddress("eth0", "10.0.0.2", 16);
    }
  }

  private static void play(Scene scene) throws MachineFailure {
    play(SimulatedMachine.Options.fair(), scene);
    for (long seed = 1; seed <= SEEDS; seed++) {
      play(
          SimulatedMachine.Options.seed(seed).with(RandomWalk.patient()).chaos(false, true), scene);
    }
  }

  private static void play(SimulatedMachine.Options options, Scene scene) throws MachineFailure {
    SimulatedMachine machine = new SimulatedMachine(options);
    machine.run(
        () -> {
          scene.play(new Hosts(machine));
          return null;
        });
  }

  private static Optional<IcmpSocket.Answer> ping(NetStack from, Ipv4Address to, int bytes)
      throws KernelException {
    try (IcmpSocket socket = from.openIcmp()) {
      socket.send(to, 7, new byte[bytes]);
      return socket.receive(5 * SECOND);
    }
  }

  private static Errno errnoOf(org.junit.jupiter.api.function.Executable action) {
    return assertThrows(KernelException.class, action).errno();
  }

  @Test
  void pingIsAnswered() throws MachineFailure {
    play(
        hosts -> {
          IcmpSocket.Answer answer = ping(hosts.a, B, 56).orElseThrow();
          assertEquals(IcmpSocket.Kind.REPLY, answer.kind());
          assertEquals(B, answer.from());
          assertEquals(7, answer.sequence());
          assertEquals(64, answer.ttl());
          assertEquals(56, answer.payloadBytes());
        });
  }

  @Test
  void pingFillsTheWholeFrameAndNoMore() throws MachineFailure {
    play(
        hosts -> {
          assertEquals(1472, ping(hosts.a, B, 1472).orElseThrow().payloadBytes());
          assertEquals(Errno.EMSGSIZE, errnoOf(() -> ping(hosts.a, B, 1473)));
        });
  }

  @Test
  void pingOfAnUnusedAddressIsUnreachableAfterThreeRequests() throws MachineFailure {
    play(
        hosts -> {
          IcmpSocket.Answer answer = ping(hosts.a, NOBODY, 56).orElseThrow();
          assertEquals(IcmpSocket.Kind.HOST_UNREACHABLE, answer.kind());
          assertEquals(A, answer.from());
          assertEquals(NeighbourTable.REQUESTS_MAX, hosts.endA.sent());
          assertEquals(3 * SECOND, hosts.machine.clock().nanos() / SECOND * SECOND);
        });
  }

  @Test
  void pingOfAForeignNetworkIsRefused() throws MachineFailure {
    play(
        hosts ->
            assertEquals(
                Errno.ENETUNREACH, errnoOf(() -> ping(hosts.a, new Ipv4Address(0x0B000001), 56))));
  }

  @Test
  void pingOfOneselfIsAnswered() throws MachineFailure {
    play(
        hosts -> {
          assertEquals(A, ping(hosts.a, A, 56).orElseThrow().from());
          assertEquals(0, hosts.endA.sent());
        });
  }

  @Test
  void damagedPingIsNotAnswered() throws MachineFailure {
    play(
        hosts -> {
          hosts.endA.loses(
              packet -> {
                if (packet.length() > 60) {
                  packet.head()[packet.headLength() - 1] ^= 1;
                }
                return false;
              });
          assertTrue(ping(hosts.a, B, 56).isEmpty());
        });
  }

  @Test
  void signalEndsTheWaitForAnAnswer() throws MachineFailure {
    play(
        hosts -> {
          Task pinger =
              hosts
                  .a
                  .cpu()
                  .process(
                      "ping",
                      self -> {
                        try (IcmpSocket socket = hosts.a.openIcmp()) {
                          return socket.receive(WaitQueue.FOREVER).isPresent() ? 0 : 1;
                        } catch (KernelException e) {
                          return 2;
                        }
                      });
          pinger.wake();
          Task.sleep(SECOND);
          pinger.signal();
          assertEquals(128 + 15, pinger.waitFor());
        });
  }

  @Test
  void staleNeighbourIsAskedAgainAndForgottenWhenSilent() throws MachineFailure {
    play(
        hosts -> {
          assertTrue(ping(hosts.a, B, 56).isPresent());
          assertEquals(2, hosts.endA.sent());
          Task.sleep(40 * SECOND);
          assertTrue(ping(hosts.a, B, 56).isPresent());
          // Request and echo, as before; perhaps the answer to the other end's own question.
          assertTrue(hosts.endA.sent() >= 4);
          Task.sleep(40 * SECOND);
          hosts.endB.loses(packet -> true);
          assertTrue(ping(hosts.a, B, 56).isEmpty());
          EthernetDevice device = hosts.a.own(hosts.endA.device());
          assertNull(hosts.a.ipv4().neighbours().lookup(device, B.bits()));
        });
  }

  @Test
  void announcementMovesANeighbour() throws MachineFailure {
    play(
        hosts -> {
          assertTrue(ping(hosts.a, B, 56).isPresent());
          long moved = 0x0016_3E00_0099L;
          ArpMessage message = new ArpMessage(ArpMessage.REQUEST, moved, B.bits(), 0, B.bits());
          hosts.endA.device().receive(new Packet(message.frame(0xFFFF_FFFF_FFFFL, moved)));
          EthernetDevice device = hosts.a.own(hosts.endA.device());
          assertEquals(moved, hosts.a.ipv4().neighbours().lookup(device, B.bits()));
        });
  }

  @Test
  void neighbourTableIsBounded() throws MachineFailure {
    play(
        hosts -> {
          EthernetDevice device = hosts.a.own(hosts.endA.device());
          NeighbourTable table = hosts.a.ipv4().neighbours();
          for (int i = 0; i < NeighbourTable.ENTRIES_MAX + 10; i++) {
            table.heard(device, 0x0A000100 + i, 0x0016_3E00_0003L, true);
          }
          assertEquals(NeighbourTable.ENTRIES_MAX, table.size());
        });
  }

  @Test
  void tcpSendsLargeSegmentsInFragments() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          try (TcpConnection connection = hosts.a.connectTcp(B, 9, SECOND)) {
            connection.send(new byte[4344]);
            assertTrue(connection.drain(SECOND));
            assertEquals(4344, connection.acknowledgedBytes());
            assertEquals(0, connection.retransmits());
          }
          assertTrue(hosts.endA.sizes().contains(4344 + 54));
          Task.sleep(SECOND);
          assertEquals(0, hosts.pagesA.inUse());
          assertEquals(0, hosts.a.ipv4().tcp().size());
          assertEquals(0, hosts.b.ipv4().tcp().size());
        });
  }

  @Test
  void tcpSendsMoreThanTheWindow() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          try (TcpConnection connection = hosts.a.connectTcp(B, 9, SECOND)) {
            connection.send(new byte[1_000_000]);
            assertTrue(connection.drain(60 * SECOND));
            assertEquals(1_000_000, connection.acknowledgedBytes());
          }
        });
  }

  @Test
  void tcpIsSegmentedAndSummedForADeviceThatDoesNeither() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          hosts.endA.device().features(EnumSet.noneOf(Feature.class));
          try (TcpConnection connection = hosts.a.connectTcp(B, 9, SECOND)) {
            connection.send(new byte[4344]);
            assertTrue(connection.drain(SECOND));
          }
          assertTrue(hosts.endA.sizes().stream().allMatch(bytes -> bytes <= 1514));
          assertEquals(0, hosts.pagesA.inUse());
        });
  }

  @Test
  void checksumsAreCompletedForADeviceWithoutThem() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          hosts.endA.device().features(EnumSet.of(Feature.TCPV4_SEGMENTATION));
          try (TcpConnection connection = hosts.a.connectTcp(B, 9, SECOND)) {
            connection.send(new byte[1001]);
            assertTrue(connection.drain(SECOND));
          }
        });
  }

  @Test
  void tcpGoesOnWithoutPages() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          hosts.pagesA.left(1);
          try (TcpConnection connection = hosts.a.connectTcp(B, 9, SECOND)) {
            connection.send(new byte[6000]);
            assertTrue(connection.drain(SECOND));
          }
          assertEquals(0, hosts.pagesA.inUse());
        });
  }

  @Test
  void lostSegmentIsSentAgain() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          boolean[] lost = {false};
          hosts.endA.loses(
              packet -> {
                boolean loses = !lost[0] && packet.length() > 1000;
                lost[0] |= loses;
                return loses;
              });
          try (TcpConnection connection = hosts.a.connectTcp(B, 9, SECOND)) {
            connection.send(new byte[4344]);
            assertTrue(connection.drain(10 * SECOND));
            assertEquals(1, connection.retransmits());
          }
        });
  }

  @Test
  void silentPeerTimesOut() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          TcpConnection connection = hosts.a.connectTcp(B, 9, SECOND);
          hosts.endA.loses(packet -> true);
          connection.send(new byte[100]);
          assertEquals(Errno.ETIMEDOUT, errnoOf(() -> connection.drain(WaitQueue.FOREVER)));
          assertFalse(connection.isEstablished());
          assertEquals(Errno.ETIMEDOUT, errnoOf(() -> connection.send(new byte[1])));
          assertEquals(0, hosts.a.ipv4().tcp().size());
        });
  }

  @Test
  void closedPortRefuses() throws MachineFailure {
    play(
        hosts -> assertEquals(Errno.ECONNREFUSED, errnoOf(() -> hosts.a.connectTcp(B, 9, SECOND))));
  }

  @Test
  void silentAddressIsUnreachableForTcp() throws MachineFailure {
    play(
        hosts ->
            assertEquals(
                Errno.EHOSTUNREACH, errnoOf(() -> hosts.a.connectTcp(NOBODY, 9, 20 * SECOND))));
  }

  @Test
  void lostSynTimesOut() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          assertTrue(ping(hosts.a, B, 56).isPresent());
          hosts.endB.loses(packet -> true);
          assertEquals(Errno.ETIMEDOUT, errnoOf(() -> hosts.a.connectTcp(B, 9, 5 * SECOND)));
          assertEquals(0, hosts.a.ipv4().tcp().size());
        });
  }

  @Test
  void oldNeighboursAndSilentConnectionsAreForgotten() throws MachineFailure {
    play(
        hosts -> {
          EthernetDevice device = hosts.a.own(hosts.endA.device());
          NeighbourTable table = hosts.a.ipv4().neighbours();
          for (int i = 0; i < 1000; i++) {
            table.heard(device, 0x0A000100 + i, 0x0016_3E00_0003L, true);
          }
          hosts.b.discardTcp(9);
          hosts.a.connectTcp(B, 9, SECOND);
          Task.sleep(TcpStack.IDLE_NANOS + SECOND);
          for (int i = 0; i < 500; i++) {
            table.heard(device, 0x0A001100 + i, 0x0016_3E00_0003L, true);
          }
          assertTrue(table.size() < 600, "" + table.size());
          hosts.a.connectTcp(B, 9, SECOND);
          assertEquals(1, hosts.b.ipv4().tcp().size());
          assertEquals(2, hosts.a.ipv4().tcp().size());
        });
  }

  @Test
  void liveMachineCarriesPingAndTcp() throws MachineFailure {
    try (LiveMachine machine = new LiveMachine(LiveMachine.Options.usual().endingOnProblem())) {
      machine.run(
          () -> {
            Hosts hosts = new Hosts(machine);
            assertTrue(ping(hosts.a, B, 56).isPresent());
            hosts.b.discardTcp(9);
            try (TcpConnection connection = hosts.a.connectTcp(B, 9, 10 * SECOND)) {
              connection.send(new byte[1_000_000]);
              assertTrue(connection.drain(60 * SECOND));
            }
            return null;
          });
    }
  }

  @Test
  void oneListenerAPort() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          assertEquals(Errno.EADDRINUSE, errnoOf(() -> hosts.b.discardTcp(9)));
        });
  }

  @Test
  void rebornPeerConnectsOverItsOldConnection() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          hosts.a.connectTcp(B, 9, SECOND);
          Cpu reborn = hosts.machine.cpu("a2");
          NetStack again = new NetStack(reborn, new TestPages(), reborn.workQueue("events", 4));
          TestWire.End end =
              new TestWire.End(again, reborn, "eth0", new MacAddress(0x0016_3E00_0001L));
          TestWire.join(end, hosts.endB);
          again.addAddress("eth0", "10.0.0.1", 16);
          // The same port numbers again: the old connection is reset on the way.
          try (TcpConnection connection = again.connectTcp(B, 9, 10 * SECOND)) {
            connection.send(new byte[10]);
            assertTrue(connection.drain(SECOND));
          }
        });
  }

  @Test
  void halfOpenConnectionsAreBounded() throws MachineFailure {
    play(
        hosts -> {
          hosts.b.discardTcp(9);
          hosts.endB.loses(packet -> true);
          for (int port = 1; port <= TcpStack.HALF_OPEN_MAX + 50; port++) {
            hosts.endB.device().receive(syn(port));
          }
          assertEquals(TcpStack.HALF_OPEN_MAX, hosts.b.ipv4().tcp().size());
          Task.sleep(300 * SECOND);
          assertEquals(0, hosts.b.ipv4().tcp().size());
        });
  }

  private static Packet syn(int port) {
    byte[] frame = new byte[54];
    Wire.ethernet(frame, 0x0016_3E00_0002L, 0x0016_3E00_0001L, Wire.TYPE_IPV4);
    Wire.put8(frame, 14, 0x45);
    Wire.put16(frame, 16, 40);
    Wire.put8(frame, 22, 64);
    Wire.put8(frame, 23, Wire.PROTOCOL_TCP);
    Wire.put32(frame, 26, A.bits());
    Wire.put32(frame, 30, B.bits());
    Wire.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, 20)));
    TcpSegment.control(TcpSegment.SYN, 1, 0, 1000).write(frame, 34, port, 9, 0);
    Packet packet = new Packet(frame);
    packet.checksum(Packet.Checksum.VALIDATED);
    return packet;
  }
}

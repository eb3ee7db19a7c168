package dev.xenbus.linux.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Bridge;
import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// A bridge with three ports.
class BridgeTest {
  private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
  private static final long GUEST_1 = 0x0016_3E00_0001L;
  private static final long GUEST_2 = 0x0016_3E00_0002L;
  private static final MacAddress VIF = new MacAddress(0xFEFF_FFFF_FFFFL);
  private static final MacAddress BRIDGE = new MacAddress(0x0200_0000_0001L);

  private static final int SEEDS = 3;

  /// What a test does.
  private interface Scene {
    void play(Net net) throws Exception;
  }

  /// A driver that keeps what it is to send.
  private static final class Port implements NetDeviceOperations {
    final List<Packet> sent = new ArrayList<>();

    @Override
    public void transmit(Packet packet) {
      sent.add(packet);
    }
  }

  private static final class Net {
    final NetStack stack;
    final Bridge bridge;
    final List<Port> ports = new ArrayList<>();
    final List<NetDevice> vifs = new ArrayList<>();

    Net(Machine machine) throws KernelException {
      Cpu cpu = machine.cpu("dom0");
      stack = new NetStack(cpu, new TestPages(), cpu.workQueue("events", 4));
      bridge = stack.addBridge("xenbr0", BRIDGE);
      for (int i = 0; i < 3; i++) {
        Port port = new Port();
        NetDevice vif = stack.register("vif" + (i + 1) + ".0", VIF, port);
        vif.carrier(true);
        vif.up();
        bridge.addPort(vif);
        ports.add(port);
        vifs.add(vif);
      }
    }

    int sent(int port) {
      return ports.get(port).sent.size();
    }

    void receive(int port, Packet packet) {
      vifs.get(port).receive(packet);
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
          scene.play(new Net(machine));
          return null;
        });
  }

  private static Packet frame(long to, long from) {
    byte[] frame = new byte[60];
    Wire.ethernet(frame, to, from, 0x1234);
    return new Packet(frame);
  }

  /// A zero-copy packet; counts its releases: `[unmodified, copied]`.
  private static Packet zeroCopy(long to, long from, int[] releases) {
    Packet packet = frame(to, from);
    packet.fragments().add(new Packet.Fragment(MemorySegment.ofArray(new byte[100]), 0, 100, null));
    packet.zeroCopy(unmodified -> releases[unmodified ? 0 : 1]++);
    return packet;
  }

  @Test
  void unknownAddressIsFloodedToAllOtherPorts() throws MachineFailure {
    play(
        net -> {
          net.receive(0, frame(GUEST_2, GUEST_1));
          assertEquals(0, net.sent(0));
          assertEquals(1, net.sent(1));
          assertEquals(1, net.sent(2));
        });
  }

  @Test
  void learnedAddressGetsItAlone() throws MachineFailure {
    play(
        net -> {
          net.receive(1, frame(BROADCAST, GUEST_2));
          net.ports.forEach(port -> port.sent.clear());
          net.receive(0, frame(GUEST_2, GUEST_1));
          assertEquals(1, net.sent(1));
          assertEquals(0, net.sent(2));
        });
  }

  @Test
  void packetNeverGoesBackToItsPort() throws MachineFailure {
    play(
        net -> {
          net.receive(0, frame(BROADCAST, GUEST_2));
          net.ports.forEach(port -> port.sent.clear());
          net.receive(0, frame(GUEST_2, GUEST_1));
          assertEquals(0, net.sent(0) + net.sent(1) + net.sent(2));
          assertEquals(1, net.vifs.get(0).statistics().rxDropped().get());
        });
  }

  @Test
  void addressMovesWithItsStation() throws MachineFailure {
    play(
        net -> {
          net.receive(1, frame(BROADCAST, GUEST_2));
          net.receive(2, frame(BROADCAST, GUEST_2));
          net.ports.forEach(port -> port.sent.clear());
          net.receive(0, frame(GUEST_2, GUEST_1));
          assertEquals(0, net.sent(1));
          assertEquals(1, net.sent(2));
        });
  }

  @Test
  void addressesOfAPortThatLeavesAreForgotten() throws MachineFailure {
    play(
        net -> {
          net.receive(1, frame(BROADCAST, GUEST_2));
          net.bridge.removePort(net.vifs.get(1));
          net.ports.forEach(port -> port.sent.clear());
          net.receive(0, frame(GUEST_2, GUEST_1));
          assertEquals(0, net.sent(1));
          assertEquals(1, net.sent(2));
          assertEquals(List.of(net.vifs.get(0), net.vifs.get(2)), net.bridge.ports());
        });
  }

  @Test
  void unregisteredDeviceLeavesItsBridge() throws MachineFailure {
    play(
        net -> {
          net.vifs.get(1).unregister();
          net.vifs.get(1).unregister();
          assertEquals(2, net.bridge.ports().size());
          assertTrue(net.stack.device("vif2.0").isEmpty());
          assertFalse(net.vifs.get(1).isUp());
        });
  }

  @Test
  void portWithoutLinkGetsNothing() throws MachineFailure {
    play(
        net -> {
          net.vifs.get(1).carrier(false);
          net.vifs.get(2).down();
          net.receive(0, frame(BROADCAST, GUEST_1));
          assertEquals(0, net.sent(1) + net.sent(2));
        });
  }

  @Test
  void tooLargePacketIsNotForwarded() throws MachineFailure {
    play(
        net -> {
          byte[] large = new byte[1515];
          Wire.ethernet(large, BROADCAST, GUEST_1, 0x1234);
          net.receive(0, new Packet(large));
          assertEquals(0, net.sent(1));
          Packet gso = new Packet(large.clone());
          gso.gso(Packet.Gso.TCPV4, 1448);
          net.receive(0, gso);
          assertEquals(1, net.sent(1));
        });
  }

  @Test
  void oddSourcesAndLinkLocalGroupsAreDropped() throws MachineFailure {
    play(
        net -> {
          net.receive(0, frame(GUEST_2, 0));
          net.receive(0, frame(GUEST_2, BROADCAST));
          net.receive(0, frame(0x0180_C200_0000L, GUEST_1));
          net.receive(0, new Packet(new byte[13]));
          net.receive(0, new Packet(new byte[0]));
          assertEquals(0, net.sent(1) + net.sent(2));
          assertEquals(5, net.vifs.get(0).statistics().rxDropped().get());
        });
  }

  @Test
  void bridgesOwnAddressCannotBeTakenAway() throws MachineFailure {
    play(
        net -> {
          net.receive(1, frame(BROADCAST, BRIDGE.bits()));
          net.receive(0, frame(BRIDGE.bits(), GUEST_1));
          assertEquals(0, net.sent(1));
          NetDevice self = net.stack.device("xenbr0").orElseThrow();
          assertEquals(2, self.statistics().rxPackets().get());
        });
  }

  @Test
  void forwardingToOnePortKeepsForeignPages() throws MachineFailure {
    play(
        net -> {
          int[] releases = new int[2];
          net.receive(1, frame(BROADCAST, GUEST_2));
          net.ports.forEach(port -> port.sent.clear());
          Packet packet = zeroCopy(GUEST_2, GUEST_1, releases);
          net.receive(0, packet);
          assertSame(packet, net.ports.get(1).sent.getFirst());
          assertTrue(packet.isZeroCopy());
          packet.free();
          assertEquals(1, releases[0]);
        });
  }

  @Test
  void floodingCopiesForeignPages() throws MachineFailure {
    play(
        net -> {
          int[] releases = new int[2];
          net.receive(0, zeroCopy(GUEST_2, GUEST_1, releases));
          assertEquals(1, releases[1]);
          assertEquals(160, net.ports.get(1).sent.getFirst().length());
          assertEquals(160, net.ports.get(2).sent.getFirst().length());
        });
  }

  @Test
  void localDeliveryCopiesForeignPages() throws MachineFailure {
    play(
        net -> {
          int[] releases = new int[2];
          net.receive(0, zeroCopy(BRIDGE.bits(), GUEST_1, releases));
          assertEquals(1, releases[1]);
          assertEquals(0, releases[0]);
        });
  }

  @Test
  void hookTakesAPacketAndItCountsAsReceived() throws MachineFailure {
    play(
        net -> {
          int[] releases = new int[2];
          List<Packet> held = new ArrayList<>();
          ReceiveHook hook = (device, packet) -> device.name().equals("vif1.0") && held.add(packet);
          assertTrue(net.stack.addReceiveHook(hook));
          assertFalse(net.stack.addReceiveHook((device, packet) -> false));
          net.receive(0, zeroCopy(GUEST_2, GUEST_1, releases));
          assertEquals(1, held.size());
          assertEquals(1, net.vifs.get(0).statistics().rxPackets().get());
          assertEquals(0, releases[0] + releases[1]);
          held.getFirst().free();
          assertEquals(1, releases[0]);
          net.stack.removeReceiveHook(hook);
          net.receive(0, frame(BROADCAST, GUEST_1));
          assertEquals(1, net.sent(1));
        });
  }

  @Test
  void kernelItselfIsOnTheBridge() throws MachineFailure {
    play(
        net -> {
          net.stack.addAddress("xenbr0", "10.0.0.1", 16);
          Cpu cpu = net.stack.cpu().machine().cpu("guest");
          NetStack guest = new NetStack(cpu, new TestPages(), cpu.workQueue("events", 4));
          TestWire.End eth0 = new TestWire.End(guest, cpu, "eth0", new MacAddress(GUEST_1));
          TestWire.End vif =
              new TestWire.End(net.stack, net.stack.cpu(), "vif9.0", new MacAddress(7));
          TestWire.join(eth0, vif);
          net.bridge.addPort(vif.device());
          guest.addAddress("eth0", "10.0.0.9", 16);
          try (IcmpSocket socket = guest.openIcmp()) {
            socket.send(Ipv4Address.parse("10.0.0.1").orElseThrow(), 1, new byte[56]);
            assertEquals(IcmpSocket.Kind.REPLY, socket.receive(1_000_000_000L).get().kind());
          }
        });
  }

  @Test
  void deviceIsPortOfOneBridgeAndABridgeOfNone() throws MachineFailure {
    play(
        net -> {
          Bridge other = net.stack.addBridge("xenbr1", new MacAddress(0x0200_0000_0002L));
          KernelException busy =
              assertThrows(KernelException.class, () -> other.addPort(net.vifs.get(0)));
          assertEquals(Errno.EBUSY, busy.errno());
          NetDevice self = net.stack.device("xenbr0").orElseThrow();
          KernelException loop = assertThrows(KernelException.class, () -> other.addPort(self));
          assertEquals(Errno.ELOOP, loop.errno());
        });
  }

  @Test
  void namesAreCheckedAndUnique() throws MachineFailure {
    play(
        net -> {
          for (String name : List.of("", ".", "..", "a/b", "a b", "a:1", "sixteen-letters-")) {
            KernelException odd =
                assertThrows(
                    KernelException.class, () -> net.stack.register(name, VIF, new Port()));
            assertEquals(Errno.EINVAL, odd.errno());
          }
          KernelException taken =
              assertThrows(
                  KernelException.class, () -> net.stack.register("vif1.0", VIF, new Port()));
          assertEquals(Errno.EEXIST, taken.errno());
        });
  }

  @Test
  void stoppedQueueDropsAndCounts() throws MachineFailure {
    play(
        net -> {
          net.vifs.get(1).stopQueue();
          net.receive(0, frame(BROADCAST, GUEST_1));
          assertEquals(0, net.sent(1));
          assertEquals(1, net.vifs.get(1).statistics().txDropped().get());
          net.vifs.get(1).wakeQueue();
          net.receive(0, frame(BROADCAST, GUEST_1));
          assertEquals(1, net.sent(1));
        });
  }

  @Test
  void randomFramesNeverThrow() throws MachineFailure {
    play(
        net -> {
          net.stack.addAddress("xenbr0", "10.0.0.1", 16);
          net.stack.discardTcp(9);
          SplittableRandom random = new SplittableRandom(42);
          for (int i = 0; i < 20_000; i++) {
            net.receive(random.nextInt(3), randomPacket(random));
            net.ports.forEach(port -> port.sent.clear());
          }
        });
  }

  /// A frame with a plausible beginning and random damage, so that every parser is reached.
  private static Packet randomPacket(SplittableRandom random) {
    byte[] frame = new byte[random.nextInt(120)];
    random.nextBytes(frame);
    if (frame.length >= 54 && random.nextInt(10) > 0) {
      Wire.ethernet(frame, BRIDGE.bits(), GUEST_1, random.nextInt(4) == 0 ? 0x0806 : 0x0800);
      if (Wire.u16(frame, 12) == Wire.TYPE_ARP) {
        Wire.put32(frame, 14, 0x0001_0800);
        Wire.put32(frame, 18, 0x0604_0000 + random.nextInt(4));
      } else {
        Wire.put8(frame, 14, random.nextInt(8) == 0 ? 0x4F : 0x45);
        Wire.put16(frame, 16, random.nextInt(4) == 0 ? random.nextInt(200) : frame.length - 14);
        Wire.put16(frame, 20, 0);
        Wire.put8(frame, 23, random.nextBoolean() ? 6 : 1);
        Wire.put32(frame, 26, 0x0A000000 + random.nextInt(4));
        Wire.put32(frame, 30, 0x0A000001);
        Wire.put16(frame, 24, 0);
        int header = Math.min((frame[14] & 15) * 4, frame.length - 14);
        Wire.put16(frame, 24, InternetChecksum.finish(InternetChecksum.add(0, frame, 14, header)));
        Wire.put16(frame, 36, 9);
      }
    }
    Packet packet = new Packet(frame);
    packet.checksum(random.nextBoolean() ? Packet.Checksum.VALIDATED : Packet.Checksum.BLANK);
    packet.gso(
        random.nextInt(4) == 0 ? Packet.Gso.TCPV4 : Packet.Gso.NONE, random.nextInt(3) * 700);
    return packet;
  }
}

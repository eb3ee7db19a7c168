package dev.xenbus.linux.net;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.WorkQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;

/// A cable between two devices: what one end sends, a work of the other end's kernel receives.
final class TestWire {
  /// One end: a device's driver.
  static final class End implements NetDeviceOperations {
    private final ConcurrentLinkedQueue<Packet> arriving = new ConcurrentLinkedQueue<>();
    private final WorkQueue works;
    private final NetDevice device;
    private Predicate<Packet> loses = packet -> false;
    private int sent;
    private final List<Integer> sizes = new ArrayList<>();
    private End other = this;

    End(NetStack stack, Cpu cpu, String name, MacAddress mac) throws KernelException {
      works = cpu.workQueue(name, 1);
      device = stack.register(name, mac, this);
      device.carrier(true);
      device.up();
    }

    @Override
    public void transmit(Packet packet) {
      sent++;
      sizes.add(packet.length());
      if (loses.test(packet)) {
        packet.free();
        return;
      }
      Packet copy = packet.copy();
      packet.free();
      other.arriving.add(copy);
      other.works.queue(other::arrive);
    }

    private void arrive() {
      for (Packet packet = arriving.poll(); packet != null; packet = arriving.poll()) {
        device.receive(packet);
      }
    }

    NetDevice device() {
      return device;
    }

    /// Loses what the test says.
    void loses(Predicate<Packet> test) {
      loses = test;
    }

    int sent() {
      return sent;
    }

    /// Returns the lengths of the frames that it sent.
    List<Integer> sizes() {
      return sizes;
    }
  }

  private TestWire() {}

  static void join(End a, End b) {
    a.other = b;
    b.other = a;
  }
}

package dev.xenbus.guest;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// One end of a cable between two kernels: what one sends, a work of the other receives.
public final class TestCable implements NetDeviceOperations {
  private final ConcurrentLinkedQueue<Packet> arriving = new ConcurrentLinkedQueue<>();
  private final Kernel kernel;
  private final NetDevice device;
  private @Nullable TestCable other;
  private int largest;

  private TestCable(Kernel kernel, String name, long mac) throws KernelException {
    this.kernel = kernel;
    this.device = kernel.net().register(name, new MacAddress(mac), this);
    device.carrier(true);
  }

  /// Joins two kernels: `eth0` of each, not up yet.
  ///
  /// @return the end of `a`
  public static TestCable join(Kernel a, Kernel b) throws KernelException {
    TestCable one = new TestCable(a, "eth0", 0x0016_3E00_0001L);
    TestCable two = new TestCable(b, "eth0", 0x0016_3E00_0002L);
    one.other = two;
    two.other = one;
    return one;
  }

  @Override
  public void transmit(Packet packet) {
    largest = Math.max(largest, packet.length());
    Packet copy = packet.copy();
    packet.free();
    TestCable to = other;
    if (to != null) {
      to.arriving.add(copy);
      to.kernel.systemWorkQueue().queue(to::arrive);
    }
  }

  private void arrive() {
    for (Packet packet = arriving.poll(); packet != null; packet = arriving.poll()) {
      device.receive(packet);
    }
  }

  /// Returns the length of the largest packet that was sent.
  public int largest() {
    return largest;
  }
}

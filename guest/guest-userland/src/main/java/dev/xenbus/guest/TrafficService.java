package dev.xenbus.guest;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TcpConnection;
import dev.xenbus.machine.Task;

/// Sends one large TCP segment a second to the port `discard` of dom0, for as long as the guest
/// runs: so there is always a zero-copy packet on its way through dom0.
final class TrafficService {
  /// Dom0's address on the bridge.
  static final Ipv4Address DOM0 = new Ipv4Address(0x0A00_0001);

  /// The service `discard`.
  static final int PORT = 9;

  /// Three frames' worth: with the headers that are copied taken off it still fills parts of two
  /// pages, which are granted.
  static final int SEGMENT_BYTES = 3 * 1448;

  private static final long SECOND = 1_000_000_000L;
  private static final long CONNECT_NANOS = 10 * SECOND;

  private final Kernel kernel;
  private final byte[] segment = new byte[SEGMENT_BYTES];

  TrafficService(Kernel kernel) {
    this.kernel = kernel;
    for (int i = 0; i < segment.length; i++) {
      segment[i] = (byte) i;
    }
  }

  /// Runs until a signal comes; a connection that breaks is made anew.
  int run() {
    do {
      try (TcpConnection connection = kernel.net().connectTcp(DOM0, PORT, CONNECT_NANOS)) {
        do {
          connection.send(segment);
        } while (Task.sleep(SECOND));
      } catch (KernelException e) {
        if (e.errno() == Errno.EINTR) {
          return 0;
        }
      }
    } while (Task.sleep(SECOND));
    return 0;
  }
}

package dev.xenbus.blkback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.KernelException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// Where a frontend's ring is.
///
/// @param refs its pages
/// @param port its event channel
record RingAddress(List<Integer> refs, int port) {
  private static final long UNSIGNED_MAX = 0xFFFF_FFFFL;

  /// What a frontend published, checked.
  ///
  /// @param protocol how its slots look
  /// @param protocolName the name that it gave, for the log
  /// @param persistent whether both ends want persistent grants
  /// @param rings one a queue
  record All(
      BlockProtocol protocol, String protocolName, boolean persistent, List<RingAddress> rings) {}

  /// Reads what the frontend published (`connect_ring`, `read_per_ring_refs`).
  ///
  /// @throws KernelException with the text for the error node
  static All read(XenbusDevice device, BlkbackOptions options) throws KernelException {
    Xenbus xenbus = device.xenbus();
    String frontend = device.otherEndPath();
    String name = protocolName(xenbus, frontend);
    BlockProtocol protocol =
        BlockProtocol.ofAbiName(name)
            .orElseThrow(() -> new KernelException(Errno.ENOSYS, "unknown fe protocol " + name));
    boolean persistent =
        options.persistent() && xenbus.readUnsigned(frontend, "feature-persistent", 0) != 0;
    long queues = xenbus.readUnsigned(frontend, "multi-queue-num-queues", 1);
    if (queues < 1 || queues > options.queuesMax()) {
      throw new KernelException(
          Errno.ENOSYS,
          "guest requested %d queues, exceeding the maximum of %d."
              .formatted(queues, options.queuesMax()));
    }
    int pages = pages(xenbus, frontend, options);
    List<RingAddress> rings = new ArrayList<>();
    for (int i = 0; i < queues; i++) {
      String dir = queues == 1 ? frontend : frontend + "/queue-" + i;
      rings.add(readRing(xenbus, dir, pages));
    }
    return new All(protocol, name, persistent, rings);
  }

  /// A frontend that names no protocol is taken for a 32-bit one, whatever the ABI's text says.
  private static String protocolName(Xenbus xenbus, String frontend) {
    try {
      return xenbus.read(XenbusTransaction.NONE, frontend, "protocol");
    } catch (XenstoreException _) {
      return BlockProtocol.X86_32.abiName();
    }
  }

  /// Returns how many pages each ring has; 0 stands for the form without numbers, of one page.
  private static int pages(Xenbus xenbus, String frontend, BlkbackOptions options)
      throws KernelException {
    OptionalLong order = xenbus.tryReadNumber(XenbusTransaction.NONE, frontend, "ring-page-order");
    if (order.isEmpty()) {
      return 0;
    }
    long value = order.getAsLong();
    if (value < 0 || value > options.ringPageOrderMax()) {
      throw new KernelException(
          Errno.EINVAL,
          "requested ring page order %d exceed max:%d"
              .formatted(value, options.ringPageOrderMax()));
    }
    return 1 << value;
  }

  private static RingAddress readRing(Xenbus xenbus, String dir, int pages) throws KernelException {
    int port = number(xenbus, dir, "event-channel");
    List<Integer> refs = new ArrayList<>();
    if (pages == 0) {
      refs.add(number(xenbus, dir, "ring-ref"));
    }
    for (int i = 0; i < pages; i++) {
      refs.add(number(xenbus, dir, "ring-ref" + i));
    }
    return new RingAddress(List.copyOf(refs), port);
  }

  private static int number(Xenbus xenbus, String dir, String node) throws KernelException {
    OptionalLong value = xenbus.tryReadNumber(XenbusTransaction.NONE, dir, node);
    if (value.isEmpty() || value.getAsLong() < 0 || value.getAsLong() > UNSIGNED_MAX) {
      throw new KernelException(Errno.EINVAL, "reading " + dir + "/" + node);
    }
    return (int) value.getAsLong();
  }
}

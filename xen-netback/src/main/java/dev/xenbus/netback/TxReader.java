package dev.xenbus.netback;

import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.abi.io.netif.TxRequestLayout;
import dev.xenbus.abi.io.netif.TxResponseLayout;

/// Takes packets off a tx ring, believing nothing: each field is read once, checked, then used.
///
/// Mirrors `xenvif_tx_build_gops`, `xenvif_count_requests` and `xenvif_get_extras`
/// (`drivers/net/xen-netback/netback.c`). Exclusive to the polling thread.
final class TxReader {
  /// More further slots than this and the packet is dropped (`XEN_NETBK_LEGACY_SLOTS_MAX`).
  static final int LEGACY_SLOTS_MAX = NetifLimits.PACKET_SLOTS_MIN;

  /// Bytes of each packet that are copied, so that its headers lie in one piece
  /// (`XEN_NETBACK_TX_COPY_LEN`).
  static final int COPY_BYTES = 128;

  /// With so many further slots the first is copied whole, as a packet has 17 fragments at most.
  private static final int COPY_FIRST_SLOTS = LEGACY_SLOTS_MAX - 1;

  private final BackRing ring;
  private final PendingSlots slots;
  private final TxResponder responder;
  private final CreditScheduler credit;
  private final MulticastList multicast;
  private final int fatalSlots;

  /// What came of looking at the ring.
  enum Outcome {
    /// Nothing is there.
    NOTHING,
    /// The guest has used up its credit; nothing was taken.
    LIMITED,
    /// Something was taken and answered.
    HANDLED,
    /// A packet was taken.
    PACKET
  }

  /// What a reader works with.
  ///
  /// @param ring the tx ring
  /// @param slots private copies of requests
  /// @param responder answers
  /// @param credit the limit
  /// @param multicast the filter that the guest may change
  /// @param fatalSlots with more further slots than this a packet is fatal
  record Options(
      BackRing ring,
      PendingSlots slots,
      TxResponder responder,
      CreditScheduler credit,
      MulticastList multicast,
      int fatalSlots) {}

  TxReader(Options options) {
    this.ring = options.ring();
    this.slots = options.slots();
    this.responder = options.responder();
    this.credit = options.credit();
    this.multicast = options.multicast();
    this.fatalSlots = options.fatalSlots();
  }

  /// Makes an empty packet that has room for all slots that are not fatal.
  TxPacket newPacket() {
    return new TxPacket(1 + fatalSlots);
  }

  /// Takes the next packet.
  ///
  /// @param packet empty; filled if the outcome is PACKET
  /// @throws FatalTxError what was read of the packet stays unanswered
  Outcome next(TxPacket packet) throws FatalTxError {
    int prod = ring.reqProd();
    int cons = ring.reqCons();
    if (Integer.compareUnsigned(prod - cons, ring.entries()) > 0) {
      throw new FatalTxError(
          "Impossible number of requests. req_prod %d, req_cons %d, size %d"
              .formatted(prod, cons, ring.entries()));
    }
    int work = responder.consumable(prod, cons);
    if (work == 0) {
      return Outcome.NOTHING;
    }
    long slot = ring.slot(cons);
    int size = TxRequestLayout.size(ring.pages(), slot);
    if (!credit.trySpend(size)) {
      return Outcome.LIMITED;
    }
    int first = take(slot, size);
    ring.reqCons(cons + 1);
    packet.flags = slots.flags[first];
    packet.add(first);
    Extras extras = readExtras(packet.flags, work - 1);
    slots.extras[first] = extras.count;
    if (extras.multicastType != ExtraInfoLayout.TYPE_NONE) {
      changeMulticast(first, extras);
      return Outcome.HANDLED;
    }
    boolean taken = readFurther(packet, work - 1 - extras.count);
    if (!taken || slots.size[first] < NetifLimits.ETHERNET_HEADER_BYTES) {
      dropAll(packet);
      return Outcome.HANDLED;
    }
    requireWithinPage(slots.offset[first], slots.size[first]);
    setGso(packet, extras);
    packet.headBytes = Math.min(COPY_BYTES, size);
    if (packet.count - 1 >= COPY_FIRST_SLOTS) {
      packet.headBytes = Math.max(packet.headBytes, slots.size[first]);
    }
    return Outcome.PACKET;
  }

  private int take(long slot, int size) {
    int index = responder.take();
    slots.gref[index] = TxRequestLayout.gref(ring.pages(), slot);
    slots.offset[index] = TxRequestLayout.offset(ring.pages(), slot);
    slots.flags[index] = TxRequestLayout.flags(ring.pages(), slot);
    slots.id[index] = TxRequestLayout.id(ring.pages(), slot);
    slots.size[index] = size;
    slots.extras[index] = 0;
    return index;
  }

  /// The extra-info slots of one packet.
  private static final class Extras {
    int count;
    boolean hasGso;
    int gsoType;
    int gsoSize;
    int multicastType = ExtraInfoLayout.TYPE_NONE;
    long multicastAddress;
  }

  private Extras readExtras(int flags, int work) throws FatalTxError {
    Extras extras = new Extras();
    boolean more = (flags & TxRequestLayout.EXTRA_INFO) != 0;
    while (more) {
      if (extras.count == work) {
        throw new FatalTxError("Missing extra info");
      }
      int cons = ring.reqCons();
      long slot = ring.slot(cons);
      int type = ExtraInfoLayout.type(ring.pages(), slot);
      more = (ExtraInfoLayout.flags(ring.pages(), slot) & ExtraInfoLayout.MORE) != 0;
      ring.reqCons(cons + 1);
      extras.count++;
      if (type == ExtraInfoLayout.TYPE_NONE || type > ExtraInfoLayout.TYPE_MAX) {
        throw new FatalTxError("Invalid extra type: " + type);
      }
      readExtra(extras, type, slot);
    }
    return extras;
  }

  private void readExtra(Extras extras, int type, long slot) {
    switch (type) {
      case ExtraInfoLayout.TYPE_GSO -> {
        extras.hasGso = true;
        extras.gsoSize = ExtraInfoLayout.gsoSize(ring.pages(), slot);
        extras.gsoType = ExtraInfoLayout.gsoType(ring.pages(), slot);
      }
      case ExtraInfoLayout.TYPE_MCAST_ADD, ExtraInfoLayout.TYPE_MCAST_DEL -> {
        // If both come, the addition is done and the removal is not.
        if (extras.multicastType != ExtraInfoLayout.TYPE_MCAST_ADD) {
          extras.multicastType = type;
          extras.multicastAddress = ExtraInfoLayout.mcastAddress(ring.pages(), slot);
        }
      }
      default -> {
        // A hash or a headroom of the guest's is of no use here.
      }
    }
  }

  private void changeMulticast(int index, Extras extras) {
    int status = TxResponseLayout.OKAY;
    if (extras.multicastType == ExtraInfoLayout.TYPE_MCAST_DEL) {
      multicast.remove(extras.multicastAddress);
    } else if (!multicast.add(extras.multicastAddress)) {
      status = TxResponseLayout.ERROR;
    }
    responder.release(index, status);
    responder.push();
  }

  /// Takes the slots behind the first; the first one's size becomes its own.
  ///
  /// @param work how many requests may be taken
  /// @return false if the packet is to be dropped
  private boolean readFurther(TxPacket packet, int work) throws FatalTxError {
    int first = packet.slots[0];
    boolean intact = true;
    int further = 0;
    boolean more = (packet.flags & TxRequestLayout.MORE_DATA) != 0;
    while (more) {
      if (further >= work) {
        throw new FatalTxError("Asked for %d slots but exceeds this limit".formatted(work));
      }
      if (further >= fatalSlots) {
        throw new FatalTxError(
            "Malicious frontend using %d slots, threshold %d".formatted(further, fatalSlots));
      }
      long slot = ring.slot(ring.reqCons());
      int index = take(slot, TxRequestLayout.size(ring.pages(), slot));
      ring.reqCons(ring.reqCons() + 1);
      packet.add(index);
      // A slot that is longer than what is left: the packet has 64 KiB or more and the first
      // slot's size overflowed.
      intact = intact && further < LEGACY_SLOTS_MAX && slots.size[index] <= slots.size[first];
      slots.size[first] -= slots.size[index];
      further++;
      requireWithinPage(slots.offset[index], slots.size[index]);
      more = (slots.flags[index] & TxRequestLayout.MORE_DATA) != 0;
    }
    return intact;
  }

  private static void requireWithinPage(int offset, int size) throws FatalTxError {
    if (offset + size > XenPage.BYTES) {
      throw new FatalTxError("Cross page boundary, offset: %d, size: %d".formatted(offset, size));
    }
  }

  private static void setGso(TxPacket packet, Extras extras) throws FatalTxError {
    if (!extras.hasGso) {
      return;
    }
    if (extras.gsoSize == 0) {
      throw new FatalTxError("GSO size must not be zero.");
    }
    if (extras.gsoType != ExtraInfoLayout.GSO_TCPV4
        && extras.gsoType != ExtraInfoLayout.GSO_TCPV6) {
      throw new FatalTxError("Bad GSO type %d.".formatted(extras.gsoType));
    }
    packet.hasGso = true;
    packet.gsoType = extras.gsoType;
    packet.gsoSize = extras.gsoSize;
  }

  /// Mirrors `xenvif_tx_err`.
  private void dropAll(TxPacket packet) {
    for (int position = 0; position < packet.count; position++) {
      responder.release(packet.slots[position], TxResponseLayout.ERROR);
    }
    responder.push();
  }
}

package dev.xenbus.netback;

import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.RxRequestLayout;
import dev.xenbus.abi.io.netif.RxResponseLayout;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Packet;
import java.util.ArrayList;
import java.util.List;

/// Fills a guest's buffers with packets, by grant copies in batches.
///
/// The answer to the request of a slot stands in that slot, so answers are written as the requests
/// are taken, and shown when their copies are done. A page that belongs to another guest is copied
/// from grant to grant. Mirrors `xenvif_rx_skb` and `xenvif_rx_copy_flush`
/// (`drivers/net/xen-netback/rx.c`). Exclusive to the guest-rx thread.
final class RxCopier implements AutoCloseable {
  /// Copies of one batch (`COPY_BATCH_SIZE`).
  static final int BATCH_COPIES_MAX = 64;

  private static final int STAGING_PAGES_MAX = 16;

  private final BackRing ring;
  private final int domid;
  private final GrantTable grants;
  private final Runnable notify;
  private final Staging staging;

  private final List<GrantCopy> copies = new ArrayList<>(BATCH_COPIES_MAX);
  private final int[] slotOfCopy = new int[BATCH_COPIES_MAX];
  private final List<Packet> completed = new ArrayList<>();

  // The place in the packet that is being copied: fragment -1 is the head.
  private int fragment;
  private int fragmentOffset;

  /// Makes it.
  ///
  /// @param notify sends to the frontend
  /// @throws KernelException `ENOMEM`
  RxCopier(Vif vif, BackRing ring, Runnable notify) throws KernelException {
    this.ring = ring;
    this.domid = vif.domid().value();
    this.grants = vif.kernel().grants();
    this.notify = notify;
    this.staging = new Staging(vif.kernel().pages(), STAGING_PAGES_MAX);
  }

  /// Returns how many slots a packet takes; more than the ring has if it can never be delivered.
  static int slotsNeeded(RxQueue.Waiting waiting, FrontendFeatures features) {
    int perSlot = XenPage.BYTES - features.xdpHeadroom();
    if (perSlot <= 0) {
      return Integer.MAX_VALUE;
    }
    int slots = Math.ceilDiv(waiting.bytes(), perSlot);
    // Counted whether or not the guest takes it, as the kernel does.
    slots += waiting.packet().gso() == Packet.Gso.NONE ? 0 : 1;
    slots += waiting.hash().isPresent() ? 1 : 0;
    return slots + (features.xdpHeadroom() > 0 ? 1 : 0);
  }

  /// Puts one packet, which it owns from now on, into as many slots as [#slotsNeeded] says at most;
  /// the caller has made sure that they are there.
  void add(RxQueue.Waiting waiting, FrontendFeatures features) {
    Packet packet = waiting.packet();
    int headroom = features.xdpHeadroom();
    int extras = countExtras(waiting, features);
    int remaining = waiting.bytes();
    boolean isFirst = true;
    fragment = -1;
    fragmentOffset = 0;
    while (remaining > 0) {
      int length = Math.min(remaining, XenPage.BYTES - headroom);
      remaining -= length;
      int flags = remaining > 0 ? RxResponseLayout.MORE_DATA : 0;
      if (isFirst) {
        flags |= checksumFlags(packet) | (extras > 0 ? RxResponseLayout.EXTRA_INFO : 0);
      }
      addData(packet, headroom, length, flags);
      if (isFirst) {
        addExtras(waiting, features, extras);
        isFirst = false;
      }
    }
    ring.rspProdPvt(ring.reqCons());
    completed.add(packet);
  }

  private static int checksumFlags(Packet packet) {
    return switch (packet.checksum()) {
      case NONE -> 0;
      case VALIDATED -> RxResponseLayout.DATA_VALIDATED;
      case BLANK -> RxResponseLayout.CSUM_BLANK | RxResponseLayout.DATA_VALIDATED;
    };
  }

  private void addData(Packet packet, int headroom, int length, int flags) {
    int index = ring.reqCons();
    long slot = ring.slot(index);
    // Read once, before the answer is written to the same place.
    int id = RxRequestLayout.id(ring.pages(), slot);
    int gref = RxRequestLayout.gref(ring.pages(), slot);
    ring.reqCons(index + 1);
    RxResponseLayout.write(ring.pages(), slot, id, 0, flags, headroom + length);
    int done = 0;
    while (done < length) {
      done += addCopy(packet, index, gref, headroom + done, length - done);
    }
  }

  /// Plans one copy of at most `max` bytes from where the packet is read.
  ///
  /// @return how many bytes
  private int addCopy(Packet packet, int slotIndex, int gref, int offset, int max) {
    skipEmptyPieces(packet);
    if (copies.size() == BATCH_COPIES_MAX) {
      flush();
    }
    GrantCopy copy = new GrantCopy().toGrant(domid, gref, offset);
    int bytes = setSource(packet, copy, max);
    slotOfCopy[copies.size()] = slotIndex;
    copies.add(copy.length(bytes));
    fragmentOffset += bytes;
    return bytes;
  }

  private void skipEmptyPieces(Packet packet) {
    while (fragmentOffset == pieceLength(packet)) {
      fragment++;
      fragmentOffset = 0;
    }
  }

  private int pieceLength(Packet packet) {
    return fragment < 0 ? packet.headLength() : packet.fragments().get(fragment).length();
  }

  private int setSource(Packet packet, GrantCopy copy, int max) {
    int bytes = Math.min(max, pieceLength(packet) - fragmentOffset);
    if (fragment < 0) {
      int place = stage(bytes);
      staging.write(place, packet.head(), fragmentOffset, bytes);
      copy.fromFrame(staging.frame(place), Staging.offset(place));
      return bytes;
    }
    Packet.Fragment piece = packet.fragments().get(fragment);
    int from = piece.offset() + fragmentOffset;
    MappedGrant foreign = piece.foreign();
    if (foreign != null) {
      copy.fromGrant(foreign.granter().value(), foreign.ref(), from);
      return bytes;
    }
    int place = stage(bytes);
    staging.write(place, piece.page(), from, bytes);
    copy.fromFrame(staging.frame(place), Staging.offset(place));
    return bytes;
  }

  private int stage(int bytes) {
    int place = staging.reserve(bytes);
    if (place == Staging.FULL) {
      flush();
      place = staging.reserve(bytes);
    }
    return place;
  }

  private static int countExtras(RxQueue.Waiting waiting, FrontendFeatures features) {
    return (features.takes(waiting.packet().gso()) ? 1 : 0)
        + (waiting.hash().isPresent() ? 1 : 0)
        + (features.xdpHeadroom() > 0 ? 1 : 0);
  }

  /// Writes the extra infos, in the order of their types.
  private void addExtras(RxQueue.Waiting waiting, FrontendFeatures features, int count) {
    Packet packet = waiting.packet();
    int left = count;
    if (features.takes(packet.gso())) {
      left--;
      int type =
          packet.gso() == Packet.Gso.TCPV4 ? ExtraInfoLayout.GSO_TCPV4 : ExtraInfoLayout.GSO_TCPV6;
      ExtraInfoLayout.writeGso(ring.pages(), nextSlot(), moreExtras(left), type, packet.gsoSize());
    }
    if (waiting.hash().isPresent()) {
      left--;
      PacketHash hash = waiting.hash().get();
      ExtraInfoLayout.writeHash(
          ring.pages(), nextSlot(), moreExtras(left), hash.type(), hash.algorithm(), hash.value());
    }
    if (features.xdpHeadroom() > 0) {
      ExtraInfoLayout.writeXdp(ring.pages(), nextSlot(), 0, features.xdpHeadroom());
    }
  }

  private static int moreExtras(int left) {
    return left > 0 ? ExtraInfoLayout.MORE : 0;
  }

  private long nextSlot() {
    int index = ring.reqCons();
    ring.reqCons(index + 1);
    return ring.slot(index);
  }

  /// Makes the planned copies, shows the answers of complete packets and frees these. A copy that
  /// failed puts the grant status in the place of the length.
  void flush() {
    if (!copies.isEmpty()) {
      grants.copy(copies);
      for (int at = 0; at < copies.size(); at++) {
        int status = copies.get(at).status();
        if (status != GrantStatus.OKAY) {
          RxResponseLayout.setStatus(ring.pages(), ring.slot(slotOfCopy[at]), status);
        }
      }
      copies.clear();
    }
    staging.reset();
    if (!completed.isEmpty()) {
      if (ring.pushResponsesAndCheckNotify()) {
        notify.run();
      }
      completed.forEach(Packet::free);
      completed.clear();
    }
  }

  /// Frees its memory.
  @Override
  public void close() {
    staging.close();
  }
}

package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.TxRequestLayout;
import dev.xenbus.abi.io.netif.TxResponseLayout;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Packet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the guest sends through one queue: off the ring, copied and mapped, to the network stack.
///
/// Mirrors `xenvif_tx_action` (`drivers/net/xen-netback/netback.c`). Exclusive to the polling
/// thread.
final class TxPath implements AutoCloseable {
  /// Most fragments of a packet (`MAX_SKB_FRAGS`); one with more is put together anew.
  static final int FRAGMENTS_MAX = 17;

  private static final int STAGING_PAGES_MAX = 8;

  private final Vif vif;
  private final TxReader reader;
  private final PendingSlots slots;
  private final TxResponder responder;
  private final ZeroCopy zeroCopy;
  private final QueueStatistics statistics;
  private final GrantTable grants;
  private final Staging staging;

  private final List<TxPacket> batch = new ArrayList<>();
  private final List<GrantCopy> copies = new ArrayList<>();
  private boolean hasMore;

  /// What the path of one queue works with.
  ///
  /// @param reader takes packets off the ring
  /// @param slots private copies of requests
  /// @param responder answers
  /// @param zeroCopy gives mapped pages back
  /// @param statistics counters of the queue
  record Options(
      TxReader reader,
      PendingSlots slots,
      TxResponder responder,
      ZeroCopy zeroCopy,
      QueueStatistics statistics) {}

  /// Makes it.
  ///
  /// @throws KernelException `ENOMEM`
  TxPath(Vif vif, Options options) throws KernelException {
    this.vif = vif;
    this.reader = options.reader();
    this.slots = options.slots();
    this.responder = options.responder();
    this.zeroCopy = options.zeroCopy();
    this.statistics = options.statistics();
    this.grants = vif.kernel().grants();
    this.staging = new Staging(vif.kernel().pages(), STAGING_PAGES_MAX);
  }

  /// Takes up to `budget` packets from the guest.
  ///
  /// @return how many; fewer than `budget` if there is nothing left to take now
  int poll(int budget) {
    int done = 0;
    hasMore = true;
    while (hasMore && done < budget && !vif.isDisabled()) {
      done += collect(budget - done);
      copyHeads();
      for (TxPacket packet : batch) {
        map(packet);
        submit(packet);
      }
      responder.push();
    }
    return done;
  }

  /// Fills the batch, as far as there is room for heads.
  ///
  /// @return how many packets were taken off the ring, those answered at once too
  private int collect(int budget) {
    batch.clear();
    copies.clear();
    staging.reset();
    int done = 0;
    try {
      while (done < budget && hasMore && staging.hasRoom()) {
        TxPacket packet = reader.newPacket();
        switch (reader.next(packet)) {
          case NOTHING, LIMITED -> hasMore = false;
          case HANDLED -> done++;
          case PACKET -> {
            done++;
            prepare(packet);
          }
        }
      }
    } catch (FatalTxError error) {
      hasMore = false;
      vif.fatalTxError(error.getMessage());
    }
    return done;
  }

  /// Answers empty slots, and plans the copies of the head, which may lie in several slots.
  private void prepare(TxPacket packet) {
    packet.headPlace = staging.reserve(packet.headBytes);
    int done = 0;
    for (int position = 0; position < packet.count && done < packet.headBytes; position++) {
      int index = packet.slots[position];
      int bytes = Math.min(packet.headBytes - done, slots.size[index]);
      if (bytes > 0) {
        copies.add(
            new GrantCopy()
                .fromGrant(vif.domid().value(), slots.gref[index], slots.offset[index])
                .toFrame(staging.frame(packet.headPlace), Staging.offset(packet.headPlace) + done)
                .length(bytes));
      }
      packet.copied[position] = bytes;
      done += bytes;
    }
    batch.add(packet);
  }

  /// Copies all heads of the batch at once and notes what failed.
  private void copyHeads() {
    if (copies.isEmpty()) {
      return;
    }
    grants.copy(copies);
    int next = 0;
    for (TxPacket packet : batch) {
      for (int position = 0; position < packet.count; position++) {
        if (packet.copied[position] > 0) {
          packet.failed(position, copies.get(next).status());
          next++;
        }
      }
    }
  }

  private void map(TxPacket packet) {
    for (int position = 0; position < packet.count; position++) {
      int index = packet.slots[position];
      if (packet.copied[position] < slots.size[index]) {
        try {
          slots.grant[index] = grants.map(vif.domid(), slots.gref[index], true);
        } catch (KernelException e) {
          packet.failed(position, e.errno() == Errno.ENOSPC ? GrantStatus.NO_SPACE : -1);
        }
      }
    }
  }

  private void submit(TxPacket packet) {
    if (packet.hasFailed()) {
      drop(packet);
      return;
    }
    byte[] head = new byte[packet.headBytes];
    staging.read(packet.headPlace, head, head.length);
    Packet built = new Packet(head, head.length);
    short[] held = new short[packet.count];
    int holds = 0;
    for (int position = 0; position < packet.count; position++) {
      int index = packet.slots[position];
      MappedGrant grant = slots.grant[index];
      if (grant == null) {
        // Copied whole, or empty: nothing of the guest is kept.
        responder.release(index, TxResponseLayout.OKAY);
      } else {
        int copied = packet.copied[position];
        int offset = slots.offset[index] + copied;
        int length = slots.size[index] - copied;
        built.fragments().add(new Packet.Fragment(grant.page(), offset, length, grant));
        held[holds] = packet.slots[position];
        holds++;
      }
    }
    setOffloads(packet, built);
    handOver(built, Arrays.copyOf(held, holds));
  }

  private void setOffloads(TxPacket packet, Packet built) {
    if ((packet.flags & TxRequestLayout.CSUM_BLANK) != 0) {
      built.checksum(Packet.Checksum.BLANK);
    } else if ((packet.flags & TxRequestLayout.DATA_VALIDATED) != 0) {
      built.checksum(Packet.Checksum.VALIDATED);
    }
    if (packet.hasGso) {
      boolean v4 = packet.gsoType == ExtraInfoLayout.GSO_TCPV4;
      built.gso(v4 ? Packet.Gso.TCPV4 : Packet.Gso.TCPV6, packet.gsoSize);
      if (built.checksum() != Packet.Checksum.BLANK) {
        // A large packet has no checksum that could be right for each of its segments.
        statistics.rxGsoChecksumFixup.incrementAndGet();
        built.checksum(Packet.Checksum.BLANK);
      }
    }
  }

  private void handOver(Packet built, short[] held) {
    if (held.length > FRAGMENTS_MAX) {
      built.linearize();
      zeroCopy.sentAndCopied(held);
    } else if (held.length > 0) {
      zeroCopy.sent(built, held);
    }
    // Answers of what was only copied do not wait for what the stack does with the packet.
    responder.push();
    vif.receive(built);
  }

  /// Drops a packet of which a copy or a mapping failed: those slots answer ERROR, the others OKAY.
  /// Mirrors `xenvif_tx_check_gop`.
  private void drop(TxPacket packet) {
    for (int position = 0; position < packet.count; position++) {
      int index = packet.slots[position];
      MappedGrant grant = slots.grant[index];
      slots.grant[index] = null;
      if (grant != null) {
        grant.close();
      }
      boolean okay = packet.status[position] == GrantStatus.OKAY;
      responder.release(index, okay ? TxResponseLayout.OKAY : TxResponseLayout.ERROR);
    }
  }

  /// Frees its memory.
  @Override
  public void close() {
    staging.close();
  }
}

package dev.xenbus.netfront;

import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.abi.io.netif.RxResponseLayout;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Puts packets together from the answers on an rx ring, believing nothing: each field is read
/// once, checked, then used, and data only after the backend cannot change them any more.
///
/// Mirrors `xennet_get_responses` and `xennet_get_extras` (`drivers/net/xen-netfront.c`). Used
/// under the ring's lock.
final class RxReader {
  /// A first piece of so few bytes may be followed by one slot more (`RX_COPY_THRESHOLD`).
  private static final int SMALL_FIRST_BYTES = 256;

  private final FrontRing ring;
  private final Buffers buffers;
  private final Counters counters;

  // The packet that is being read.
  private final List<Piece> pieces = new ArrayList<>();
  private int cons;
  private int prod;
  private @Nullable String error;
  private int gsoSize;
  private int gsoType;

  /// The table of posted buffers.
  interface Buffers {
    /// Posts the buffer of an answer again, as it is.
    ///
    /// @throws BrokenBackend if there was none
    void repost(int index) throws BrokenBackend;

    /// Takes the buffer of an answer back from the backend.
    ///
    /// @throws BrokenBackend if there was none, or the backend still uses it
    Page reclaim(int index) throws BrokenBackend;

    /// Takes a page that nobody needs any more.
    void spare(Page page);

    /// All answers before the given index are used up.
    void consumed(int index);
  }

  /// What is counted.
  ///
  /// @param onError called with the reason for each packet that came in broken
  /// @param gsoChecksumFixups GSO packets without a blank checksum, which were made right
  record Counters(Consumer<String> onError, AtomicLong gsoChecksumFixups) {}

  /// A page with a part of the packet; ours alone.
  private record Piece(Page page, int offset, int length) {}

  RxReader(FrontRing ring, Buffers buffers, Counters counters) {
    this.ring = ring;
    this.buffers = buffers;
    this.counters = counters;
  }

  /// Reads up to `budget` packets.
  ///
  /// @return how many, broken ones too
  int read(int budget, List<Packet> into) throws BrokenBackend {
    prod = ring.rspProd();
    if (ring.isResponseOverflow(prod)) {
      throw new BrokenBackend(
          "Illegal number of responses " + Integer.toUnsignedString(prod - ring.rspCons()));
    }
    int done = 0;
    cons = ring.rspCons();
    while (done < budget && cons != prod) {
      try {
        Packet packet = readPacket();
        if (packet == null) {
          counters.onError().accept(error == null ? "Bad packet length" : error);
        } else {
          into.add(packet);
        }
      } finally {
        pieces.forEach(piece -> buffers.spare(piece.page()));
        pieces.clear();
      }
      done++;
    }
    buffers.consumed(cons);
    return done;
  }

  /// Reads one packet and leaves `cons` behind it; null if it is broken.
  private @Nullable Packet readPacket() throws BrokenBackend {
    error = null;
    gsoSize = 0;
    gsoType = ExtraInfoLayout.GSO_NONE;
    int slots = 0;
    int slotsMax = NetifLimits.PACKET_SLOTS_MIN;
    int firstFlags = 0;
    boolean more = true;
    while (more) {
      if (cons == prod) {
        fail("Need more slots");
        break;
      }
      long slot = ring.slot(cons);
      int offset = RxResponseLayout.offset(ring.pages(), slot);
      int flags = RxResponseLayout.flags(ring.pages(), slot);
      int status = RxResponseLayout.status(ring.pages(), slot);
      takePiece(offset, status);
      cons++;
      if (slots == 0) {
        firstFlags = flags;
        slotsMax += status <= SMALL_FIRST_BYTES ? 1 : 0;
        if ((flags & RxResponseLayout.EXTRA_INFO) != 0) {
          readExtras();
        }
      }
      slots++;
      more = (flags & RxResponseLayout.MORE_DATA) != 0;
    }
    if (slots > slotsMax) {
      fail("Too many slots");
    }
    return error == null ? build(firstFlags) : null;
  }

  private void takePiece(int offset, int status) throws BrokenBackend {
    if (status < 0 || offset + status > XenPage.BYTES) {
      fail("rx->offset: " + offset + ", size: " + status);
      buffers.repost(cons);
      return;
    }
    pieces.add(new Piece(buffers.reclaim(cons), offset, status));
  }

  private void readExtras() throws BrokenBackend {
    boolean more = true;
    while (more) {
      if (cons == prod) {
        fail("Missing extra info");
        return;
      }
      long slot = ring.slot(cons);
      int type = ExtraInfoLayout.type(ring.pages(), slot);
      more = (ExtraInfoLayout.flags(ring.pages(), slot) & ExtraInfoLayout.MORE) != 0;
      if (type == ExtraInfoLayout.TYPE_NONE || type > ExtraInfoLayout.TYPE_MAX) {
        fail("Invalid extra type: " + type);
      } else if (type == ExtraInfoLayout.TYPE_GSO) {
        readGso(slot);
      }
      buffers.repost(cons);
      cons++;
    }
  }

  private void readGso(long slot) {
    gsoSize = ExtraInfoLayout.gsoSize(ring.pages(), slot);
    gsoType = ExtraInfoLayout.gsoType(ring.pages(), slot);
    if (gsoSize == 0) {
      fail("GSO size must not be zero");
    }
    if (gsoType != ExtraInfoLayout.GSO_TCPV4 && gsoType != ExtraInfoLayout.GSO_TCPV6) {
      fail("Bad GSO type " + gsoType);
    }
  }

  private void fail(String why) {
    if (error == null) {
      error = why;
    }
  }

  private @Nullable Packet build(int flags) {
    int length = 0;
    for (Piece piece : pieces) {
      length += piece.length();
    }
    if (length < NetifLimits.ETHERNET_HEADER_BYTES || length > NetifLimits.PACKET_BYTES_MAX) {
      return null;
    }
    byte[] all = new byte[length];
    int done = 0;
    for (Piece piece : pieces) {
      Bytes.copy(piece.page().memory(), piece.offset(), all, done, piece.length());
      done += piece.length();
    }
    Packet packet = new Packet(all);
    if ((flags & RxResponseLayout.CSUM_BLANK) != 0) {
      packet.checksum(Packet.Checksum.BLANK);
    } else if ((flags & RxResponseLayout.DATA_VALIDATED) != 0) {
      packet.checksum(Packet.Checksum.VALIDATED);
    }
    setGso(packet);
    return packet;
  }

  private void setGso(Packet packet) {
    if (gsoType == ExtraInfoLayout.GSO_NONE) {
      return;
    }
    boolean isV4 = gsoType == ExtraInfoLayout.GSO_TCPV4;
    packet.gso(isV4 ? Packet.Gso.TCPV4 : Packet.Gso.TCPV6, gsoSize);
    if (packet.checksum() != Packet.Checksum.BLANK) {
      // A large packet has no checksum that could be right for each of its segments.
      counters.gsoChecksumFixups().incrementAndGet();
      packet.checksum(Packet.Checksum.BLANK);
    }
  }
}

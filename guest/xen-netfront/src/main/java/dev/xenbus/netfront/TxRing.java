package dev.xenbus.netfront;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.io.FrontRing;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.abi.io.netif.TxRequestLayout;
import dev.xenbus.abi.io.netif.TxResponseLayout;
import dev.xenbus.linux.api.GrantRefs;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.linux.api.Page;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What this guest sends through one queue.
///
/// Data are copied into pages of the queue's own, each granted read-only for as long as its request
/// is not answered; so the backend never sees anything of this guest beside its packets. Mirrors
/// `xennet_start_xmit` and `xennet_tx_buf_gc` (`drivers/net/xen-netfront.c`).
final class TxRing {
  /// Slots of the ring.
  static final int SLOTS = 256;

  /// With so many requests outstanding nothing is sent any more: a packet may need 18 slots and one
  /// for extra info.
  static final int OUTSTANDING_MAX = SLOTS - NetifLimits.PACKET_SLOTS_MIN - 1;

  private final Kernel kernel;
  private final Domid backend;
  private final FrontRing ring;
  private final GrantTable.GrantReserve grants;
  private final NetfrontQueue queue;

  private final SpinLock txLock;

  @GuardedBy("txLock")
  private final short[] freeIds = new short[SLOTS];

  @GuardedBy("txLock")
  private int freeCount = SLOTS;

  // Of each id, the grant and page of its outstanding request; INVALID and null if there is none.
  @GuardedBy("txLock")
  private final int[] refs = new int[SLOTS];

  @GuardedBy("txLock")
  private final @Nullable Page[] pages = new @Nullable Page[SLOTS];

  @GuardedBy("txLock")
  private final ArrayDeque<Page> sparePages = new ArrayDeque<>();

  @GuardedBy("txLock")
  private boolean isClosed;

  /// What became of a packet.
  enum Outcome {
    /// It is on the ring.
    SENT,
    /// It is on the ring, which has no room for another now.
    SENT_LAST,
    /// There was no room.
    FULL,
    /// It cannot be sent.
    REFUSED
  }

  /// Makes it.
  ///
  /// @throws KernelException `ENOSPC` if there are not enough grants
  TxRing(Kernel kernel, Domid backend, FrontRing ring, NetfrontQueue queue) throws KernelException {
    this.kernel = kernel;
    this.backend = backend;
    this.ring = ring;
    this.queue = queue;
    this.grants = kernel.grants().reserve(SLOTS);
    this.txLock = kernel.cpu().spinLock(LockClass.of("queue->tx_lock"));
    for (int index = 0; index < SLOTS; index++) {
      freeIds[index] = (short) (SLOTS - 1 - index);
    }
    Arrays.fill(refs, GrantRefs.INVALID);
  }

  /// Sends a packet; the caller still owns it. Any task.
  Outcome send(Packet packet) {
    shape(packet);
    int slots = countSlots(packet);
    if (slots > NetifLimits.PACKET_SLOTS_MIN) {
      return Outcome.REFUSED;
    }
    List<Page> filled = takePages(slots);
    if (filled.isEmpty()) {
      return Outcome.REFUSED;
    }
    int[] lengths = new int[slots];
    fill(packet, filled, lengths);
    boolean wanted = false;
    Outcome outcome = Outcome.FULL;
    txLock.lock();
    try {
      if (!isClosed && outstandingLocked() < OUTSTANDING_MAX) {
        putLocked(packet, filled, lengths);
        wanted = ring.pushRequestsAndCheckNotify();
        outcome = outstandingLocked() < OUTSTANDING_MAX ? Outcome.SENT : Outcome.SENT_LAST;
      }
    } finally {
      txLock.unlock();
    }
    if (outcome == Outcome.FULL) {
      givePages(filled);
    }
    if (wanted) {
      queue.notifyTx();
    }
    return outcome;
  }

  /// Moves all into the head if the first slot would have less than an Ethernet header, or if there
  /// would be too many slots.
  private static void shape(Packet packet) {
    boolean isShort = packet.headLength() < NetifLimits.ETHERNET_HEADER_BYTES;
    if (isShort || countSlots(packet) > NetifLimits.PACKET_SLOTS_MIN) {
      packet.linearize();
    }
  }

  private static int countSlots(Packet packet) {
    int slots = Math.ceilDiv(packet.headLength(), XenPage.BYTES);
    for (Packet.Fragment fragment : packet.fragments()) {
      slots += Math.ceilDiv(fragment.length(), XenPage.BYTES);
    }
    return slots;
  }

  /// Takes pages out of the spare ones, or new ones; empty if memory is short.
  private List<Page> takePages(int count) {
    List<Page> taken = new ArrayList<>(count);
    txLock.lock();
    try {
      while (taken.size() < count && !sparePages.isEmpty()) {
        taken.add(sparePages.pop());
      }
    } finally {
      txLock.unlock();
    }
    try {
      while (taken.size() < count) {
        taken.add(kernel.pages().allocate());
      }
      return taken;
    } catch (KernelException _) {
      givePages(taken);
      return List.of();
    }
  }

  private void givePages(List<Page> taken) {
    boolean isKept;
    txLock.lock();
    try {
      isKept = !isClosed;
      if (isKept) {
        sparePages.addAll(taken);
      }
    } finally {
      txLock.unlock();
    }
    if (!isKept) {
      taken.forEach(kernel.pages()::free);
    }
  }

  /// Copies head and fragments, each to pages of its own. What a page held before was sent to this
  /// backend already.
  private static void fill(Packet packet, List<Page> into, int[] lengths) {
    int slot = 0;
    for (int done = 0; done < packet.headLength(); slot++) {
      int bytes = Math.min(XenPage.BYTES, packet.headLength() - done);
      Bytes.copy(packet.head(), done, into.get(slot).memory(), 0, bytes);
      lengths[slot] = bytes;
      done += bytes;
    }
    for (Packet.Fragment fragment : packet.fragments()) {
      for (int done = 0; done < fragment.length(); slot++) {
        int bytes = Math.min(XenPage.BYTES, fragment.length() - done);
        Bytes.copy(fragment.page(), fragment.offset() + done, into.get(slot).memory(), 0, bytes);
        lengths[slot] = bytes;
        done += bytes;
      }
    }
  }

  @GuardedBy("txLock")
  private void putLocked(Packet packet, List<Page> filled, int[] lengths) {
    boolean isGso = packet.gso() != Packet.Gso.NONE;
    int prod = ring.reqProdPvt();
    for (int slot = 0; slot < lengths.length; slot++) {
      int flags = slot + 1 < lengths.length ? TxRequestLayout.MORE_DATA : 0;
      int size = lengths[slot];
      if (slot == 0) {
        flags |= checksumFlags(packet) | (isGso ? TxRequestLayout.EXTRA_INFO : 0);
        size = packet.length();
      }
      int id = takeIdLocked(filled.get(slot));
      TxRequestLayout.write(ring.pages(), ring.slot(prod), refs[id], 0, flags, id, size);
      prod++;
      if (slot == 0 && isGso) {
        ExtraInfoLayout.writeGso(
            ring.pages(), ring.slot(prod), 0, gsoType(packet), packet.gsoSize());
        prod++;
      }
    }
    ring.reqProdPvt(prod);
  }

  @GuardedBy("txLock")
  private int takeIdLocked(Page page) {
    int ref = claim(page);
    freeCount--;
    int id = freeIds[freeCount];
    refs[id] = ref;
    pages[id] = page;
    return id;
  }

  private int claim(Page page) {
    try {
      return grants.claim(backend, page, true);
    } catch (KernelException e) {
      throw new Bug("none left of the grants set aside: " + e.getMessage());
    }
  }

  private static int checksumFlags(Packet packet) {
    return switch (packet.checksum()) {
      case NONE -> 0;
      case VALIDATED -> TxRequestLayout.DATA_VALIDATED;
      case BLANK -> TxRequestLayout.CSUM_BLANK | TxRequestLayout.DATA_VALIDATED;
    };
  }

  private static int gsoType(Packet packet) {
    return packet.gso() == Packet.Gso.TCPV6 ? ExtraInfoLayout.GSO_TCPV6 : ExtraInfoLayout.GSO_TCPV4;
  }

  @GuardedBy("txLock")
  private int outstandingLocked() {
    return ring.reqProdPvt() - ring.rspCons();
  }

  /// Takes the backend's answers; interrupt context too.
  ///
  /// @return whether there were any
  /// @throws BrokenBackend if an answer cannot be; nothing more is taken then
  boolean collect() throws BrokenBackend {
    txLock.lock();
    try {
      int before = ring.rspCons();
      boolean more = !isClosed;
      while (more) {
        collectOnceLocked();
        more = ring.finalCheckForResponses();
      }
      return ring.rspCons() != before;
    } finally {
      txLock.unlock();
    }
  }

  /// Returns whether a packet can be sent.
  boolean hasRoom() {
    txLock.lock();
    try {
      return !isClosed && outstandingLocked() < OUTSTANDING_MAX;
    } finally {
      txLock.unlock();
    }
  }

  @GuardedBy("txLock")
  private void collectOnceLocked() throws BrokenBackend {
    int prod = ring.rspProd();
    int answers = prod - ring.rspCons();
    // Never more than was asked; a stricter test than the size of the ring, and an end of the loop.
    if (Integer.compareUnsigned(answers, outstandingLocked()) > 0) {
      throw new BrokenBackend("Illegal number of responses " + Integer.toUnsignedString(answers));
    }
    for (int cons = ring.rspCons(); cons != prod; cons++) {
      long slot = ring.slot(cons);
      int id = TxResponseLayout.id(ring.pages(), slot);
      if (TxResponseLayout.status(ring.pages(), slot) != TxResponseLayout.NULL) {
        releaseLocked(id);
      }
      ring.rspCons(cons + 1);
    }
  }

  @GuardedBy("txLock")
  private void releaseLocked(int id) throws BrokenBackend {
    if (id >= SLOTS) {
      throw new BrokenBackend("Response has incorrect id (" + id + ")");
    }
    Page page = pages[id];
    if (page == null) {
      throw new BrokenBackend("Response for inactive request");
    }
    if (!grants.end(refs[id])) {
      throw new BrokenBackend("Grant still in use by backend domain");
    }
    refs[id] = GrantRefs.INVALID;
    pages[id] = null;
    sparePages.push(page);
    freeIds[freeCount] = (short) id;
    freeCount++;
  }

  /// Ends all grants and frees the pages; those that the backend still maps wait until it does not.
  void close() {
    List<Page> unused = new ArrayList<>();
    txLock.lock();
    try {
      isClosed = true;
      unused.addAll(sparePages);
      sparePages.clear();
      for (int id = 0; id < SLOTS; id++) {
        Page page = pages[id];
        pages[id] = null;
        if (page != null && grants.end(refs[id])) {
          unused.add(page);
        } else if (page != null) {
          kernel.grants().endAccess(refs[id], page);
        }
      }
    } finally {
      txLock.unlock();
    }
    unused.forEach(kernel.pages()::free);
    grants.close();
  }
}

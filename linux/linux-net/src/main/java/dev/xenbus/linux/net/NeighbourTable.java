package dev.xenbus.linux.net;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.WorkQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The ARP cache: which Ethernet address answers for an IPv4 address (`net/core/neighbour.c`,
/// `net/ipv4/arp.c`).
///
/// | entry | on use | on time-out |
/// |---|---|---|
/// | incomplete | packet waits | asks again each second, 3 times; then unreachable |
/// | reachable | packet leaves | stale after [#REACHABLE_NANOS] without word |
/// | stale | packet leaves, asks | asks again each second, 3 times; then forgotten |
///
/// All under the spin lock `arp_tbl`; packets are sent without it.
final class NeighbourTable {
  /// Most entries. Differs: the kernel's default (`gc_thresh3`) is 1024, too few for a bridge with
  /// thousands of guests; the entry that was confirmed longest ago gives way.
  static final int ENTRIES_MAX = 16_384;

  /// Most packets that wait for one entry; the oldest gives way. (`unres_qlen`.)
  static final int PENDING_MAX = 64;

  /// Requests before an address is given up (`mcast_solicit`).
  static final int REQUESTS_MAX = 3;

  /// How long an answer is believed (`base_reachable_time_ms`).
  static final long REACHABLE_NANOS = 30_000_000_000L;

  /// How long an answer is remembered that nobody confirms (`gc_stale_time`).
  static final long FORGET_NANOS = 60_000_000_000L;

  /// How many entries are kept even then (`gc_thresh1`).
  static final int ENTRIES_KEPT = 128;

  /// Time between two requests (`retrans_time_ms`).
  static final long RETRY_NANOS = 1_000_000_000L;

  /// What is known of one address.
  private static final class Entry {
    final EthernetDevice device;
    final int address;
    int ownAddress;
    long mac;
    long confirmedNanos;
    int requests;
    final ArrayDeque<Packet> pending = new ArrayDeque<>(0);

    Entry(EthernetDevice device, int ownAddress, int address) {
      this.device = device;
      this.ownAddress = ownAddress;
      this.address = address;
    }

    boolean isComplete() {
      return mac != 0;
    }
  }

  private final NetStack stack;
  private final WorkQueue works;
  private final Consumer<byte[]> unreachable;
  private final Runnable tick = this::tick;
  private final SpinLock lock;

  /// What was confirmed longest ago comes first.
  @GuardedBy("lock")
  private final SequencedMap<Long, Entry> entries = new LinkedHashMap<>();

  /// Makes an empty table.
  ///
  /// @param unreachable told the frame of each packet that could not be sent
  NeighbourTable(NetStack stack, WorkQueue works, Consumer<byte[]> unreachable) {
    this.stack = stack;
    this.works = works;
    this.unreachable = unreachable;
    this.lock = stack.cpu().spinLock(LockClass.of("arp_tbl"));
  }

  private static Long key(EthernetDevice device, int address) {
    return ((long) device.index() << 32) | (address & 0xFFFF_FFFFL);
  }

  /// Sends a packet whose Ethernet destination is not written yet, now or once it is known. Owns
  /// the packet.
  void send(EthernetDevice device, int ownAddress, int to, Packet packet) {
    List<Packet> dropped = new ArrayList<>(0);
    boolean asks = false;
    long mac;
    lock.lock();
    try {
      Entry entry = entries.get(key(device, to));
      if (entry == null) {
        entry = new Entry(device, ownAddress, to);
        insertLocked(entry, dropped);
      }
      mac = entry.mac;
      if (!entry.isComplete()) {
        if (entry.pending.size() >= PENDING_MAX) {
          dropped.add(entry.pending.removeFirst());
        }
        entry.pending.addLast(packet);
      }
      boolean isCertain =
          entry.isComplete() && stack.nanos() - entry.confirmedNanos < REACHABLE_NANOS;
      if (!isCertain && entry.requests == 0) {
        entry.ownAddress = ownAddress;
        entry.requests = 1;
        asks = true;
      }
    } finally {
      lock.unlock();
    }
    dropped.forEach(Packet::free);
    if (mac != 0) {
      Wire.put48(packet.head(), 0, mac);
      device.transmit(packet);
    }
    if (asks) {
      works.queueDelayed(tick, RETRY_NANOS);
      sendRequest(device, ownAddress, to);
    }
  }

  @GuardedBy("lock")
  private void insertLocked(Entry entry, List<Packet> dropped) {
    if (entries.size() >= ENTRIES_MAX) {
      dropped.addAll(entries.pollFirstEntry().getValue().pending);
    }
    forgetOldLocked();
    entries.put(key(entry.device, entry.address), entry);
  }

  /// Each new entry pays for at most two that nobody has confirmed for long.
  @GuardedBy("lock")
  private void forgetOldLocked() {
    for (int i = 0; i < 2 && entries.size() > ENTRIES_KEPT; i++) {
      Entry first = entries.firstEntry().getValue();
      boolean isOld = stack.nanos() - first.confirmedNanos > FORGET_NANOS;
      if (!first.isComplete() || first.requests > 0 || !isOld) {
        return;
      }
      entries.pollFirstEntry();
    }
  }

  /// Asks, to everybody, who has an address.
  void sendRequest(EthernetDevice device, int ownAddress, int address) {
    long mac = device.mac().bits();
    ArpMessage request = new ArpMessage(ArpMessage.REQUEST, mac, ownAddress, 0, address);
    device.transmit(new Packet(request.frame(0xFFFF_FFFF_FFFFL, mac)));
  }

  /// Somebody said where an address is; an entry is made for it only if `creates`.
  void heard(EthernetDevice device, int address, long mac, boolean creates) {
    if (address == 0 || mac == 0) {
      return;
    }
    List<Packet> ready = new ArrayList<>(0);
    List<Packet> dropped = new ArrayList<>(0);
    lock.lock();
    try {
      Entry entry = entries.get(key(device, address));
      if (entry == null) {
        if (!creates) {
          return;
        }
        entry = new Entry(device, 0, address);
        insertLocked(entry, dropped);
      }
      entries.putLast(key(device, address), entry);
      entry.mac = mac;
      entry.confirmedNanos = stack.nanos();
      entry.requests = 0;
      ready.addAll(entry.pending);
      entry.pending.clear();
    } finally {
      lock.unlock();
    }
    dropped.forEach(Packet::free);
    for (Packet packet : ready) {
      Wire.put48(packet.head(), 0, mac);
      device.transmit(packet);
    }
  }

  /// Asks again for what has no answer yet, and gives up what had none for long enough.
  private void tick() {
    List<Entry> again = new ArrayList<>();
    List<Packet> lost = new ArrayList<>();
    lock.lock();
    try {
      Iterator<Entry> each = entries.values().iterator();
      while (each.hasNext()) {
        Entry entry = each.next();
        if (entry.requests >= REQUESTS_MAX) {
          lost.addAll(entry.pending);
          each.remove();
        } else if (entry.requests > 0) {
          entry.requests++;
          again.add(entry);
        }
      }
    } finally {
      lock.unlock();
    }
    if (!again.isEmpty()) {
      works.queueDelayed(tick, RETRY_NANOS);
    }
    for (Entry entry : again) {
      sendRequest(entry.device, entry.ownAddress, entry.address);
    }
    for (Packet packet : lost) {
      byte[] frame = packet.head();
      packet.free();
      unreachable.accept(frame);
    }
  }

  /// Returns the Ethernet address that is believed to answer, or empty.
  @Nullable Long lookup(EthernetDevice device, int address) {
    lock.lock();
    try {
      Entry entry = entries.get(key(device, address));
      return entry == null || !entry.isComplete() ? null : (Long) entry.mac;
    } finally {
      lock.unlock();
    }
  }

  int size() {
    lock.lock();
    try {
      return entries.size();
    } finally {
      lock.unlock();
    }
  }

  /// Forgets a device that goes.
  void forget(EthernetDevice device) {
    List<Packet> dropped = new ArrayList<>();
    lock.lock();
    try {
      Iterator<Entry> each = entries.values().iterator();
      while (each.hasNext()) {
        Entry entry = each.next();
        if (entry.device == device) {
          dropped.addAll(entry.pending);
          each.remove();
        }
      }
    } finally {
      lock.unlock();
    }
    dropped.forEach(Packet::free);
  }
}

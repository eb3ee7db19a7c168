package dev.xenbus.linux.net;

import org.jspecify.annotations.Nullable;

/// Which Ethernet address was last seen behind which port (`net/bridge/br_fdb.c`): an open hash
/// table of plain arrays. A forgotten entry keeps its slot until the table is built anew.
///
/// Not safe for threads: its bridge guards it.
final class ForwardingTable {
  /// Most addresses; beyond them nothing is learned and unknown addresses are flooded.
  static final int ENTRIES_MAX = 65_536;

  /// How long an address that is not heard of is kept (`ageing_time`), in nanoseconds.
  static final long AGEING_NANOS = 300_000_000_000L;

  private static final long RETRY_NANOS = 1_000_000_000L;
  private static final int SLOTS_MIN = 64;

  private long[] addresses = new long[SLOTS_MIN];
  private @Nullable EthernetDevice[] ports = new EthernetDevice[SLOTS_MIN];
  private long[] seenNanos = new long[SLOTS_MIN];
  private int used;

  /// Until when a full table is not looked through again for dead entries.
  private long fullUntilNanos = Long.MIN_VALUE;

  /// Notes that `address`, not 0, was seen behind `port`.
  void learn(long address, EthernetDevice port, long nowNanos) {
    int slot = find(address);
    if (addresses[slot] == 0) {
      if (used >= Math.min(addresses.length / 2, ENTRIES_MAX) && !rebuild(nowNanos)) {
        return;
      }
      slot = find(address);
      addresses[slot] = address;
      used++;
    }
    ports[slot] = port;
    seenNanos[slot] = nowNanos;
  }

  /// Returns the port behind which the address is, or null if nobody knows.
  @Nullable EthernetDevice lookup(long address, long nowNanos) {
    int slot = find(address);
    if (addresses[slot] == 0 || nowNanos - seenNanos[slot] > AGEING_NANOS) {
      return null;
    }
    return ports[slot];
  }

  /// Forgets everything behind a port.
  void forget(EthernetDevice port) {
    for (int slot = 0; slot < ports.length; slot++) {
      if (ports[slot] == port) {
        ports[slot] = null;
      }
    }
  }

  /// Returns the number of addresses that are known.
  int size(long nowNanos) {
    int count = 0;
    for (int slot = 0; slot < ports.length; slot++) {
      count += isLive(slot, nowNanos) ? 1 : 0;
    }
    return count;
  }

  private boolean isLive(int slot, long nowNanos) {
    return ports[slot] != null && nowNanos - seenNanos[slot] <= AGEING_NANOS;
  }

  /// Returns the slot that holds the address, or the free one where it belongs. At most half of the
  /// slots are used, so the walk ends.
  private int find(long address) {
    int mask = addresses.length - 1;
    int slot = (int) ((address * 0x9E37_79B9_7F4A_7C15L) >>> 40) & mask;
    while (addresses[slot] != 0 && addresses[slot] != address) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /// Drops dead entries and grows if that was not enough; false if there is no room.
  private boolean rebuild(long nowNanos) {
    if (nowNanos < fullUntilNanos) {
      return false;
    }
    int live = size(nowNanos);
    if (live >= ENTRIES_MAX) {
      fullUntilNanos = nowNanos + RETRY_NANOS;
      return false;
    }
    long[] oldAddresses = addresses;
    @Nullable EthernetDevice[] oldPorts = ports;
    long[] oldSeen = seenNanos;
    int slots = SLOTS_MIN;
    while (slots < (live + 1) * 4) {
      slots *= 2;
    }
    addresses = new long[slots];
    ports = new EthernetDevice[slots];
    seenNanos = new long[slots];
    used = 0;
    for (int slot = 0; slot < oldPorts.length; slot++) {
      EthernetDevice port = oldPorts[slot];
      if (port != null && nowNanos - oldSeen[slot] <= AGEING_NANOS) {
        int at = find(oldAddresses[slot]);
        addresses[at] = oldAddresses[slot];
        ports[at] = port;
        seenNanos[at] = oldSeen[slot];
        used++;
      }
    }
    return true;
  }
}

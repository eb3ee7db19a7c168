package dev.xenbus.netback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.io.netif.ControlRequestLayout;
import dev.xenbus.abi.io.netif.ControlResponseLayout;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;
import dev.xenbus.linux.api.FlowHash;
import dev.xenbus.linux.api.FlowKey;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// How a guest wants its packets spread over its queues: set through the control ring, read by
/// whoever sends.
///
/// Mirrors `drivers/net/xen-netback/hash.c`. Settings are changed by the control thread alone, each
/// change at once for everybody.
final class HashState {
  /// Bytes of the key (`XEN_NETBK_MAX_HASH_KEY_SIZE`).
  static final int KEY_BYTES_MAX = 40;

  /// Entries of the mapping (`XEN_NETBK_MAX_HASH_MAPPING_SIZE`).
  static final int MAPPING_ENTRIES_MAX = 128;

  private static final int IPV4 = 1;
  private static final int IPV4_TCP = 2;
  private static final int IPV6 = 4;
  private static final int IPV6_TCP = 8;

  private final int cacheSize;
  private volatile Settings settings = Settings.NONE;
  private volatile int queues;

  private final SpinLock cacheLock;

  // Oldest first.
  @GuardedBy("cacheLock")
  private final LinkedHashMap<FlowKey, Integer> cache = new LinkedHashMap<>();

  /// One consistent set; its arrays are not changed once it is in use.
  private static final class Settings {
    static final Settings NONE =
        new Settings(ControlRequestLayout.ALGORITHM_NONE, 0, new byte[KEY_BYTES_MAX], new int[0]);

    /// `ALGORITHM_…` of `ControlRequestLayout`.
    final int algorithm;

    /// Which kinds of hash are computed.
    final int flags;

    /// 40 bytes.
    final byte[] key;

    /// The queue of each remainder; empty if there is none.
    final int[] mapping;

    Settings(int algorithm, int flags, byte[] key, int[] mapping) {
      this.algorithm = algorithm;
      this.flags = flags;
      this.key = key;
      this.mapping = mapping;
    }

    boolean isOff() {
      return algorithm == ControlRequestLayout.ALGORITHM_NONE;
    }
  }

  HashState(Cpu cpu, int cacheSize) {
    this.cacheSize = cacheSize;
    this.cacheLock = cpu.spinLock(LockClass.of("vif->hash.cache.lock"));
  }

  /// Starts afresh, with so many queues to choose from.
  void reset(int queueCount) {
    queues = queueCount;
    settings = Settings.NONE;
    flushCache();
  }

  // What the control ring sets; each returns a status of `ControlResponseLayout`.

  int setAlgorithm(int algorithm) {
    if (algorithm != ControlRequestLayout.ALGORITHM_NONE
        && algorithm != ControlRequestLayout.ALGORITHM_TOEPLITZ) {
      return ControlResponseLayout.INVALID_PARAMETER;
    }
    Settings old = settings;
    settings = new Settings(algorithm, old.flags, old.key, old.mapping);
    return ControlResponseLayout.SUCCESS;
  }

  boolean hasFlags() {
    return !settings.isOff();
  }

  int setFlags(int flags) {
    Settings old = settings;
    if ((flags & ~ControlRequestLayout.HASH_FLAGS_ALL) != 0 || old.isOff()) {
      return ControlResponseLayout.INVALID_PARAMETER;
    }
    settings = new Settings(old.algorithm, flags, old.key, old.mapping);
    flushCache();
    return ControlResponseLayout.SUCCESS;
  }

  /// Sets the key; what is missing to 40 bytes becomes zeros.
  int setKey(byte[] key) {
    Settings old = settings;
    byte[] padded = Arrays.copyOf(key, KEY_BYTES_MAX);
    settings = new Settings(old.algorithm, old.flags, padded, old.mapping);
    flushCache();
    return ControlResponseLayout.SUCCESS;
  }

  /// Sets how many entries the mapping has; all of them name queue 0 then.
  ///
  /// @param entries as the guest wrote it, unsigned
  int setMappingSize(int entries) {
    if (Integer.compareUnsigned(entries, MAPPING_ENTRIES_MAX) > 0) {
      return ControlResponseLayout.INVALID_PARAMETER;
    }
    Settings old = settings;
    settings = new Settings(old.algorithm, old.flags, old.key, new int[entries]);
    return ControlResponseLayout.SUCCESS;
  }

  /// Returns whether entries lie within the mapping; without a sum that could overflow.
  boolean isInMapping(int first, int count) {
    int size = settings.mapping.length;
    return Integer.compareUnsigned(first, size) <= 0
        && Integer.compareUnsigned(count, size - first) <= 0;
  }

  /// Changes entries of the mapping, all of them or none.
  int setMapping(int first, int[] entries) {
    Settings old = settings;
    int[] mapping = old.mapping.clone();
    for (int index = 0; index < entries.length; index++) {
      if (Integer.compareUnsigned(entries[index], queues) >= 0) {
        return ControlResponseLayout.INVALID_PARAMETER;
      }
      mapping[first + index] = entries[index];
    }
    settings = new Settings(old.algorithm, old.flags, old.key, mapping);
    return ControlResponseLayout.SUCCESS;
  }

  // What senders ask.

  /// Returns the hash that the guest is told with the packet; empty if it wants none of this kind.
  /// Mirrors `xenvif_set_skb_hash`.
  Optional<PacketHash> hash(Packet packet) {
    Settings now = settings;
    if (now.isOff()) {
      return Optional.empty();
    }
    FlowKey key = FlowKey.of(packet.head(), packet.headLength());
    if (key == null) {
      return Optional.empty();
    }
    int tcpFlag = key.isIpv6() ? IPV6_TCP : IPV4_TCP;
    int addressFlag = key.isIpv6() ? IPV6 : IPV4;
    if (key.hasTcp() && (now.flags & tcpFlag) != 0) {
      int type = key.isIpv6() ? ExtraInfoLayout.HASH_IPV6_TCP : ExtraInfoLayout.HASH_IPV4_TCP;
      return Optional.of(new PacketHash(type, now.algorithm, cached(now, key)));
    }
    if ((now.flags & addressFlag) != 0) {
      int type = key.isIpv6() ? ExtraInfoLayout.HASH_IPV6 : ExtraInfoLayout.HASH_IPV4;
      return Optional.of(new PacketHash(type, now.algorithm, cached(now, key.withoutPorts())));
    }
    return Optional.empty();
  }

  /// Returns the queue for a packet. Mirrors `xenvif_select_queue`.
  ///
  /// @param hash what [#hash] said
  /// @param count how many queues there are
  int queueOf(Packet packet, Optional<PacketHash> hash, int count) {
    Settings now = settings;
    if (now.isOff()) {
      return count == 1 ? 0 : FlowHash.queueOf(packet, count);
    }
    int value = hash.map(PacketHash::value).orElse(0);
    int size = now.mapping.length;
    int queue =
        size == 0
            ? Integer.remainderUnsigned(value, count)
            : now.mapping[Integer.remainderUnsigned(value, size)];
    return queue < count ? queue : 0;
  }

  private int cached(Settings now, FlowKey key) {
    if (cacheSize == 0) {
      return Toeplitz.hash(now.key, key.tuple());
    }
    cacheLock.lock();
    try {
      Integer known = cache.remove(key);
      int value = known != null ? known : Toeplitz.hash(now.key, key.tuple());
      cache.put(key, value);
      if (cache.size() > cacheSize) {
        Map.Entry<FlowKey, Integer> oldest = cache.firstEntry();
        cache.remove(oldest.getKey());
      }
      return value;
    } finally {
      cacheLock.unlock();
    }
  }

  private void flushCache() {
    cacheLock.lock();
    try {
      cache.clear();
    } finally {
      cacheLock.unlock();
    }
  }
}

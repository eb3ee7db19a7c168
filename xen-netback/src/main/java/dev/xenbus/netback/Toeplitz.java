package dev.xenbus.netback;

/// The Toeplitz hash, as receive-side scaling uses it.
final class Toeplitz {
  private Toeplitz() {}

  /// Returns the hash of `data`: for each of its bits that is set, the 32 bits of the key that
  /// start at the bit's number, all of them combined by exclusive or. Mirrors
  /// `xen_netif_toeplitz_hash` (`xen/include/public/io/netif.h`).
  ///
  /// @param key at least 4 bytes; what is missing behind it counts as zeros
  static int hash(byte[] key, byte[] data) {
    int hash = 0;
    // The key's bits from the current one on, the current one highest.
    long window = 0;
    for (int index = 0; index < Long.BYTES; index++) {
      window = window << 8 | at(key, index);
    }
    for (int index = 0; index < data.length; index++) {
      for (int bit = 7; bit >= 0; bit--) {
        if ((data[index] >> bit & 1) != 0) {
          hash ^= (int) (window >>> 32);
        }
        window <<= 1;
      }
      window |= at(key, index + Long.BYTES);
    }
    return hash;
  }

  private static long at(byte[] key, int index) {
    return index < key.length ? key[index] & 0xFF : 0;
  }
}

package dev.xenbus.netback;

import dev.xenbus.abi.io.netif.NetifLimits;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;

/// The two data rings of one queue.
///
/// @param tx what the guest sends
/// @param rx what the guest receives
record VifRings(VifRing tx, VifRing rx) implements AutoCloseable {
  /// Maps both rings, or none.
  ///
  /// @throws KernelException as [VifRing#map]
  static VifRings map(XenbusDevice device, int txRef, int rxRef) throws KernelException {
    VifRing tx = VifRing.map(device, txRef, NetifLimits.TX_SLOT_BYTES);
    try {
      return new VifRings(tx, VifRing.map(device, rxRef, NetifLimits.RX_SLOT_BYTES));
    } catch (KernelException e) {
      tx.close();
      throw e;
    }
  }

  /// Unmaps both.
  @Override
  public void close() {
    tx.close();
    rx.close();
  }
}

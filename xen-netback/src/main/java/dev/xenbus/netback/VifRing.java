package dev.xenbus.netback;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.io.BackRing;
import dev.xenbus.abi.io.RingPages;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.util.List;

/// One ring page of the guest, mapped, with this end of the ring.
///
/// @param mapping the mapping
/// @param pages the page
/// @param ring this end
record VifRing(XenbusDevice.MappedRing mapping, RingPages pages, BackRing ring)
    implements AutoCloseable {
  /// Maps a ring page and attaches to it.
  ///
  /// @param slotBytes size of a slot
  /// @throws KernelException what mapping says; `EIO` if the indices on the page are impossible
  static VifRing map(XenbusDevice device, int ref, int slotBytes) throws KernelException {
    XenbusDevice.MappedRing mapping = device.mapRing(List.of(ref));
    RingPages pages = RingPages.of(mapping.pages().stream().map(MappedGrant::page).toList());
    try {
      return new VifRing(
          mapping, pages, BackRing.attach(pages, slotBytes, () -> Task.point("netif_ring")));
    } catch (IOException e) {
      mapping.close();
      throw new KernelException(Errno.EIO, String.valueOf(e.getMessage()), e);
    }
  }

  /// Unmaps; the ring cannot be used any more. May be called twice.
  @Override
  public void close() {
    pages.close();
    mapping.close();
  }
}

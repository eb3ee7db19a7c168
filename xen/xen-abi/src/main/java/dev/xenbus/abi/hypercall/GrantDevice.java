package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.Domid;
import java.lang.foreign.MemorySegment;

/// Foreign pages for a process of dom0 (`/dev/xen/gntdev`, libxengnttab).
public interface GrantDevice {
  /// Maps a granted page for reading and writing.
  ///
  /// @throws HypercallException `EINVAL` with the grant status in its message
  Mapping map(Domid granter, int ref) throws HypercallException;

  /// A mapped page; closing it twice is harmless.
  interface Mapping extends AutoCloseable {
    /// Returns the page.
    MemorySegment page();

    @Override
    void close();
  }
}

package dev.xenbus.blkback;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.BlockCore;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.KernelException;
import java.util.concurrent.atomic.AtomicLong;

/// The disk behind a device (`struct xen_vbd`), open for as long as this lives.
final class Vbd {
  /// Bits of the node `info`.
  private static final int INFO_CDROM = 1;

  private static final int INFO_READ_ONLY = 4;

  private final Disk disk;
  private final boolean readOnly;
  private final boolean cdrom;
  private final AtomicLong publishedSectors;

  private Vbd(Disk disk, boolean readOnly, boolean cdrom) {
    this.disk = disk;
    this.readOnly = readOnly;
    this.cdrom = cdrom;
    this.publishedSectors = new AtomicLong(disk.sectors());
  }

  /// Opens a disk (`xen_vbd_create`).
  ///
  /// @throws KernelException `ENOENT` if there is none, or what opening it says
  static Vbd open(BlockCore block, DeviceNumber number, boolean readOnly, boolean cdrom)
      throws KernelException {
    Disk disk =
        block
            .disk(number)
            .orElseThrow(() -> new KernelException(Errno.ENOENT, "no disk " + number));
    disk.open(!readOnly);
    return new Vbd(disk, readOnly, cdrom || disk.options().cdrom());
  }

  Disk disk() {
    return disk;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  /// Returns the value of the node `info`.
  int info() {
    return (cdrom ? INFO_CDROM : 0) | (readOnly ? INFO_READ_ONLY : 0);
  }

  long publishedSectors() {
    return publishedSectors.get();
  }

  /// Returns whether the disk's size is another than the published one, and takes it for published;
  /// of several workers that ask at once one is told.
  boolean takeResize() {
    long before = publishedSectors.get();
    long now = disk.sectors();
    return now != before && publishedSectors.compareAndSet(before, now);
  }

  /// Checks that a range of sectors exists (`xen_vbd_translate`), whatever numbers the frontend
  /// wrote; a range without sectors is anywhere.
  boolean contains(long sector, long sectors) {
    if (sectors == 0) {
      return true;
    }
    long end = sector + sectors;
    boolean wraps = Long.compareUnsigned(end, sector) < 0;
    return !wraps && Long.compareUnsigned(end, disk.sectors()) <= 0;
  }

  void close() {
    disk.release();
  }
}

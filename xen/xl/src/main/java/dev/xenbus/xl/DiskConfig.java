package dev.xenbus.xl;

import java.util.Locale;
import java.util.Optional;

/// One disk of a guest (`libxl_device_disk`).
///
/// @param target image file or block device; empty for an empty CD-ROM drive
/// @param format what the target's bytes mean
/// @param vdev name or number in the guest, such as `xvda`
/// @param writable whether the guest may write
/// @param cdrom whether it is a CD-ROM
/// @param removable whether it can be taken out
/// @param script hotplug script, below `/etc/xen/scripts` or absolute; empty for the usual one
/// @param backend name or id of the domain that serves it; empty for dom0
/// @param backendType who serves it, if the configuration says so
/// @param discard whether the guest may discard; empty: if it may write
/// @param directIoSafe node `direct-io-safe`
/// @param trusted whether the frontend may trust the backend
public record DiskConfig(
    String target,
    Format format,
    String vdev,
    boolean writable,
    boolean cdrom,
    boolean removable,
    String script,
    String backend,
    Optional<BackendType> backendType,
    Optional<Boolean> discard,
    boolean directIoSafe,
    boolean trusted) {
  /// What the target's bytes mean.
  public enum Format {
    /// Sectors, one after the other.
    RAW,
    /// QEMU's first format.
    QCOW,
    /// QEMU's second format.
    QCOW2,
    /// Microsoft's.
    VHD,
    /// QEMU's third.
    QED,
    /// No medium.
    EMPTY;

    /// Returns the lower case name.
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Who serves a disk.
  public enum BackendType {
    /// The kernel's block backend.
    PHY,
    /// QEMU.
    QDISK,
    /// Another program.
    STANDALONE;

    /// Returns the lower case name.
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Returns a plain disk of dom0's backend.
  public static DiskConfig of(String target, String vdev, boolean writable) {
    return new DiskConfig(
        target,
        Format.RAW,
        vdev,
        writable,
        false,
        false,
        "",
        "",
        Optional.empty(),
        Optional.empty(),
        false,
        true);
  }
}

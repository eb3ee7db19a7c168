package dev.xenbus.blkfront;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.KernelException;

/// What a virtual device number means in the guest (`xlvbd_alloc_gendisk`): `xvd` and letters,
/// whatever kind of disk the toolstack called it.
///
/// @param name such as `xvda`, `xvda1`, `xvdaa`
/// @param number major 202, and the minor of its first partition
record DiskName(String name, DeviceNumber number) {
  private static final int XVD_MAJOR = 202;
  private static final int EXTENDED = 1 << 28;
  private static final int EXTENDED_PARTS = 256;
  private static final int PARTS = 16;
  private static final int IDE_PARTS = 64;
  private static final int SCSI_MAJOR = 8;
  private static final int IDE0_MAJOR = 3;
  private static final int IDE1_MAJOR = 22;

  /// The first two IDE disks belong to the first major.
  private static final int IDE1_FIRST_DISK = 2;

  private static final int LETTERS = 26;
  private static final int MINOR_MASK = 0xFF;
  private static final int MAJOR_MASK = 0xFFF;

  /// Decodes the value of the node `virtual-device`.
  ///
  /// @throws KernelException `ENODEV` if it is of no known kind
  static DiskName of(long virtualDevice) throws KernelException {
    if (virtualDevice < 0 || virtualDevice >= 2L * EXTENDED) {
      throw new KernelException(Errno.ENODEV, "blkfront: vdevice " + virtualDevice);
    }
    int value = (int) virtualDevice;
    if ((value & EXTENDED) != 0) {
      int minor = value & ~EXTENDED;
      return named(minor / EXTENDED_PARTS, minor % EXTENDED_PARTS, minor);
    }
    int major = value >> Byte.SIZE & MAJOR_MASK;
    int minor = value & MINOR_MASK;
    return switch (major) {
      case XVD_MAJOR, SCSI_MAJOR -> named(minor / PARTS, minor % PARTS, minor);
      case IDE0_MAJOR -> named(minor / IDE_PARTS, minor % IDE_PARTS, minor);
      case IDE1_MAJOR ->
          named(
              minor / IDE_PARTS + IDE1_FIRST_DISK,
              minor % IDE_PARTS,
              minor + IDE1_FIRST_DISK * IDE_PARTS);
      default ->
          throw new KernelException(Errno.ENODEV, "blkfront: major " + major + " is no disk");
    };
  }

  private static DiskName named(int disk, int part, int minor) {
    String name = "xvd" + letters(disk) + (part == 0 ? "" : Integer.toString(part));
    return new DiskName(name, new DeviceNumber(XVD_MAJOR, minor));
  }

  /// `a` to `z`, then `aa`.
  private static String letters(int disk) {
    String last = String.valueOf((char) ('a' + disk % LETTERS));
    return disk < LETTERS ? last : letters(disk / LETTERS - 1) + last;
  }
}

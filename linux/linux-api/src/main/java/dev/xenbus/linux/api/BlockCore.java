package dev.xenbus.linux.api;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A kernel's block core.
public interface BlockCore {
  /// Adds a disk.
  ///
  /// @throws KernelException `EEXIST`
  Disk addDisk(String name, DeviceNumber number, DiskOptions options, DiskOperations operations)
      throws KernelException;

  /// Returns the disk of the given name.
  Optional<Disk> disk(String name);

  /// Returns the disk of the given number.
  Optional<Disk> disk(DeviceNumber number);

  /// Returns all disks, in the order in which they were added.
  List<Disk> disks();

  /// Makes an image file a disk, `loop<n>` with the lowest free number (`losetup`). It has
  /// [#LOOP_TAGS] request tags.
  ///
  /// @throws KernelException `ENOENT`, `EACCES`, `EINVAL`
  Disk attachLoop(Path image, boolean readOnly) throws KernelException;

  /// Returns the image behind a loop disk.
  Optional<Path> loopImage(String disk);

  /// Undoes [#attachLoop]; the image is closed with the last opener.
  ///
  /// @throws KernelException `ENXIO`
  void detachLoop(String disk) throws KernelException;

  /// Request tags of a loop disk.
  int LOOP_TAGS = 16;
}

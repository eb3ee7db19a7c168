package dev.xenbus.linux.api;

/// A disk of a kernel (`struct gendisk`).
public interface Disk {
  /// Returns its name, such as `xvda` or `loop0`.
  String name();

  /// Returns its number.
  DeviceNumber number();

  /// Returns its size in sectors of 512 bytes.
  long sectors();

  /// Sets its size in sectors of 512 bytes and tells those who asked for it.
  void sectors(long sectors);

  /// Adds what is called after the size changed, in the task that changed it; it must not sleep.
  void addResizeListener(Runnable resized);

  /// Removes what [#addResizeListener] added; nothing happens if it is not there.
  void removeResizeListener(Runnable resized);

  /// Returns what it is like.
  DiskOptions options();

  /// Opens it.
  ///
  /// @throws KernelException `ENXIO` if it is dead; `EROFS` if it is to be written and cannot be
  void open(boolean writable) throws KernelException;

  /// Undoes one [#open].
  void release();

  /// Returns how many have it open.
  int openers();

  /// Submits a request; waits, uninterruptibly, for a free request tag (`submit_bio`). The request
  /// ends with `EIO` if it is out of range or the disk is dead.
  void submit(BlockRequest request);

  /// From now on every request ends with `EIO`, those that wait for a tag too.
  void markDead();

  /// Takes it out of the kernel. May be called twice.
  void remove();
}

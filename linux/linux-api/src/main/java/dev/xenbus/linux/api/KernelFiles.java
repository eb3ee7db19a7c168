package dev.xenbus.linux.api;

import dev.xenbus.abi.Errno;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A kernel's `/proc`, `/sys` and `/dev`: files whose content is made when they are read, and
/// character devices.
public interface KernelFiles {
  /// A file.
  interface KernelFile {
    /// Returns its content, with a newline at the end of each line.
    ///
    /// @throws KernelException `EACCES` if it is for writing only, `EIO`
    String read() throws KernelException;

    /// Writes to it; `text` as `echo` sends it, the newline included.
    ///
    /// @throws KernelException `EACCES` if it is for reading only, `EINVAL`
    default void write(String text) throws KernelException {
      throw new KernelException(Errno.EACCES, "file is read-only");
    }

    /// Opens it for one process.
    ///
    /// @throws KernelException what its driver says
    default OpenFile open() throws KernelException {
      return new OpenText(this);
    }
  }

  /// A character device: it has no content, and each open of it is something of its own.
  @FunctionalInterface
  interface DeviceFile extends KernelFile {
    @Override
    OpenFile open() throws KernelException;

    @Override
    default String read() throws KernelException {
      throw new KernelException(Errno.EINVAL, "a device has no content: it is opened");
    }

    /// Opens it, writes, and closes it, as a shell does that redirects into it.
    @Override
    default void write(String text) throws KernelException {
      try (OpenFile file = open()) {
        file.write(text.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  /// Adds a file; missing folders above it are made.
  ///
  /// @param path absolute, such as `/sys/kernel/xwstall/vifname`
  /// @throws IllegalArgumentException if there is one already
  void add(String path, KernelFile file);

  /// Removes a file, or a folder with all that is in it; folders that are empty then go too.
  void remove(String path);

  /// Reads a file.
  ///
  /// @throws KernelException `ENOENT`, `EISDIR`, or what the file says
  String read(String path) throws KernelException;

  /// Writes a file.
  ///
  /// @throws KernelException `ENOENT`, `EISDIR`, or what the file says
  void write(String path, String text) throws KernelException;

  /// Opens a file or a device for one process, which closes it.
  ///
  /// @throws KernelException `ENOENT`, `EISDIR`, or what the file says
  OpenFile open(String path) throws KernelException;

  /// Returns the names in a folder, sorted; folders end in `/`.
  ///
  /// @throws KernelException `ENOENT`, `ENOTDIR`
  List<String> list(String path) throws KernelException;
}

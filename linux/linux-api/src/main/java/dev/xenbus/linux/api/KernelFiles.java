package dev.xenbus.linux.api;

import java.util.List;

/// A kernel's `/proc` and `/sys`: files whose content is made when they are read.
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
      throw new KernelException(dev.xenbus.abi.Errno.EACCES, "file is read-only");
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

  /// Returns the names in a folder, sorted; folders end in `/`.
  ///
  /// @throws KernelException `ENOENT`, `ENOTDIR`
  List<String> list(String path) throws KernelException;
}

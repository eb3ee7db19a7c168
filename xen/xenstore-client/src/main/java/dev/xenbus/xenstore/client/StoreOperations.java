package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// What can be asked of nodes, in a transaction or outside of one. Paths are absolute or relative
/// to the home of the connection's domain; a malformed one answers `EINVAL`.
///
/// Values are bytes. As a String they are UTF-8; bytes that are none read as U+FFFD, so that
/// whoever needs every byte uses [#readBytes].
///
/// Each method throws [XenstoreException] with the store's errno, or another [IOException] if the
/// connection is broken: then it stays so.
public interface StoreOperations {
  /// Returns the same requests without waiting for their answers.
  AsyncOperations async();

  /// Returns the value of a node.
  ///
  /// @throws XenstoreException `ENOENT`, `EACCES`, `EINVAL`
  byte[] readBytes(String path) throws IOException;

  /// Sets the value of a node, making it and its missing ancestors if needed.
  ///
  /// @throws XenstoreException `EACCES`, `EINVAL`, `ENOSPC`; `E2BIG` if path and value do not fit
  ///     into 4096 bytes
  void writeBytes(String path, byte[] value) throws IOException;

  /// Returns the names of the children in the store's order, however many there are.
  ///
  /// @throws XenstoreException `ENOENT`, `EACCES`, `EINVAL`
  List<String> directory(String path) throws IOException;

  /// Makes a node and its missing ancestors; of one that exists: nothing.
  ///
  /// @throws XenstoreException `EACCES`, `EINVAL`, `ENOSPC`
  void mkdir(String path) throws IOException;

  /// Removes a node and everything below it; nothing if it is missing and its parent is not.
  ///
  /// @throws XenstoreException `ENOENT` if the parent is missing; `EACCES`, `EINVAL`
  void rm(String path) throws IOException;

  /// Returns who may do what with a node.
  ///
  /// @throws XenstoreException `ENOENT`, `EACCES`, `EINVAL`
  Permissions getPermissions(String path) throws IOException;

  /// Sets who may do what with a node; the first entry names the owner.
  ///
  /// @throws XenstoreException `ENOENT`, also if the owner does not exist; `EACCES`, `EPERM`,
  ///     `EINVAL`, `ENOSPC`
  void setPermissions(String path, Permissions permissions) throws IOException;

  /// Returns the value of a node as text.
  ///
  /// @throws XenstoreException `ENOENT`, `EACCES`, `EINVAL`
  default String read(String path) throws IOException {
    return new String(readBytes(path), StandardCharsets.UTF_8);
  }

  /// Returns the value of a node as text, or empty if there is no such node.
  ///
  /// @throws XenstoreException `EACCES`, `EINVAL`
  default Optional<String> readIfPresent(String path) throws IOException {
    try {
      return Optional.of(read(path));
    } catch (XenstoreException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /// Returns whether there is such a node and it may be read.
  ///
  /// @throws XenstoreException `EINVAL`
  default boolean exists(String path) throws IOException {
    try {
      readBytes(path);
      return true;
    } catch (XenstoreException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.EACCES) {
        return false;
      }
      throw e;
    }
  }

  /// Returns the names of the children, or an empty list if there is no such node.
  ///
  /// @throws XenstoreException `EACCES`, `EINVAL`
  default List<String> directoryIfPresent(String path) throws IOException {
    try {
      return directory(path);
    } catch (XenstoreException e) {
      if (e.errno() == Errno.ENOENT) {
        return List.of();
      }
      throw e;
    }
  }

  /// Sets the value of a node to a text, making it and its missing ancestors if needed.
  ///
  /// @throws XenstoreException `EACCES`, `EINVAL`, `ENOSPC`, `E2BIG`
  default void write(String path, String value) throws IOException {
    writeBytes(path, value.getBytes(StandardCharsets.UTF_8));
  }
}

package dev.xenbus.xenstore.client;

import dev.xenbus.abi.xenstore.Permissions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// What can be asked of nodes without waiting for the answer: any number of requests may be on
/// their way. The store carries out the requests of a connection in the order in which they were
/// sent.
///
/// Everything that goes wrong, a malformed path too, is the [Reply]'s to tell. A call waits only
/// while thousands of requests are on their way, or while the store does not read.
///
/// Which errors there are, see [StoreOperations].
public interface AsyncOperations {
  /// Asks for the value of a node.
  Reply<byte[]> readBytes(String path);

  /// Asks for the value of a node as text.
  Reply<String> read(String path);

  /// Asks for the value of a node as text, or for empty if there is no such node.
  Reply<Optional<String>> readIfPresent(String path);

  /// Asks whether there is such a node and it may be read.
  Reply<Boolean> exists(String path);

  /// Sets the value of a node, making it and its missing ancestors if needed.
  Reply<Ok> writeBytes(String path, byte[] value);

  /// Sets the value of a node to a text, making it and its missing ancestors if needed.
  default Reply<Ok> write(String path, String value) {
    return writeBytes(path, value.getBytes(StandardCharsets.UTF_8));
  }

  /// Asks for the names of the children in the store's order, however many there are.
  Reply<List<String>> directory(String path);

  /// Makes a node and its missing ancestors; of one that exists: nothing.
  Reply<Ok> mkdir(String path);

  /// Removes a node and everything below it; nothing if it is missing and its parent is not.
  Reply<Ok> rm(String path);

  /// Asks who may do what with a node.
  Reply<Permissions> getPermissions(String path);

  /// Sets who may do what with a node; the first entry names the owner.
  Reply<Ok> setPermissions(String path, Permissions permissions);
}

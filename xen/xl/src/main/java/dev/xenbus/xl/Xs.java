package dev.xenbus.xl;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.xenstore.client.StoreOperations;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// The store as libxl uses it (`libxl_xshelp.c`): a missing node is no error, parents that became
/// empty go with their last child.
///
/// Threads: one process owns it.
final class Xs {
  private final StoreConnection store;

  Xs(StoreConnection store) {
    this.store = store;
  }

  /// What is done in one transaction; run again from its beginning after a conflict.
  ///
  /// @param <T> its result
  @FunctionalInterface
  interface Work<T> {
    /// Does it.
    ///
    /// @throws LibxlException aborts the transaction
    T in(Nodes tx) throws IOException, LibxlException;
  }

  /// Work without a result.
  @FunctionalInterface
  interface Action {
    /// Does it.
    ///
    /// @throws LibxlException aborts the transaction
    void in(Nodes tx) throws IOException, LibxlException;
  }

  /// Carries a [LibxlException] out of a transaction.
  private static final class Aborted extends IOException {
    private static final long serialVersionUID = 1L;

    private final LibxlException reason;

    Aborted(LibxlException reason) {
      super(reason);
      this.reason = reason;
    }
  }

  /// Outside of transactions.
  Nodes plain() {
    return new Nodes(store.nodes());
  }

  /// Runs a transaction until it has been committed; aborts it if the work throws.
  <T> T transaction(Work<T> work) throws IOException, LibxlException {
    try {
      return store.transaction(
          tx -> {
            try {
              return work.in(new Nodes(tx));
            } catch (LibxlException e) {
              throw new Aborted(e);
            }
          });
    } catch (Aborted e) {
      throw e.reason;
    }
  }

  /// Runs a transaction without a result.
  void inTransaction(Action work) throws IOException, LibxlException {
    boolean done =
        transaction(
            tx -> {
              work.in(tx);
              return true;
            });
    assert done;
  }

  /// Returns the home of a domain.
  String homeOf(Domid domid) throws IOException {
    return store.homeOf(domid.value());
  }

  /// Makes a domain's ring known to the daemon.
  void introduce(Domid domid, long frame, int port) throws IOException {
    store.introduce(domid.value(), frame, port);
  }

  /// Tells the daemon that a domain goes on.
  void resume(Domid domid) throws IOException {
    store.resume(domid.value());
  }

  /// Requests within one transaction, or outside of any.
  static final class Nodes {
    private final StoreOperations store;

    Nodes(StoreOperations store) {
      this.store = store;
    }

    /// Returns the value, or empty if there is no such node.
    Optional<String> read(String path) throws IOException {
      return store.readIfPresent(path);
    }

    /// Returns the value, or empty if there is none to be had: no node, or none that we may read
    /// (`libxl__xs_read`).
    Optional<String> readIfAllowed(String path) throws IOException {
      try {
        return read(path);
      } catch (XenstoreException e) {
        if (e.errno() == Errno.EACCES) {
          return Optional.empty();
        }
        throw e;
      }
    }

    /// Returns the names of the children, or empty if there is no such node.
    Optional<List<String>> directory(String path) throws IOException {
      try {
        return Optional.of(store.directory(path));
      } catch (XenstoreException e) {
        if (e.errno() == Errno.ENOENT) {
          return Optional.empty();
        }
        throw e;
      }
    }

    void write(String path, String value) throws IOException {
      store.write(path, value);
    }

    void write(String path, String value, Permissions permissions) throws IOException {
      store.write(path, value);
      store.setPermissions(path, permissions);
    }

    void mkdir(String path, Permissions permissions) throws IOException {
      store.mkdir(path);
      store.setPermissions(path, permissions);
    }

    /// Removes a node and what is below.
    ///
    /// @return false if the store says that it was not there; it says so only if its parent is not
    ///     there either
    boolean remove(String path) throws IOException {
      try {
        store.rm(path);
        return true;
      } catch (XenstoreException e) {
        if (e.errno() == Errno.ENOENT) {
          return false;
        }
        throw e;
      }
    }

    /// Removes a node, then each parent that has neither value nor children left
    /// (`libxl__xs_path_cleanup`). Ends at the first that it may not remove: a driver domain owns
    /// the folders of its backends, not the folders around them.
    void prune(String path) throws IOException {
      try {
        pruneWhatIsOwned(path);
      } catch (XenstoreException e) {
        if (e.errno() != Errno.EACCES) {
          throw e;
        }
      }
    }

    private void pruneWhatIsOwned(String path) throws IOException {
      if (!remove(path)) {
        return;
      }
      String parent = parentOf(path);
      while (!parent.isEmpty()) {
        Optional<String> value = read(parent);
        if (value.isEmpty() || !value.get().isEmpty()) {
          return;
        }
        Optional<List<String>> children = directory(parent);
        if (children.isEmpty() || !children.get().isEmpty()) {
          return;
        }
        remove(parent);
        parent = parentOf(parent);
      }
    }

    private static String parentOf(String path) {
      return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }
  }
}

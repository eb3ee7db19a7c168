package dev.xenbus.api;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.XenstoreException;
import java.util.List;
import java.util.OptionalLong;

/// A kernel's way to the store (`xenbus_read` and its kin, `drivers/xen/xenbus/xenbus_xs.c`). Every
/// call may sleep, uninterruptibly and without time-out, until the store answers; any task. Paths
/// without a leading slash are relative to the domain's own folder.
///
/// Every method throws [XenstoreException] with the store's errno, or with `EIO` if the connection
/// is gone.
public interface Xenbus {
  /// Lists the names below `dir/node` (`xenbus_directory`).
  List<String> directory(XenbusTransaction tx, String dir, String node) throws XenstoreException;

  /// Returns whether `dir/node` can be listed; false on any error whatsoever (`xenbus_exists`).
  boolean exists(XenbusTransaction tx, String dir, String node);

  /// Returns the value of `dir/node` (`xenbus_read`).
  String read(XenbusTransaction tx, String dir, String node) throws XenstoreException;

  /// Sets the value of `dir/node` (`xenbus_write`, `xenbus_printf`).
  void write(XenbusTransaction tx, String dir, String node, String value) throws XenstoreException;

  /// Removes `dir/node` and all below it (`xenbus_rm`).
  void remove(XenbusTransaction tx, String dir, String node) throws XenstoreException;

  /// Returns a number, or `fallback` on any error (`xenbus_read_unsigned`).
  long readUnsigned(String dir, String node, long fallback);

  /// Returns a number (`xenbus_scanf` of one integer; decimal, `0x` and octal are understood).
  ///
  /// @throws XenstoreException `ERANGE` if the value is no number, else as `read`
  long readNumber(XenbusTransaction tx, String dir, String node) throws XenstoreException;

  /// Returns a number if there is one; empty on any error.
  default OptionalLong tryReadNumber(XenbusTransaction tx, String dir, String node) {
    try {
      return OptionalLong.of(readNumber(tx, dir, node));
    } catch (XenstoreException _) {
      return OptionalLong.empty();
    }
  }

  /// Returns a number that is read together with others (`xenbus_gather` of one integer).
  ///
  /// @throws XenstoreException `EINVAL` if the value is no number, else as `read`
  default long gatherNumber(String dir, String node) throws XenstoreException {
    try {
      return readNumber(XenbusTransaction.NONE, dir, node);
    } catch (XenstoreException e) {
      // A gather has another errno than a scan for a value that does not fit its format.
      throw e.errno() == Errno.ERANGE
          ? new XenstoreException(Errno.EINVAL, "no number: " + dir + "/" + node, node)
          : e;
    }
  }

  /// Returns the state that a driver published in `path/state`; UNKNOWN if it cannot be read,
  /// INVALID if it is a number that is no state (`xenbus_read_driver_state`).
  XenbusState readDriverState(String path);

  /// Runs `body` in a transaction and commits it; on `EAGAIN` again from its start. If the body
  /// throws, the transaction is aborted.
  <T> T transaction(TransactionBody<T> body) throws XenstoreException;

  /// Watches a path. The callback may run before this returns.
  ///
  /// @param path absolute or relative, or a special name such as `@releaseDomain`
  XenbusWatch watch(String path, WatchCallback callback) throws XenstoreException;

  /// Watches a path, with a filter and a routing.
  XenbusWatch watch(String path, WatchOptions options, WatchCallback callback)
      throws XenstoreException;

  /// What runs in a transaction.
  ///
  /// @param <T> its result
  @FunctionalInterface
  interface TransactionBody<T> {
    /// Runs, once for each attempt.
    T run(XenbusTransaction tx) throws XenstoreException;
  }

  /// What a watch does with an event.
  @FunctionalInterface
  interface WatchCallback {
    /// Called in `xenwatch`, or in the thread of the guest whom the event concerns; may sleep. An
    /// exception costs this event alone.
    ///
    /// @param path what changed, relative if the watch is
    void changed(String path);
  }
}

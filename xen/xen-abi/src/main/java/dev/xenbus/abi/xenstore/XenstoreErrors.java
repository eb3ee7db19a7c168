package dev.xenbus.abi.xenstore;

import dev.xenbus.abi.Errno;
import java.util.List;

/// The errno names that an ERROR reply may carry (`xsd_errors[]`).
public final class XenstoreErrors {
  /// All of them, in the order of the table that both sides share.
  public static final List<Errno> NAMES =
      List.of(
          Errno.EINVAL,
          Errno.EACCES,
          Errno.EEXIST,
          Errno.EISDIR,
          Errno.ENOENT,
          Errno.ENOMEM,
          Errno.ENOSPC,
          Errno.EIO,
          Errno.ENOTEMPTY,
          Errno.ENOSYS,
          Errno.EROFS,
          Errno.EBUSY,
          Errno.EAGAIN,
          Errno.EISCONN,
          Errno.E2BIG,
          Errno.EPERM);

  private XenstoreErrors() {}

  /// Returns the name that goes on the wire: an errno outside of the table goes out as EINVAL.
  public static String toWire(Errno errno) {
    return NAMES.contains(errno) ? errno.name() : Errno.EINVAL.name();
  }

  /// Returns the errno of a name from the wire, without its NUL; an unknown name is EINVAL.
  public static Errno fromWire(String name) {
    for (Errno errno : NAMES) {
      if (errno.name().equals(name)) {
        return errno;
      }
    }
    return Errno.EINVAL;
  }
}

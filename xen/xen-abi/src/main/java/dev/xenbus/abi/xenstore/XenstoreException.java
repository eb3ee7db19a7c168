package dev.xenbus.abi.xenstore;

import dev.xenbus.abi.Errno;
import java.io.IOException;

/// A request that the store refused. Callers branch on [#errno], never on the text.
public final class XenstoreException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /// Makes the exception.
  ///
  /// @param what what was asked and what was found, such as `READ /local/domain/1/name tx=0`
  public XenstoreException(Errno errno, String what) {
    super(errno.name() + ": " + what);
    this.errno = errno;
  }

  /// Returns why.
  public Errno errno() {
    return errno;
  }
}

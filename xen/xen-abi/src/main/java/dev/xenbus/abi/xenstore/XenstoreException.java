package dev.xenbus.abi.xenstore;

import dev.xenbus.abi.Errno;
import java.io.IOException;

/// A request that the store refused. Callers branch on [#errno], never on the text.
public final class XenstoreException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;
  private final String path;

  /// Makes the exception for a request that names no path.
  ///
  /// @param what what was asked and what was found, such as `READ /local/domain/1/name tx=0`
  public XenstoreException(Errno errno, String what) {
    this(errno, what, "");
  }

  /// Makes the exception.
  ///
  /// @param what what was asked and what was found, such as `READ /local/domain/1/name tx=0`
  /// @param path the path that was asked for, as the caller spelled it; empty if there is none
  public XenstoreException(Errno errno, String what, String path) {
    super(errno.name() + ": " + what);
    this.errno = errno;
    this.path = path;
  }

  private XenstoreException(XenstoreException earlier) {
    super(earlier.getMessage(), earlier);
    this.errno = earlier.errno;
    this.path = earlier.path;
  }

  /// Returns why.
  public Errno errno() {
    return errno;
  }

  /// Returns the path that was asked for, as the caller spelled it, or an empty string if the
  /// request named none.
  public String path() {
    return path;
  }

  /// Returns the same refusal with the stack of who is told of it now; this one is its cause.
  public XenstoreException retold() {
    return new XenstoreException(this);
  }
}

package dev.xenbus.linux.api;

import dev.xenbus.abi.Errno;
import java.io.IOException;

/// A kernel function that failed with an errno.
public class KernelException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /// Makes the exception.
  ///
  /// @param what what was asked and what was found
  public KernelException(Errno errno, String what) {
    super(what);
    this.errno = errno;
  }

  /// Makes the exception with its cause.
  public KernelException(Errno errno, String what, Throwable cause) {
    super(what, cause);
    this.errno = errno;
  }

  /// Returns why.
  public Errno errno() {
    return errno;
  }
}

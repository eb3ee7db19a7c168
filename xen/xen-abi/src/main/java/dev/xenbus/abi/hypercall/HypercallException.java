package dev.xenbus.abi.hypercall;

import dev.xenbus.abi.Errno;
import java.io.IOException;

/// A hypercall that was refused.
public final class HypercallException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /// Makes the exception.
  ///
  /// @param what what was asked and what was found, such as `EVTCHNOP_send port=9: free`
  public HypercallException(Errno errno, String what) {
    super(errno.name() + ": " + what);
    this.errno = errno;
  }

  /// Returns why.
  public Errno errno() {
    return errno;
  }
}

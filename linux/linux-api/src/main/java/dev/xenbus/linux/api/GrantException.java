package dev.xenbus.linux.api;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantStatus;

/// A grant operation that Xen refused; besides the errno it has the status that Xen gave.
public final class GrantException extends KernelException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /// Makes the exception.
  ///
  /// @param what what was asked; the name of the status follows
  /// @param status one of [GrantStatus], negative
  public GrantException(Errno errno, String what, int status) {
    super(errno, what + ": " + GrantStatus.nameOf(status));
    this.status = status;
  }

  /// Returns the status, one of [GrantStatus]; negative, and no errno.
  public int status() {
    return status;
  }
}

package dev.xenbus.abi;

import java.util.Optional;

/// The error numbers of Linux on x86 and ARM that cross an interface here.
public enum Errno {
  /// Operation not permitted.
  EPERM(1, "Operation not permitted"),
  /// No such file or directory.
  ENOENT(2, "No such file or directory"),
  /// No such process; of a hypercall: no such domain.
  ESRCH(3, "No such process"),
  /// Interrupted system call.
  EINTR(4, "Interrupted system call"),
  /// Input/output error.
  EIO(5, "Input/output error"),
  /// No such device or address.
  ENXIO(6, "No such device or address"),
  /// Argument list too long; of the store: reply too long.
  E2BIG(7, "Argument list too long"),
  /// Bad file descriptor.
  EBADF(9, "Bad file descriptor"),
  /// Resource temporarily unavailable; of the store: transaction conflict.
  EAGAIN(11, "Resource temporarily unavailable"),
  /// Cannot allocate memory.
  ENOMEM(12, "Cannot allocate memory"),
  /// Permission denied.
  EACCES(13, "Permission denied"),
  /// Bad address.
  EFAULT(14, "Bad address"),
  /// Device or resource busy.
  EBUSY(16, "Device or resource busy"),
  /// File exists.
  EEXIST(17, "File exists"),
  /// No such device.
  ENODEV(19, "No such device"),
  /// Not a directory.
  ENOTDIR(20, "Not a directory"),
  /// Is a directory.
  EISDIR(21, "Is a directory"),
  /// Invalid argument.
  EINVAL(22, "Invalid argument"),
  /// No space left on device.
  ENOSPC(28, "No space left on device"),
  /// Read-only file system.
  EROFS(30, "Read-only file system"),
  /// Broken pipe.
  EPIPE(32, "Broken pipe"),
  /// Numerical result out of range.
  ERANGE(34, "Numerical result out of range"),
  /// Function not implemented.
  ENOSYS(38, "Function not implemented"),
  /// Directory not empty.
  ENOTEMPTY(39, "Directory not empty"),
  /// Too many levels of symbolic links; of a bridge: a loop.
  ELOOP(40, "Too many levels of symbolic links"),
  /// Protocol error.
  EPROTO(71, "Protocol error"),
  /// Message too long.
  EMSGSIZE(90, "Message too long"),
  /// Operation not supported.
  EOPNOTSUPP(95, "Operation not supported"),
  /// Address already in use.
  EADDRINUSE(98, "Address already in use"),
  /// Network is unreachable.
  ENETUNREACH(101, "Network is unreachable"),
  /// Connection reset by peer.
  ECONNRESET(104, "Connection reset by peer"),
  /// No buffer space available.
  ENOBUFS(105, "No buffer space available"),
  /// Transport endpoint is already connected.
  EISCONN(106, "Transport endpoint is already connected"),
  /// Connection timed out.
  ETIMEDOUT(110, "Connection timed out"),
  /// Connection refused.
  ECONNREFUSED(111, "Connection refused"),
  /// No route to host.
  EHOSTUNREACH(113, "No route to host");

  private final int number;
  private final String text;

  Errno(int number, String text) {
    this.number = number;
    this.text = text;
  }

  /// Returns the positive number.
  public int number() {
    return number;
  }

  /// Returns what `strerror` says.
  public String text() {
    return text;
  }

  /// Returns the errno with the given positive number.
  public static Optional<Errno> ofNumber(int number) {
    for (Errno errno : values()) {
      if (errno.number == number) {
        return Optional.of(errno);
      }
    }
    return Optional.empty();
  }
}

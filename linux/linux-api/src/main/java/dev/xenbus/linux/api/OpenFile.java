package dev.xenbus.linux.api;

import dev.xenbus.machine.WaitQueue;

/// What a process has open: a file of `/proc` or `/sys`, or a character device (`struct file`).
///
/// Threads: any task; one may read while another one writes.
public interface OpenFile extends AutoCloseable {
  /// Reads what there is, up to `bytesMax` bytes; waits for the first, unless the end was reached.
  ///
  /// @param nonblocking whether it fails instead of waiting (`O_NONBLOCK`)
  /// @return the bytes; none at the end
  /// @throws KernelException `EAGAIN` if it would wait; `EINTR` if a signal ended the wait; or what
  ///     the file says
  byte[] read(int bytesMax, boolean nonblocking) throws KernelException;

  /// Writes.
  ///
  /// @throws KernelException what the file says
  void write(byte[] bytes) throws KernelException;

  /// Returns whether [#read] would not wait (`poll`).
  boolean isReadable();

  /// Waits, in state S, until [#read] would not wait.
  ///
  /// @param timeoutNanos at most how long, or [WaitQueue#FOREVER]
  WaitQueue.Wake awaitReadable(long timeoutNanos);

  /// Sets what is called, in any context, when [#read] would not wait any more, or the file is
  /// closed: usually [dev.xenbus.machine.Poller#rouse].
  void onReadable(Runnable rouse);

  /// Closes it (`release`). May be called twice.
  @Override
  void close();
}

package dev.xenbus.guest.command;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// An open disk, named as a file: `/dev/xvda`.
final class DiskFile implements AutoCloseable {
  private static final String FOLDER = "/dev/";

  private final Kernel kernel;
  private final Disk disk;
  private boolean isOpen = true;

  private DiskFile(Kernel kernel, Disk disk) {
    this.kernel = kernel;
    this.disk = disk;
  }

  /// Opens a disk.
  ///
  /// @throws KernelException `ENOENT` if there is no such disk, and what opening it says
  static DiskFile open(Kernel kernel, String path, boolean writable) throws KernelException {
    String name = path.startsWith(FOLDER) ? path.substring(FOLDER.length()) : "";
    Disk disk =
        kernel
            .block()
            .disk(name)
            .orElseThrow(() -> new KernelException(Errno.ENOENT, "no disk " + path));
    disk.open(writable);
    return new DiskFile(kernel, disk);
  }

  long bytes() {
    return disk.sectors() * BlockRequest.SECTOR_BYTES;
  }

  int sectorBytes() {
    return disk.options().sectorBytes();
  }

  /// Starts a transfer; waits only for a free request tag.
  ///
  /// @param position first byte, a multiple of the sector size, as the length is
  void start(
      Operation operation, long position, Buffer buffer, int length, BlockRequest.Done done) {
    disk.submit(
        new BlockRequest(
            operation,
            position / BlockRequest.SECTOR_BYTES,
            length / BlockRequest.SECTOR_BYTES,
            length == 0 ? List.of() : buffer.segments(length),
            done));
  }

  /// How a transfer ended.
  ///
  /// @param error null if it worked
  private record Outcome(@Nullable Errno error) {}

  /// Makes a transfer and waits for it, uninterruptibly, as the kernel does.
  ///
  /// @throws KernelException with the errno that it ended with
  @KernelSymbol("blkdev_direct_IO")
  void transfer(Operation operation, long position, Buffer buffer, int length)
      throws KernelException {
    WaitQueue waiters = kernel.cpu().waitQueue("blkdev_direct_IO");
    AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
    start(
        operation,
        position,
        buffer,
        length,
        error -> {
          outcome.set(new Outcome(error));
          waiters.wakeAll();
        });
    waiters.await(Task.State.D, WaitQueue.FOREVER, () -> outcome.get() != null);
    Outcome ended = outcome.get();
    if (ended != null && ended.error() != null) {
      throw new KernelException(ended.error(), operation + " at byte " + position);
    }
  }

  /// Makes durable what was written.
  ///
  /// @throws KernelException `EIO`
  void flush(Buffer buffer) throws KernelException {
    transfer(Operation.FLUSH, 0, buffer, 0);
  }

  /// Closes it. May be called twice.
  @Override
  public void close() {
    if (isOpen) {
      isOpen = false;
      disk.release();
    }
  }
}

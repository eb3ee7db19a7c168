package dev.xenbus.guest.command;

import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;

/// Reads a stretch of a disk, one piece after the other; its borders need not be sectors'.
final class DiskRange implements AutoCloseable {
  /// Bytes of a piece.
  static final int PIECE_BYTES = 65_536;

  private final DiskFile file;
  private final Buffer buffer;
  private long position;
  private final long end;

  private DiskRange(DiskFile file, Buffer buffer, long position, long end) {
    this.file = file;
    this.buffer = buffer;
    this.position = position;
    this.end = end;
  }

  /// Opens a stretch; it ends with the disk at the latest.
  ///
  /// @param from first byte
  /// @param bytes how many, negative for all
  /// @throws KernelException as [DiskFile#open], and `ENOMEM`
  static DiskRange open(Kernel kernel, String path, long from, long bytes) throws KernelException {
    DiskFile file = DiskFile.open(kernel, path, false);
    try {
      long size = file.bytes();
      long end = bytes < 0 || bytes > size - from ? size : from + bytes;
      Buffer buffer = new Buffer(kernel.pages(), PIECE_BYTES + 2 * file.sectorBytes());
      return new DiskRange(file, buffer, Math.min(from, end), end);
    } catch (KernelException e) {
      file.close();
      throw e;
    }
  }

  /// Returns the next bytes, at most [#PIECE_BYTES]; none at the end.
  ///
  /// @throws KernelException `EIO`
  byte[] next() throws KernelException {
    int wanted = (int) Math.min(PIECE_BYTES, end - position);
    if (wanted == 0) {
      return new byte[0];
    }
    int unit = file.sectorBytes();
    long first = position / unit * unit;
    long last = (position + wanted + unit - 1) / unit * unit;
    int length = (int) (last - first);
    file.transfer(Operation.READ, first, buffer, length);
    byte[] all = buffer.toBytes(length);
    byte[] bytes = new byte[wanted];
    System.arraycopy(all, (int) (position - first), bytes, 0, wanted);
    position += wanted;
    return bytes;
  }

  @Override
  public void close() {
    buffer.close();
    file.close();
  }
}

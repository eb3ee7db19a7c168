package dev.xenbus.linux.block;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Memory of this process, taken a chunk at a time when it is first written: an image called
/// `ram:64M`, for simulated runs that should touch no file. Each attachment has its own, empty one.
final class MemoryBacking implements Backing {
  private static final Pattern NAME = Pattern.compile("ram:([0-9]{1,9})([KMG]?)");

  /// Memory is taken in pieces of this size.
  private static final int CHUNK_BYTES = 64 * 1024;

  /// Largest image: 16 GiB.
  private static final long BYTES_MAX = 1L << 34;

  private final long bytes;
  private final @Nullable MemorySegment[] chunks;

  private MemoryBacking(long bytes) {
    this.bytes = bytes;
    this.chunks = new MemorySegment[(int) ((bytes + CHUNK_BYTES - 1) / CHUNK_BYTES)];
  }

  /// Returns whether an image's name means memory.
  static boolean isNamed(String image) {
    return image.startsWith("ram:");
  }

  /// Makes an image of the size that its name says.
  ///
  /// @throws KernelException `EINVAL` if that is no size, or beyond 16 GiB
  static MemoryBacking open(String image) throws KernelException {
    Matcher name = NAME.matcher(image);
    if (!name.matches()) {
      throw new KernelException(Errno.EINVAL, "loop: not ram:<number>[K|M|G]: " + image);
    }
    int shift =
        switch (name.group(2)) {
          case "K" -> 10;
          case "M" -> 20;
          case "G" -> 30;
          default -> 0;
        };
    long bytes = Long.parseLong(name.group(1)) << shift;
    if (bytes > BYTES_MAX) {
      throw new KernelException(Errno.EINVAL, "loop: more than 16 GiB: " + image);
    }
    return new MemoryBacking(bytes);
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void read(MemorySegment memory, long position) throws IOException {
    inPieces(
        position,
        memory.byteSize(),
        (chunk, within, done, length) -> {
          MemorySegment from = chunks[chunk];
          if (from == null) {
            memory.asSlice(done, length).fill((byte) 0);
          } else {
            MemorySegment.copy(from, within, memory, done, length);
          }
        });
  }

  @Override
  public void write(MemorySegment memory, long position) throws IOException {
    inPieces(
        position,
        memory.byteSize(),
        (chunk, within, done, length) -> {
          MemorySegment to = chunks[chunk];
          if (to == null) {
            to = Arena.ofAuto().allocate(CHUNK_BYTES);
            chunks[chunk] = to;
          }
          MemorySegment.copy(memory, done, to, within, length);
        });
  }

  @Override
  public void force() {}

  @Override
  public void zero(long position, long length) throws IOException {
    inPieces(
        position,
        length,
        (chunk, within, done, piece) -> {
          MemorySegment to = chunks[chunk];
          if (piece == CHUNK_BYTES) {
            chunks[chunk] = null;
          } else if (to != null) {
            to.asSlice(within, piece).fill((byte) 0);
          }
        });
  }

  @Override
  public void close() {}

  private void inPieces(long position, long length, Piece piece) throws IOException {
    if (position < 0 || length < 0 || length > bytes || position > bytes - length) {
      throw new EOFException("image ends before " + (position + length));
    }
    long done = 0;
    while (done < length) {
      long at = position + done;
      long within = at % CHUNK_BYTES;
      long step = Math.min(length - done, CHUNK_BYTES - within);
      piece.run((int) (at / CHUNK_BYTES), within, done, step);
      done += step;
    }
  }

  private interface Piece {
    void run(int chunk, long within, long done, long length);
  }
}

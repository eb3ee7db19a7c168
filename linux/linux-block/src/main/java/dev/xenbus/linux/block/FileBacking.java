package dev.xenbus.linux.block;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;

/// An image file.
final class FileBacking implements Backing {
  /// Zeroes are written in pieces of this size.
  private static final int ZEROES_BYTES = 64 * 1024;

  private final FileChannel channel;

  private FileBacking(FileChannel channel) {
    this.channel = channel;
  }

  /// Opens an image.
  ///
  /// @throws KernelException `ENOENT`, `EACCES`, or `EINVAL` for anything but a file
  static FileBacking open(Path image, boolean readOnly) throws KernelException {
    var how = EnumSet.of(StandardOpenOption.READ);
    if (!readOnly) {
      how.add(StandardOpenOption.WRITE);
    }
    try {
      if (Files.isDirectory(image)) {
        throw new KernelException(Errno.EINVAL, "loop: " + image + " is a directory");
      }
      return new FileBacking(FileChannel.open(image, how));
    } catch (NoSuchFileException e) {
      throw new KernelException(Errno.ENOENT, "loop: no file " + image, e);
    } catch (AccessDeniedException e) {
      throw new KernelException(Errno.EACCES, "loop: may not open " + image, e);
    } catch (KernelException e) {
      throw e;
    } catch (IOException e) {
      throw new KernelException(Errno.EINVAL, "loop: cannot open " + image, e);
    }
  }

  @Override
  public long bytes() throws IOException {
    return channel.size();
  }

  @Override
  public void read(MemorySegment memory, long position) throws IOException {
    ByteBuffer buffer = memory.asByteBuffer();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new EOFException("image ends before " + (position + memory.byteSize()));
      }
    }
  }

  @Override
  public void write(MemorySegment memory, long position) throws IOException {
    writeFully(memory.asByteBuffer(), position);
  }

  private void writeFully(ByteBuffer buffer, long position) throws IOException {
    int start = buffer.position();
    while (buffer.hasRemaining()) {
      channel.write(buffer, position + buffer.position() - start);
    }
  }

  @Override
  public void force() throws IOException {
    channel.force(false);
  }

  /// Differs: zeroes are written where a kernel punches a hole, since Java cannot.
  @Override
  public void zero(long position, long length) throws IOException {
    ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(length, ZEROES_BYTES));
    long done = 0;
    while (done < length) {
      zeroes.clear().limit((int) Math.min(length - done, zeroes.capacity()));
      int piece = zeroes.remaining();
      writeFully(zeroes, position + done);
      done += piece;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

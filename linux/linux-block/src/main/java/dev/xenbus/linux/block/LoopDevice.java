package dev.xenbus.linux.block;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.BlockRequest.Segment;
import dev.xenbus.linux.api.DiskOperations;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.WorkQueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A loop device (`drivers/block/loop.c`): a worker `kworker/loop<n>` does the I/O of its image, in
/// the order in which it was submitted.
final class LoopDevice implements DiskOperations {
  private final Path image;
  private final Backing backing;
  private final WorkQueue worker;

  /// Set by the first detach while somebody had it open: it goes with the last opener.
  private volatile boolean autoclear;

  LoopDevice(Cpu cpu, int index, Path image, Backing backing) {
    this.image = image;
    this.backing = backing;
    this.worker = cpu.workQueue("loop" + index, 1);
  }

  Path image() {
    return image;
  }

  boolean isAutoclear() {
    return autoclear;
  }

  void setAutoclear() {
    autoclear = true;
  }

  /// Returns the image's size now, in whole sectors.
  long sectors() throws IOException {
    return backing.bytes() / BlockRequest.SECTOR_BYTES;
  }

  @Override
  public void queue(BlockRequest request) {
    worker.queue(() -> request.done().completed(execute(request)));
  }

  private @Nullable Errno execute(BlockRequest request) {
    try {
      long position = request.sector() * BlockRequest.SECTOR_BYTES;
      switch (request.operation()) {
        case READ, WRITE -> transfer(request, position);
        case FLUSH -> backing.force();
        case DISCARD -> backing.zero(position, request.sectors() * BlockRequest.SECTOR_BYTES);
        case SECURE_ERASE -> {
          return Errno.EOPNOTSUPP;
        }
      }
      return null;
    } catch (IOException _) {
      return Errno.EIO;
    }
  }

  private void transfer(BlockRequest request, long start) throws IOException {
    long position = start;
    for (Segment segment : request.segments()) {
      MemorySegment memory = segment.page().asSlice(segment.offset(), segment.length());
      if (request.operation() == Operation.READ) {
        backing.read(memory, position);
      } else {
        backing.write(memory, position);
      }
      position += segment.length();
    }
  }

  /// Ends the worker once it has done what is queued, and closes the image.
  void close() {
    worker.close();
    try {
      backing.close();
    } catch (IOException _) {
      // What was written is written; who wants to know more sends a flush before.
    }
  }
}

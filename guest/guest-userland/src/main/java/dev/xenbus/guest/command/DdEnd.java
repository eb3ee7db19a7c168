package dev.xenbus.guest.command;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/// Where `dd` reads from or writes to.
interface DdEnd extends AutoCloseable {
  /// Returns how many bytes there are from the start; [Long#MAX_VALUE] without end.
  long bytes();

  /// Returns of what positions and lengths must be multiples.
  default int unitBytes() {
    return 1;
  }

  /// Starts a transfer of the buffer's first bytes; `done` may be called at once, in this task, or
  /// later in another.
  void start(long position, Buffer buffer, int length, BlockRequest.Done done);

  /// Makes durable what was written.
  default void flush(Buffer buffer) throws KernelException {}

  @Override
  default void close() {}

  /// Opens what `if=` names.
  ///
  /// @throws KernelException `ENOENT`, and what opening a disk says
  static DdEnd input(Kernel kernel, String name) throws KernelException {
    return switch (name) {
      case "/dev/zero" -> new Zeroes();
      case "/dev/urandom", "/dev/random" ->
          new Noise(kernel.cpu().machine().choices().random("urandom"));
      case "/dev/null" -> new Nothing(0);
      default -> new OfDisk(DiskFile.open(kernel, name, false), Operation.READ);
    };
  }

  /// Opens what `of=` names.
  ///
  /// @throws KernelException `ENOENT`, and what opening a disk says
  static DdEnd output(Kernel kernel, String name, TextOutput out) throws KernelException {
    return switch (name) {
      case "/dev/null", "/dev/zero" -> new Nothing(Long.MAX_VALUE);
      case "/dev/stdout" -> new Printed(out);
      default -> new OfDisk(DiskFile.open(kernel, name, true), Operation.WRITE);
    };
  }

  /// Zeroes without end.
  record Zeroes() implements DdEnd {
    @Override
    public long bytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public void start(long position, Buffer buffer, int length, BlockRequest.Done done) {
      buffer.clear();
      done.completed(null);
    }
  }

  /// Noise without end.
  ///
  /// @param random where it comes from
  record Noise(RandomGenerator random) implements DdEnd {
    @Override
    public long bytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public void start(long position, Buffer buffer, int length, BlockRequest.Done done) {
      buffer.randomize(random);
      done.completed(null);
    }
  }

  /// Nothing: empty to read, bottomless to write.
  ///
  /// @param bytes how much it holds
  record Nothing(long bytes) implements DdEnd {
    @Override
    public void start(long position, Buffer buffer, int length, BlockRequest.Done done) {
      done.completed(null);
    }
  }

  /// The console.
  ///
  /// @param out where bytes go, as text
  record Printed(TextOutput out) implements DdEnd {
    @Override
    public long bytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public void start(long position, Buffer buffer, int length, BlockRequest.Done done) {
      out.print(new String(buffer.toBytes(length), StandardCharsets.UTF_8));
      done.completed(null);
    }
  }

  /// A disk.
  ///
  /// @param file which
  /// @param operation what is done to it
  record OfDisk(DiskFile file, Operation operation) implements DdEnd {
    @Override
    public long bytes() {
      return file.bytes();
    }

    @Override
    public int unitBytes() {
      return file.sectorBytes();
    }

    @Override
    public void start(long position, Buffer buffer, int length, BlockRequest.Done done) {
      if (position % unitBytes() != 0 || length % unitBytes() != 0) {
        done.completed(Errno.EINVAL);
      } else {
        file.start(operation, position, buffer, length, done);
      }
    }

    @Override
    public void flush(Buffer buffer) throws KernelException {
      file.flush(buffer);
    }

    @Override
    public void close() {
      file.close();
    }
  }
}

package dev.xenbus.linux.block;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// What is behind a loop disk. Threads: one worker at a time, but for [#close].
interface Backing extends AutoCloseable {
  /// Returns the size in bytes, read now.
  long bytes() throws IOException;

  /// Reads the whole of `memory` from `position`.
  ///
  /// @throws IOException also if the backing ends before
  void read(MemorySegment memory, long position) throws IOException;

  /// Writes the whole of `memory` at `position`.
  void write(MemorySegment memory, long position) throws IOException;

  /// Makes what was written durable.
  void force() throws IOException;

  /// Makes a range read as zeroes, and gives its space back if that is cheap.
  void zero(long position, long length) throws IOException;

  @Override
  void close() throws IOException;
}

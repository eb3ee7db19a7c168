package dev.xenbus.linux.api;

import dev.xenbus.abi.Errno;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A request to a disk (`struct bio`).
///
/// @param operation what to do
/// @param sector first sector, in units of 512 bytes
/// @param sectors how many sectors of 512 bytes; for reads and writes the sum of the segments
/// @param segments where the data is or goes
/// @param done called exactly once when the disk is done with it, in any task
public record BlockRequest(
    Operation operation, long sector, long sectors, List<Segment> segments, Done done) {
  /// Bytes of a sector.
  public static final int SECTOR_BYTES = 512;

  /// What to do.
  public enum Operation {
    /// Read into the segments.
    READ,
    /// Write the segments.
    WRITE,
    /// Make what was written durable.
    FLUSH,
    /// Forget the content.
    DISCARD,
    /// Forget the content so that it cannot be recovered.
    SECURE_ERASE
  }

  /// A piece of memory.
  ///
  /// @param page the page that it is in
  /// @param offset first byte
  /// @param length bytes
  public record Segment(MemorySegment page, int offset, int length) {}

  /// Told how a request ended.
  @FunctionalInterface
  public interface Done {
    /// Called once.
    ///
    /// @param error null if it worked; `EOPNOTSUPP` if the disk cannot do such a thing
    void completed(@Nullable Errno error);
  }
}

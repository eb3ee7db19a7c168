package dev.xenbus.testkit.vbd;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenPage;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.BlockRequest.Segment;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Reads and writes of a disk whose content can be told by its place.
public final class GuestIo {
  private static final int SECTOR = BlockRequest.SECTOR_BYTES;

  private final Cpu cpu;
  private final Disk disk;

  /// Makes the I/O of one disk.
  public GuestIo(Cpu cpu, Disk disk) {
    this.cpu = cpu;
    this.disk = disk;
  }

  /// A request under way.
  public static final class Pending {
    private final Completion done;
    private final AtomicReference<@Nullable Errno> error = new AtomicReference<>();
    private final List<Segment> memory;

    private Pending(Cpu cpu, List<Segment> memory) {
      this.done = cpu.completion("io_schedule");
      this.memory = memory;
    }

    /// Waits until it is done.
    ///
    /// @return null if it worked
    public @Nullable Errno await() {
      done.await(WaitQueue.FOREVER);
      return error.get();
    }

    /// Returns whether it is done.
    public boolean isDone() {
      return done.isDone();
    }

    /// Returns the first byte of each sector.
    public byte[] marks() {
      List<Byte> marks = new ArrayList<>();
      for (Segment segment : memory) {
        for (int at = 0; at < segment.length(); at += SECTOR) {
          marks.add(segment.page().get(ValueLayout.JAVA_BYTE, segment.offset() + at));
        }
      }
      byte[] bytes = new byte[marks.size()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = marks.get(i);
      }
      return bytes;
    }
  }

  /// Starts a write of sectors, each of them filled with a byte that depends on `mark` and on its
  /// place.
  public Pending write(long sector, int sectors, int mark) {
    List<Segment> memory = memory(sectors);
    long at = sector;
    for (Segment segment : memory) {
      for (int i = 0; i < segment.length(); i += SECTOR) {
        segment.page().asSlice(segment.offset() + (long) i, SECTOR).fill(value(at, mark));
        at++;
      }
    }
    return start(Operation.WRITE, sector, sectors, memory);
  }

  /// Returns what [#write] writes into a sector.
  public static byte value(long sector, int mark) {
    return (byte) (sector * 31 + mark * 7L + 1);
  }

  /// Starts a read.
  public Pending read(long sector, int sectors) {
    return start(Operation.READ, sector, sectors, memory(sectors));
  }

  /// Starts something without data.
  public Pending other(Operation operation, long sector, long sectors) {
    return start(operation, sector, sectors, List.of());
  }

  private Pending start(Operation operation, long sector, long sectors, List<Segment> memory) {
    var pending = new Pending(cpu, memory);
    disk.submit(
        new BlockRequest(
            operation,
            sector,
            sectors,
            memory,
            error -> {
              pending.error.set(error);
              pending.done.complete();
            }));
    return pending;
  }

  /// Memory of uneven pieces, so that a request's pages and the ring's do not coincide.
  private static List<Segment> memory(int sectors) {
    List<Segment> memory = new ArrayList<>();
    int left = sectors;
    int piece = 3;
    while (left > 0) {
      int now = Math.min(left, piece);
      MemorySegment page = Arena.ofAuto().allocate(XenPage.BYTES, XenPage.BYTES);
      memory.add(new Segment(page, (8 - now) * SECTOR, now * SECTOR));
      left -= now;
      piece = piece == 8 ? 3 : piece + 1;
    }
    return memory;
  }
}

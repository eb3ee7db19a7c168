package dev.xenbus.linux.block;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenPage;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.BlockRequest.Segment;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A block core on a simulated machine, and requests to its disks.
final class BlockBench {
  private static final int SECTOR = BlockRequest.SECTOR_BYTES;
  private static final long TRY_NANOS = 1_000_000;
  private static final int TRIES_MAX = 10_000;

  final Cpu cpu;
  final LinuxBlockCore core;

  /// What the disks of [#addStuckDisk] were given and have not done.
  final List<BlockRequest> started = new ArrayList<>();

  private BlockBench(Cpu cpu) {
    this.cpu = cpu;
    this.core = new LinuxBlockCore(cpu, new Log());
  }

  interface Body {
    void run(BlockBench bench) throws Exception;
  }

  static void run(long seed, Body body) throws MachineFailure {
    var machine = new SimulatedMachine(seed);
    machine.run(
        () -> {
          body.run(new BlockBench(machine.cpu("dom0")));
          return true;
        });
  }

  /// A request under way.
  static final class Io {
    private final Completion done;
    private final AtomicReference<@Nullable Errno> error = new AtomicReference<>();
    private final List<Segment> memory;

    Io(Cpu cpu, List<Segment> memory) {
      this.done = cpu.completion("io_schedule");
      this.memory = memory;
    }

    @Nullable Errno await() {
      done.await(WaitQueue.FOREVER);
      return error.get();
    }

    boolean isDone() {
      return done.isDone();
    }

    /// Returns the first byte of each sector.
    byte[] marks() {
      byte[] marks = new byte[memory.size()];
      for (int i = 0; i < marks.length; i++) {
        marks[i] = memory.get(i).page().get(ValueLayout.JAVA_BYTE, memory.get(i).offset());
      }
      return marks;
    }
  }

  Io read(Disk disk, long sector, int sectors) {
    return submit(disk, Operation.READ, sector, sectors, memory(sectors, 0));
  }

  Io write(Disk disk, long sector, int sectors, char mark) {
    return submit(disk, Operation.WRITE, sector, sectors, memory(sectors, mark));
  }

  Io flush(Disk disk) {
    return other(disk, Operation.FLUSH, 0, 0);
  }

  Io other(Disk disk, Operation operation, long sector, long sectors) {
    return submit(disk, operation, sector, sectors, List.of());
  }

  private Io submit(
      Disk disk, Operation operation, long sector, long sectors, List<Segment> memory) {
    var io = new Io(cpu, memory);
    disk.submit(
        new BlockRequest(
            operation,
            sector,
            sectors,
            memory,
            error -> {
              io.error.set(error);
              io.done.complete();
            }));
    return io;
  }

  /// One piece a sector, each at another offset.
  private static List<Segment> memory(int sectors, int mark) {
    List<Segment> memory = new ArrayList<>();
    for (int i = 0; i < sectors; i++) {
      MemorySegment page = Arena.ofAuto().allocate(XenPage.BYTES, XenPage.BYTES);
      int offset = i % 8 * SECTOR;
      page.asSlice(offset, SECTOR).fill((byte) mark);
      memory.add(new Segment(page, offset, SECTOR));
    }
    return memory;
  }

  /// Adds a disk that starts what it is given and does nothing more.
  Disk addStuckDisk(String name, int tags) throws KernelException {
    var options = new DiskOptions(64, 512, 512, tags, false, false, false, false);
    return core.addDisk(name, new DeviceNumber(202, 0), options, started::add);
  }

  /// Starts a thread that reads so many times, without waiting for any of them.
  Task submitReads(String comm, Disk disk, int count, List<Io> into) throws NoThread {
    Task task =
        cpu.kthread(
            comm,
            _ -> {
              for (int i = 0; i < count; i++) {
                into.add(read(disk, i, 1));
              }
              return 0;
            });
    task.wake();
    return task;
  }

  void awaitBlocked(Task task, String wchan) {
    await(
        task.comm() + " in D at " + wchan,
        () -> task.state() == Task.State.D && task.wchan().equals(wchan));
  }

  void await(String what, BooleanSupplier holds) {
    for (int i = 0; i < TRIES_MAX; i++) {
      if (holds.getAsBoolean()) {
        return;
      }
      Task.sleep(TRY_NANOS);
    }
    throw new AssertionError("waited in vain for " + what);
  }

  private static final class Log implements Printk {
    private final List<Line> lines = new ArrayList<>();

    @Override
    public void log(Level level, String text) {
      lines.add(new Line(0, level, text));
    }

    @Override
    public List<Line> lines() {
      return List.copyOf(lines);
    }
  }
}

package dev.xenbus.linux.block;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.BlockCore;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.DiskOperations;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The block core of one kernel: its table of disks, and loop devices.
///
/// An image called `ram:<number>[K|M|G]` is not a file but memory of this process, empty at first,
/// and gone once detached: for runs that should touch no file.
///
/// Threads: any task of the kernel. The hold that the stall injector asks for is
/// [#holdCompletions].
public final class LinuxBlockCore implements BlockCore {
  /// Major number of loop devices.
  public static final int LOOP_MAJOR = 7;

  private static final int SECTOR_BYTES = 512;
  private static final int PHYSICAL_SECTOR_BYTES = 4096;

  private final Cpu cpu;
  private final Printk printk;
  private final CompletionHold hold;
  private final SpinLock lock;

  @GuardedBy("lock")
  private final LinkedHashMap<String, LinuxDisk> disks = new LinkedHashMap<>();

  /// Numbers of loop devices, those that are being made too.
  @GuardedBy("lock")
  private final TreeSet<Integer> loopNumbers = new TreeSet<>();

  @GuardedBy("lock")
  private final TreeMap<Integer, LoopDevice> loops = new TreeMap<>();

  /// Makes a block core without disks.
  ///
  /// @param cpu the kernel's threads
  /// @param printk the kernel's log
  public LinuxBlockCore(Cpu cpu, Printk printk) {
    this.cpu = cpu;
    this.printk = printk;
    this.hold = new CompletionHold(cpu);
    this.lock = cpu.spinLock(LockClass.of("block_core"));
  }

  /// From now on nothing that a thread of the given name submits completes, though it is started;
  /// once such requests have all tags of a disk, `submit_bio` itself waits. Another name replaces
  /// this one for new requests; what is held stays held.
  ///
  /// @param threadComm such as `3.xvda-0`
  public void holdCompletions(String threadComm) {
    hold.hold(threadComm);
  }

  /// Completes everything that [#holdCompletions] kept back, in the calling task.
  public void releaseCompletions() {
    hold.release();
  }

  @Override
  public Disk addDisk(
      String name, DeviceNumber number, DiskOptions options, DiskOperations operations)
      throws KernelException {
    return add(name, number, options, operations, _ -> {});
  }

  private LinuxDisk add(
      String name,
      DeviceNumber number,
      DiskOptions options,
      DiskOperations operations,
      Consumer<LinuxDisk> lastRelease)
      throws KernelException {
    var parts =
        new LinuxDisk.Parts(name, number, options, operations, hold, lastRelease, this::forget);
    var disk = new LinuxDisk(cpu, parts);
    lock.lock();
    try {
      if (disks.containsKey(name)) {
        throw new KernelException(Errno.EEXIST, "there is a disk " + name);
      }
      for (LinuxDisk other : disks.values()) {
        if (other.number().equals(number)) {
          throw new KernelException(Errno.EEXIST, "disk " + other.name() + " is " + number);
        }
      }
      disks.put(name, disk);
    } finally {
      lock.unlock();
    }
    return disk;
  }

  private void forget(LinuxDisk disk) {
    lock.lock();
    try {
      disks.remove(disk.name(), disk);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<Disk> disk(String name) {
    lock.lock();
    try {
      return Optional.ofNullable(disks.get(name));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<Disk> disk(DeviceNumber number) {
    for (Disk disk : disks()) {
      if (disk.number().equals(number)) {
        return Optional.of(disk);
      }
    }
    return Optional.empty();
  }

  @Override
  public List<Disk> disks() {
    lock.lock();
    try {
      return List.copyOf(disks.values());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Disk attachLoop(Path image, boolean readOnly) throws KernelException {
    Backing backing =
        MemoryBacking.isNamed(image.toString())
            ? MemoryBacking.open(image.toString())
            : FileBacking.open(image, readOnly);
    int index = takeLoopNumber();
    var loop = new LoopDevice(cpu, index, image, backing);
    try {
      var number = new DeviceNumber(LOOP_MAJOR, index);
      DiskOptions options = loopOptions(loop.sectors(), readOnly);
      setLoop(index, loop);
      LinuxDisk disk = add("loop" + index, number, options, loop, _ -> clearIfAsked(index));
      // As the kernel says it whenever a loop device gets a size.
      printk.info("loop%d: detected capacity change from 0 to %d".formatted(index, disk.sectors()));
      return disk;
    } catch (IOException e) {
      freeLoopNumber(index);
      loop.close();
      if (e instanceof KernelException known) {
        throw known;
      }
      throw new KernelException(Errno.EINVAL, "loop: cannot read the size of " + image, e);
    }
  }

  private static DiskOptions loopOptions(long sectors, boolean readOnly) {
    return new DiskOptions(
        sectors,
        SECTOR_BYTES,
        PHYSICAL_SECTOR_BYTES,
        LOOP_TAGS,
        readOnly,
        !readOnly,
        !readOnly,
        false);
  }

  private int takeLoopNumber() {
    lock.lock();
    try {
      int index = 0;
      while (loopNumbers.contains(index)) {
        index++;
      }
      loopNumbers.add(index);
      return index;
    } finally {
      lock.unlock();
    }
  }

  private void setLoop(int index, LoopDevice loop) {
    lock.lock();
    try {
      loops.put(index, loop);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable LoopDevice freeLoopNumber(int index) {
    lock.lock();
    try {
      loopNumbers.remove(index);
      return loops.remove(index);
    } finally {
      lock.unlock();
    }
  }

  private Optional<LoopDevice> loop(int index) {
    lock.lock();
    try {
      return Optional.ofNullable(loops.get(index));
    } finally {
      lock.unlock();
    }
  }

  private Optional<LoopDevice> loop(String disk) {
    int index = loopIndex(disk);
    return index < 0 ? Optional.empty() : loop(index);
  }

  private static int loopIndex(String disk) {
    if (!disk.matches("loop[0-9]{1,6}")) {
      return -1;
    }
    return Integer.parseInt(disk.substring("loop".length()));
  }

  @Override
  public Optional<Path> loopImage(String disk) {
    return loop(disk).map(LoopDevice::image);
  }

  @Override
  public void detachLoop(String disk) throws KernelException {
    Optional<LoopDevice> loop = loop(disk);
    Optional<Disk> known = disk(disk);
    if (loop.isEmpty() || known.isEmpty()) {
      throw new KernelException(Errno.ENXIO, "no loop device " + disk);
    }
    loop.get().setAutoclear();
    if (known.get().openers() == 0) {
      clearIfAsked(loopIndex(disk));
    }
  }

  /// Reads the size of a loop disk's image again (`losetup --set-capacity`).
  ///
  /// @throws KernelException `ENXIO` if there is no such loop device, `EIO`
  public void refreshLoop(String disk) throws KernelException {
    Optional<LoopDevice> loop = loop(disk);
    Optional<Disk> known = disk(disk);
    if (loop.isEmpty() || known.isEmpty()) {
      throw new KernelException(Errno.ENXIO, "no loop device " + disk);
    }
    try {
      long before = known.get().sectors();
      long now = loop.get().sectors();
      if (now != before) {
        printk.info("%s: detected capacity change from %d to %d".formatted(disk, before, now));
        known.get().sectors(now);
      }
    } catch (IOException e) {
      throw new KernelException(Errno.EIO, "loop: cannot read the size of " + disk, e);
    }
  }

  private void clearIfAsked(int index) {
    if (!loop(index).map(LoopDevice::isAutoclear).orElse(false)) {
      return;
    }
    disk("loop" + index).ifPresent(Disk::remove);
    LoopDevice loop = freeLoopNumber(index);
    if (loop != null) {
      loop.close();
    }
  }
}

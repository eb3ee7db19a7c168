package dev.xenbus.linux.block;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.BlockRequest.Segment;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.DiskOperations;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One disk: checks requests, gives them a tag, hands them to the driver.
final class LinuxDisk implements Disk {
  /// What a disk is made of.
  ///
  /// @param name such as `xvda`
  /// @param number its number
  /// @param options what it is like
  /// @param driver starts its requests
  /// @param hold the injector
  /// @param lastRelease called when nobody has it open any more
  /// @param removed called when it leaves the kernel
  record Parts(
      String name,
      DeviceNumber number,
      DiskOptions options,
      DiskOperations driver,
      CompletionHold hold,
      Consumer<LinuxDisk> lastRelease,
      Consumer<LinuxDisk> removed) {}

  private final Parts parts;
  private final RequestTags tags;
  private final SpinLock lock;

  @GuardedBy("lock")
  private int openers;

  /// Written under `lock`.
  private volatile List<Runnable> resizeListeners = List.of();

  private volatile long sectors;

  LinuxDisk(Cpu cpu, Parts parts) {
    this.parts = parts;
    this.tags = new RequestTags(cpu, parts.options().tags());
    this.lock = cpu.spinLock(LockClass.of("gendisk"));
    this.sectors = parts.options().sectors();
  }

  @Override
  public String name() {
    return parts.name();
  }

  @Override
  public DeviceNumber number() {
    return parts.number();
  }

  @Override
  public DiskOptions options() {
    return parts.options();
  }

  @Override
  public long sectors() {
    return sectors;
  }

  @Override
  public void sectors(long newSectors) {
    if (newSectors != sectors) {
      sectors = newSectors;
      resizeListeners.forEach(Runnable::run);
    }
  }

  @Override
  public void addResizeListener(Runnable resized) {
    changeListeners(list -> list.add(resized));
  }

  @Override
  public void removeResizeListener(Runnable resized) {
    changeListeners(list -> list.remove(resized));
  }

  private void changeListeners(Consumer<List<Runnable>> change) {
    lock.lock();
    try {
      var list = new ArrayList<>(resizeListeners);
      change.accept(list);
      resizeListeners = List.copyOf(list);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void open(boolean writable) throws KernelException {
    if (tags.isDead()) {
      throw new KernelException(Errno.ENXIO, "open " + name() + ": the disk is gone");
    }
    if (writable && options().readOnly()) {
      throw new KernelException(Errno.EROFS, "open " + name() + " for writing: it is read-only");
    }
    lock.lock();
    try {
      openers++;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void release() {
    boolean last;
    lock.lock();
    try {
      Bug.unless(openers > 0, "release of " + name() + ", which nobody has open");
      openers--;
      last = openers == 0;
    } finally {
      lock.unlock();
    }
    if (last) {
      parts.lastRelease().accept(this);
    }
  }

  @Override
  public int openers() {
    lock.lock();
    try {
      return openers;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void markDead() {
    tags.kill();
  }

  @Override
  public void remove() {
    markDead();
    parts.removed().accept(this);
  }

  /// Mirrors `submit_bio` with `submit_bio_noacct`'s checks (`block/blk-core.c`).
  @Override
  @KernelSymbol("submit_bio")
  public void submit(BlockRequest request) {
    requireWellFormed(request);
    Errno refusal = refusal(request);
    if (refusal != null) {
      request.done().completed(refusal);
      return;
    }
    if (request.operation() == Operation.FLUSH && !options().writeCache()) {
      // Nothing is volatile: a flush is done before it began.
      request.done().completed(null);
      return;
    }
    if (!tags.get()) {
      request.done().completed(Errno.EIO);
      return;
    }
    boolean held = parts.hold().coversCaller();
    BlockRequest.Done done = new Started(request.done(), held);
    parts
        .driver()
        .queue(
            new BlockRequest(
                request.operation(),
                request.sector(),
                request.sectors(),
                request.segments(),
                done));
  }

  private static void requireWellFormed(BlockRequest request) {
    Operation operation = request.operation();
    if (operation != Operation.READ && operation != Operation.WRITE) {
      return;
    }
    long bytes = 0;
    for (Segment segment : request.segments()) {
      bytes += segment.length();
    }
    if (request.sectors() < 1 || bytes != request.sectors() * BlockRequest.SECTOR_BYTES) {
      throw new IllegalArgumentException(
          operation + " of " + request.sectors() + " sectors with " + bytes + " bytes of memory");
    }
  }

  private @Nullable Errno refusal(BlockRequest request) {
    if (tags.isDead()) {
      return Errno.EIO;
    }
    if (request.operation() == Operation.FLUSH) {
      return null;
    }
    if (request.operation() != Operation.READ && options().readOnly()) {
      return Errno.EIO;
    }
    boolean discards =
        request.operation() == Operation.DISCARD || request.operation() == Operation.SECURE_ERASE;
    if (discards && !options().discard()) {
      return Errno.EOPNOTSUPP;
    }
    long end = sectors;
    boolean inRange =
        request.sector() >= 0
            && request.sectors() >= 0
            && request.sectors() <= end
            && request.sector() <= end - request.sectors();
    int unit = options().sectorBytes() / BlockRequest.SECTOR_BYTES;
    boolean aligned = request.sector() % unit == 0 && request.sectors() % unit == 0;
    return inRange && aligned ? null : Errno.EIO;
  }

  /// The completion of a request that has a tag.
  private final class Started implements BlockRequest.Done {
    private final BlockRequest.Done done;
    private final boolean held;
    private final AtomicBoolean isDone = new AtomicBoolean();

    Started(BlockRequest.Done done, boolean held) {
      this.done = done;
      this.held = held;
    }

    @Override
    public void completed(@Nullable Errno error) {
      Bug.unless(isDone.compareAndSet(false, true), "request of " + name() + " done twice");
      if (!held || !parts.hold().park(() -> finish(error))) {
        finish(error);
      }
    }

    private void finish(@Nullable Errno error) {
      tags.put();
      done.completed(error);
    }
  }
}

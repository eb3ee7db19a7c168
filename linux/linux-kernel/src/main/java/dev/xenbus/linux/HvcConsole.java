package dev.xenbus.linux;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.io.ByteRing;
import dev.xenbus.abi.io.ConsoleRing;
import dev.xenbus.linux.api.ConsoleTty;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The guest's console `hvc0` over the ring that it shares with the console daemon
/// (`drivers/tty/hvc/hvc_xen.c`). It neither echoes nor edits: who reads it does.
///
/// Lock order: `tty_write_lock` (writers, one at a time), then `hvc_lock` (what came in). Input is
/// taken off the ring by the interrupt, or by the reader once it has made room. The daemon is not
/// believed: impossible indices lose data, and nothing else, and events for nothing are slowed
/// down.
public final class HvcConsole implements ConsoleTty, AutoCloseable {
  /// Most bytes that wait for the reader (`N_TTY_BUF_SIZE`); more stay in the ring.
  public static final int INPUT_BYTES_MAX = 4096;

  private static final byte CONTROL_C = 0x03;

  /// So many interrupts without a reason may come in a row: one may be on its way while the bytes
  /// that it is about are taken (`out_cons_same` in `domU_read_console`).
  private static final int IDLE_INTERRUPTS_MAX = 2;

  private static final long RETRY_NANOS = 1_000_000_000L;

  private final Kernel kernel;

  /// Replaced while all else of the kernel stands still.
  private volatile ConsoleRing ring;

  private final WaitQueue readers;
  private final WaitQueue writers;
  private final Mutex writeLock;
  private final SpinLock lock;

  /// Null for as long as the port is being bound: an event may come before that call returns.
  private volatile @Nullable EventChannel channel;

  @GuardedBy("lock")
  private final byte[] input = new byte[INPUT_BYTES_MAX];

  @GuardedBy("lock")
  private int inputStart;

  /// How many bytes wait for the reader. Written under `lock`.
  private volatile int inputBytes;

  /// Counts interrupts, so that a writer sees that something happened. Written by the interrupt.
  private volatile long events;

  /// Where the daemon had taken output up to, at the last interrupt; of the interrupt alone.
  private int outputTaken;

  /// How many interrupts in a row had no reason; of the interrupt alone.
  private int idleInterrupts;

  private volatile @Nullable Runnable onInterrupt;
  private volatile boolean closed;

  /// Opens the console.
  ///
  /// @param page the shared page, grant reference 0 of the guest
  /// @param port the guest's port, made by the domain builder
  /// @throws KernelException `EINVAL` if the port cannot be bound
  public HvcConsole(Kernel kernel, MemorySegment page, int port) throws KernelException {
    this.kernel = kernel;
    ring = ringOn(page);
    readers = kernel.cpu().waitQueue("n_tty_read");
    writers = kernel.cpu().waitQueue("tty_write_room");
    writeLock = kernel.cpu().mutex(LockClass.of("tty_write_lock"));
    lock = kernel.cpu().spinLock(LockClass.of("hvc_lock"));
    EventChannel bound = kernel.events().bindLateEoi(port, "hvc_console", this::interrupt);
    channel = bound;
    bound.send();
  }

  private ConsoleRing ringOn(MemorySegment page) {
    return new ConsoleRing(page, () -> kernel.cpu().machine().point("console_ring"));
  }

  /// Goes on in another domain; what was on the ring and not taken is lost. Called by the task that
  /// suspended the kernel, while all else of it stands still. Mirrors `xen_console_resume`.
  ///
  /// @throws KernelException `EINVAL` if the port cannot be bound
  @KernelSymbol("xen_console_resume")
  public void resume(MemorySegment page, int port) throws KernelException {
    ring = ringOn(page);
    EventChannel bound = kernel.events().bindLateEoi(port, "hvc_console", this::interrupt);
    channel = bound;
    bound.send();
  }

  /// Tells the daemon that something was put in or taken out; the constructor does so once for what
  /// happened while the port was being bound.
  private void notifyDaemon() {
    EventChannel bound = channel;
    if (bound != null) {
      bound.send();
    }
  }

  /// The daemon put something in, or made room.
  @KernelSymbol("hvc_handle_interrupt")
  private void interrupt(EventChannel from) {
    long count = events;
    events = count + 1;
    boolean hasInput = fill();
    readers.wakeAll();
    writers.wakeAll();
    from.eoi(isSpurious(hasInput));
  }

  /// Returns whether an event had no reason: nothing came in, no output was taken, and that not for
  /// the first time.
  private boolean isSpurious(boolean hasInput) {
    int taken = ring.output().taken();
    if (hasInput || taken != outputTaken) {
      outputTaken = taken;
      idleInterrupts = 0;
      return false;
    }
    idleInterrupts = Math.min(idleInterrupts + 1, IDLE_INTERRUPTS_MAX + 1);
    return idleInterrupts > IDLE_INTERRUPTS_MAX;
  }

  /// Moves what is in the ring to where the reader takes it, as far as there is room.
  ///
  /// @return whether there was anything
  private boolean fill() {
    byte[] bytes = new byte[ConsoleRing.INPUT_BYTES];
    int signals = 0;
    int taken;
    boolean any = false;
    do {
      lock.lock();
      try {
        taken = ring.input().take(bytes, 0, Math.min(bytes.length, INPUT_BYTES_MAX - inputBytes));
        for (int i = 0; i < taken; i++) {
          if (bytes[i] == CONTROL_C && onInterrupt != null) {
            signals++;
          } else {
            putLocked(bytes[i]);
          }
        }
      } finally {
        lock.unlock();
      }
      any |= taken > 0;
    } while (taken > 0);
    if (any) {
      notifyDaemon();
    }
    Runnable handler = onInterrupt;
    if (signals > 0 && handler != null) {
      handler.run();
    }
    return any;
  }

  @GuardedBy("lock")
  private void putLocked(byte b) {
    int count = inputBytes;
    input[(inputStart + count) % INPUT_BYTES_MAX] = b;
    inputBytes = count + 1;
  }

  @Override
  @KernelSymbol("n_tty_read")
  public int read(byte[] into) {
    while (!closed) {
      int taken = takeInput(into);
      if (taken > 0) {
        fill();
        return taken;
      }
      WaitQueue.Wake why =
          readers.await(Task.State.S, WaitQueue.FOREVER, () -> inputBytes > 0 || closed);
      if (why == WaitQueue.Wake.SIGNAL) {
        return 0;
      }
    }
    return -1;
  }

  private int takeInput(byte[] into) {
    lock.lock();
    try {
      int taken = Math.min(into.length, inputBytes);
      for (int i = 0; i < taken; i++) {
        into[i] = input[(inputStart + i) % INPUT_BYTES_MAX];
      }
      inputStart = (inputStart + taken) % INPUT_BYTES_MAX;
      int count = inputBytes;
      inputBytes = count - taken;
      return taken;
    } finally {
      lock.unlock();
    }
  }

  @Override
  @KernelSymbol("tty_write")
  public void write(byte[] bytes, int length) {
    writeLock.lock();
    try {
      int at = 0;
      while (at < length && !closed) {
        long before = events;
        int put = ring.output().put(bytes, at, length - at);
        if (put == ByteRing.BROKEN || (put == 0 && !ring.connected())) {
          return; // nobody would ever take it
        }
        if (put > 0) {
          at += put;
          notifyDaemon();
        } else {
          awaitRoom(before);
        }
      }
    } finally {
      writeLock.unlock();
    }
  }

  /// Waits until the daemon did something. A task with a signal still writes its last words, so
  /// that it cannot wait interruptibly.
  private void awaitRoom(long before) {
    Task.State how = Task.current().signalPending() ? Task.State.D : Task.State.S;
    writers.await(how, RETRY_NANOS, () -> events != before || closed);
  }

  @Override
  public void onInterrupt(@Nullable Runnable handler) {
    onInterrupt = handler;
    if (handler != null && removeControlC()) {
      handler.run();
    }
  }

  private boolean removeControlC() {
    lock.lock();
    try {
      int count = inputBytes;
      int kept = 0;
      for (int i = 0; i < count; i++) {
        byte b = input[(inputStart + i) % INPUT_BYTES_MAX];
        if (b != CONTROL_C) {
          input[(inputStart + kept++) % INPUT_BYTES_MAX] = b;
        }
      }
      inputBytes = kept;
      return kept < count;
    } finally {
      lock.unlock();
    }
  }

  /// Closes the console: its reader sees the end, and what is written is lost. May be called twice.
  @Override
  public void close() {
    closed = true;
    readers.wakeAll();
    writers.wakeAll();
    EventChannel bound = channel;
    if (bound != null) {
      bound.close();
    }
  }
}

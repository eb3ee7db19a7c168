package dev.xenbus.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One end of a pipe pair of either machine: what comes in is its own, what goes out is its peer's.
final class MachinePipe implements Pipe {
  private final MachineCore machine;
  private final Stream in;
  private final Stream out;
  private volatile @Nullable Runnable rouse;

  private MachinePipe(MachineCore machine, Stream in, Stream out) {
    this.machine = machine;
    this.in = in;
    this.out = out;
  }

  static PipePair pair(MachineCore machine, int bytesMax) {
    Bug.unless(bytesMax > 0, "a pipe without room");
    Stream one = new Stream(machine, bytesMax);
    Stream other = new Stream(machine, bytesMax);
    MachinePipe a = new MachinePipe(machine, one, other);
    MachinePipe b = new MachinePipe(machine, other, one);
    one.ends(b, a);
    other.ends(a, b);
    return new PipePair(a, b);
  }

  @Override
  public int tryRead(ByteBuffer into) {
    int read = in.read(into);
    machine.scheduler.point(Scheduler.Point.SEND, "pipe");
    return read;
  }

  @Override
  public int tryWrite(ByteBuffer from) throws IOException {
    int written = out.write(from);
    machine.scheduler.point(Scheduler.Point.SEND, "pipe");
    if (written < 0) {
      throw new IOException("EPIPE: the other end of the pipe is closed");
    }
    return written;
  }

  @Override
  public WaitQueue.Wake awaitReadable(long timeoutNanos) {
    return in.readable.await(Task.State.S, timeoutNanos, in::isReadable);
  }

  @Override
  public WaitQueue.Wake awaitWritable(long timeoutNanos) {
    return out.writable.await(Task.State.S, timeoutNanos, out::isWritable);
  }

  @Override
  public void onActivity(Runnable rouse) {
    this.rouse = rouse;
  }

  @Override
  public void close() {
    in.closeByReader();
    out.closeByWriter();
    machine.scheduler.point(Scheduler.Point.SEND, "pipe");
  }

  private void activity() {
    Runnable now = rouse;
    if (now != null) {
      now.run();
    }
  }

  /// One direction: a ring of bytes that grows up to its bound. Guarded by itself, for moments.
  private static final class Stream {
    private static final int BYTES_FIRST = 512;

    private final int bytesMax;
    private byte[] ring;
    private int head;
    private int length;
    private boolean writerClosed;
    private boolean readerClosed;
    final WaitQueue readable;
    final WaitQueue writable;
    private @Nullable MachinePipe writer;
    private @Nullable MachinePipe reader;

    Stream(MachineCore machine, int bytesMax) {
      this.bytesMax = bytesMax;
      this.ring = new byte[Math.min(bytesMax, BYTES_FIRST)];
      this.readable = new MachineWaitQueue(machine, "pipe_read");
      this.writable = new MachineWaitQueue(machine, "pipe_write");
    }

    void ends(MachinePipe writer, MachinePipe reader) {
      this.writer = writer;
      this.reader = reader;
    }

    synchronized boolean isReadable() {
      return length > 0 || writerClosed || readerClosed;
    }

    synchronized boolean isWritable() {
      return length < bytesMax || readerClosed || writerClosed;
    }

    /// Returns bytes read, 0 if none are there, -1 at the end.
    int read(ByteBuffer into) {
      int count;
      boolean wasFull;
      synchronized (this) {
        if (readerClosed || (length == 0 && writerClosed)) {
          return -1;
        }
        wasFull = length == bytesMax;
        count = Math.min(length, into.remaining());
        int first = Math.min(count, ring.length - head);
        into.put(ring, head, first);
        into.put(ring, 0, count - first);
        head = (head + count) % ring.length;
        length -= count;
      }
      if (wasFull && count > 0) {
        tell(writable, writer);
      }
      return count;
    }

    /// Returns bytes written, -1 if nobody will read them.
    int write(ByteBuffer from) {
      int count;
      boolean wasEmpty;
      synchronized (this) {
        if (readerClosed || writerClosed) {
          return -1;
        }
        wasEmpty = length == 0;
        count = Math.min(bytesMax - length, from.remaining());
        reserve(length + count);
        int tail = (head + length) % ring.length;
        int first = Math.min(count, ring.length - tail);
        from.get(ring, tail, first);
        from.get(ring, 0, count - first);
        length += count;
      }
      if (wasEmpty && count > 0) {
        tell(readable, reader);
      }
      return count;
    }

    private void reserve(int bytes) {
      if (bytes <= ring.length) {
        return;
      }
      byte[] larger = new byte[Math.min(bytesMax, Math.max(bytes, ring.length * 2))];
      int first = Math.min(length, ring.length - head);
      System.arraycopy(ring, head, larger, 0, first);
      System.arraycopy(ring, 0, larger, first, length - first);
      ring = larger;
      head = 0;
    }

    void closeByWriter() {
      synchronized (this) {
        writerClosed = true;
      }
      tell(readable, reader);
      writable.wakeAll();
    }

    void closeByReader() {
      synchronized (this) {
        readerClosed = true;
        length = 0;
      }
      tell(writable, writer);
      readable.wakeAll();
    }

    private static void tell(WaitQueue queue, @Nullable MachinePipe end) {
      queue.wakeAll();
      if (end != null) {
        end.activity();
      }
    }
  }
}

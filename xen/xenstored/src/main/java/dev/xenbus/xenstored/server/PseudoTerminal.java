package dev.xenbus.xenstored.server;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/// A pseudo-terminal without any terminal behaviour (raw), and an `eventfd` that ends waits at it:
/// the calls of the C library that Java lacks. Linux only.
///
/// Threads: [#wake] may be called from any; everything else belongs to one.
final class PseudoTerminal implements AutoCloseable {
  private static final int O_RDWR = 2;
  private static final int O_NOCTTY = 0x100;
  private static final int O_NONBLOCK = 0x800;
  private static final int EFD_NONBLOCK = O_NONBLOCK;
  private static final int TCSANOW = 0;
  private static final int TCIFLUSH = 0;
  private static final short POLLIN = 1;
  private static final short POLLOUT = 4;
  private static final short POLLHUP = 16;
  private static final int EINTR = 4;
  private static final int EIO = 5;
  private static final int EAGAIN = 11;

  private static final int NAME_BYTES = 128;

  /// `struct termios` of glibc has 60.
  private static final int TERMIOS_BYTES = 256;

  private static final int POLLFD_BYTES = 8;
  private static final int BUFFER_BYTES = 4096;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

  private static final MethodHandle POSIX_OPENPT = function("posix_openpt", INT, INT);
  private static final MethodHandle GRANTPT = function("grantpt", INT, INT);
  private static final MethodHandle UNLOCKPT = function("unlockpt", INT, INT);
  private static final MethodHandle PTSNAME = function("ptsname_r", INT, INT, POINTER, LONG);
  private static final MethodHandle TCGETATTR = function("tcgetattr", INT, INT, POINTER);
  private static final MethodHandle CFMAKERAW = function("cfmakeraw", INT, POINTER);
  private static final MethodHandle TCSETATTR = function("tcsetattr", INT, INT, INT, POINTER);
  private static final MethodHandle TCFLUSH = function("tcflush", INT, INT, INT);
  private static final MethodHandle EVENTFD = function("eventfd", INT, INT, INT);
  private static final MethodHandle OPEN = function("open", INT, POINTER, INT);
  private static final MethodHandle CLOSE = function("close", INT, INT);
  private static final MethodHandle POLL = function("poll", INT, POINTER, LONG, INT);
  private static final MethodHandle READ = function("read", LONG, INT, POINTER, LONG);
  private static final MethodHandle WRITE = function("write", LONG, INT, POINTER, LONG);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = arena.allocate(STATE);
  private final MemorySegment polled = arena.allocate(2L * POLLFD_BYTES, Integer.BYTES);
  private final MemorySegment buffer = arena.allocate(BUFFER_BYTES);
  private final MemorySegment counter = arena.allocate(LONG);
  private final MemorySegment one = arena.allocate(LONG);
  private final MemorySegment wakeState = arena.allocate(STATE);
  private final int master;
  private final int event;
  private final Path slave;
  private boolean closed;

  @SuppressWarnings("restricted") // this class is why the module may call native code
  private static MethodHandle function(
      String name, MemoryLayout result, MemoryLayout... parameters) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, parameters),
        Linker.Option.captureCallState("errno"));
  }

  /// Opens one, in raw mode.
  ///
  /// @throws IOException if the system has no more of them
  PseudoTerminal() throws IOException {
    one.set(LONG, 0, 1);
    master = require("posix_openpt", call(POSIX_OPENPT, O_RDWR | O_NOCTTY | O_NONBLOCK));
    int opened = -1;
    boolean done = false;
    try {
      require("grantpt", call(GRANTPT, master));
      require("unlockpt", call(UNLOCKPT, master));
      MemorySegment name = arena.allocate(NAME_BYTES);
      if (call(PTSNAME, master, name, (long) NAME_BYTES) != 0) {
        throw new IOException("ptsname_r failed");
      }
      slave = Path.of(name.getString(0));
      makeRaw();
      opened = require("eventfd", call(EVENTFD, 0, EFD_NONBLOCK));
      done = true;
    } finally {
      event = opened;
      if (!done) {
        call(CLOSE, master);
        arena.close();
      }
    }
  }

  private void makeRaw() throws IOException {
    MemorySegment termios = arena.allocate(TERMIOS_BYTES, Long.BYTES);
    require("tcgetattr", call(TCGETATTR, master, termios));
    call(CFMAKERAW, termios);
    require("tcsetattr", call(TCSETATTR, master, TCSANOW, termios));
  }

  private int call(MethodHandle function, Object... arguments) {
    return (int) invoke(function, state, arguments);
  }

  private static long invoke(MethodHandle function, MemorySegment state, Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = state;
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    try {
      return ((Number) function.invokeWithArguments(all)).longValue();
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private int require(String what, int result) throws IOException {
    if (result < 0) {
      throw new IOException(what + " failed, errno " + errno());
    }
    return result;
  }

  private int errno() {
    return (int) ERRNO.get(state, 0L);
  }

  /// Where the other end is opened: `/dev/pts/N`.
  Path slave() {
    return slave;
  }

  /// Whether something can be read, written, or the other end is closed.
  record Ready(boolean readable, boolean writable, boolean hungUp) {}

  /// Waits until something can be done at the terminal, or for a [#wake].
  ///
  /// @param terminal whether to wait at the terminal too, which is always ready while hung up
  /// @param read whether input is wanted
  /// @param write whether there is output
  /// @param millis at most how long; -1 for ever
  Ready await(boolean terminal, boolean read, boolean write, int millis) {
    short wanted = (short) ((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    put(0, event, POLLIN);
    put(1, terminal ? master : -1, wanted);
    int count = call(POLL, polled, 2L, millis);
    if (count <= 0) {
      return new Ready(false, false, false);
    }
    if (polled.get(ValueLayout.JAVA_SHORT, 6) != 0) {
      invoke(READ, state, event, counter, (long) Long.BYTES);
    }
    short found = polled.get(ValueLayout.JAVA_SHORT, POLLFD_BYTES + 6);
    return new Ready((found & POLLIN) != 0, (found & POLLOUT) != 0, (found & POLLHUP) != 0);
  }

  /// Returns at once whether nobody has the other end open.
  boolean isHungUp() {
    return await(true, false, false, 0).hungUp;
  }

  private void put(int index, int fd, short events) {
    polled.set(INT, (long) index * POLLFD_BYTES, fd);
    polled.set(ValueLayout.JAVA_SHORT, (long) index * POLLFD_BYTES + 4, events);
    polled.set(ValueLayout.JAVA_SHORT, (long) index * POLLFD_BYTES + 6, (short) 0);
  }

  /// Reads what is there.
  ///
  /// @return how many bytes, 0 if none were there, -1 if the other end is closed
  int read(byte[] into) throws IOException {
    long count = invoke(READ, state, master, buffer, (long) Math.min(into.length, BUFFER_BYTES));
    if (count < 0) {
      return failure("read");
    }
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, into, 0, (int) count);
    return (int) count;
  }

  /// Writes what fits.
  ///
  /// @return how many bytes, -1 if the other end is closed
  int write(byte[] from, int start, int count) throws IOException {
    int most = Math.min(count, BUFFER_BYTES);
    MemorySegment.copy(from, start, buffer, ValueLayout.JAVA_BYTE, 0, most);
    long written = invoke(WRITE, state, master, buffer, (long) most);
    return written < 0 ? failure("write") : (int) written;
  }

  private int failure(String what) throws IOException {
    return switch (errno()) {
      case EAGAIN, EINTR -> 0;
      case EIO -> -1;
      default -> throw new IOException(what + " failed, errno " + errno());
    };
  }

  /// Drops what the last user of the other end did not read, so that the next does not see it.
  void dropUnread() {
    int fd = call(OPEN, arena.allocateFrom(slave.toString()), O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0) {
      call(TCFLUSH, fd, TCIFLUSH);
      call(CLOSE, fd);
    }
  }

  /// Ends a wait, present or next.
  synchronized void wake() {
    if (!closed) {
      invoke(WRITE, wakeState, event, one, (long) Long.BYTES);
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      call(CLOSE, master);
      call(CLOSE, event);
      arena.close();
    }
  }
}

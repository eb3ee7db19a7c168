package dev.xenbus.xenstored.server;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A character device like `/dev/xen/xenbus`: a link to a pseudo-terminal, whose bytes a task,
/// `xenstored-pty`, carries to a connection of the daemon and back, so that the loop never waits
/// for it.
///
/// Each time that the last user closes the device its connection ends, with watches and
/// transactions. One program uses it at a time: two would read each other's replies.
final class PtyBridge implements AutoCloseable {
  /// The system does not tell when somebody opens the other end: so often it is looked at.
  private static final int LOOK_MILLIS = 20;

  private static final int BYTES = 4096;

  private final Path link;
  private final PseudoTerminal terminal;
  private final Supplier<Pipe> connect;
  private final ServerLoop.LogSink log;
  private final Task task;
  private final byte[] in = new byte[BYTES];
  private final ByteBuffer toStore = ByteBuffer.wrap(in).limit(0);
  private final ByteBuffer fromStore = ByteBuffer.allocate(BYTES).limit(0);
  private @Nullable Pipe session;
  private volatile boolean closing;

  /// Makes the device.
  ///
  /// @param link where it is to be found; a link there is replaced, anything else is not
  /// @param connect opens a connection
  /// @throws IOException if the place is taken, or the system has no more pseudo-terminals
  /// @throws NoThread if no task can be made
  PtyBridge(Cpu cpu, Path link, Supplier<Pipe> connect, ServerLoop.LogSink log)
      throws IOException, NoThread {
    this.link = link;
    this.connect = connect;
    this.log = log;
    if (Files.exists(link, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(link)) {
      throw new IOException(link + " exists and is no link");
    }
    this.terminal = new PseudoTerminal();
    boolean done = false;
    try {
      // Who can open it speaks for the domain (XSA-468).
      Files.setPosixFilePermissions(terminal.slave(), PosixFilePermissions.fromString("rw-------"));
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, terminal.slave());
      this.task = cpu.ioThread("xenstored-pty", this::run);
      done = true;
    } finally {
      if (!done) {
        terminal.close();
      }
    }
    task.wake();
  }

  private int run(Task self) {
    try {
      while (!closing && !self.shouldStop()) {
        step();
      }
      return 0;
    } catch (IOException e) {
      log.line(link + ": " + e.getMessage());
      return 1;
    } finally {
      endSession();
    }
  }

  private void step() throws IOException {
    boolean roomForInput = !toStore.hasRemaining();
    PseudoTerminal.Ready ready = terminal.await(true, roomForInput, fromStore.hasRemaining(), -1);
    if (ready.readable() && roomForInput) {
      int count = terminal.read(in);
      toStore.clear().limit(Math.max(0, count));
    } else if (ready.hungUp()) {
      hungUp();
      return;
    }
    exchange();
  }

  private void hungUp() {
    endSession();
    terminal.dropUnread();
    while (!closing && terminal.isHungUp()) {
      terminal.await(false, false, false, LOOK_MILLIS);
    }
  }

  private void exchange() throws IOException {
    Pipe pipe = session;
    if (pipe == null) {
      if (!toStore.hasRemaining()) {
        return;
      }
      pipe = connect.get();
      pipe.onActivity(terminal::wake);
      session = pipe;
    }
    try {
      if (toStore.hasRemaining()) {
        pipe.tryWrite(toStore);
      }
    } catch (IOException closed) {
      // The daemon ended it, for a malformed request: what comes next is a new connection.
      endSession();
      return;
    }
    if (!fromStore.hasRemaining()) {
      fromStore.clear();
      int count = pipe.tryRead(fromStore);
      fromStore.flip();
      if (count < 0) {
        endSession();
        return;
      }
    }
    if (fromStore.hasRemaining()) {
      int count = terminal.write(fromStore.array(), fromStore.position(), fromStore.remaining());
      fromStore.position(fromStore.position() + Math.max(0, count));
      if (count > 0 && !fromStore.hasRemaining()) {
        terminal.wake();
      }
    }
  }

  private void endSession() {
    Pipe pipe = session;
    session = null;
    toStore.limit(toStore.position());
    fromStore.limit(fromStore.position());
    if (pipe != null) {
      pipe.close();
    }
  }

  /// Ends its connection and removes the device.
  @Override
  public void close() {
    closing = true;
    terminal.wake();
    task.stop();
    terminal.close();
    try {
      Files.deleteIfExists(link);
    } catch (IOException e) {
      log.line("removing " + link + ": " + e.getMessage());
    }
  }
}

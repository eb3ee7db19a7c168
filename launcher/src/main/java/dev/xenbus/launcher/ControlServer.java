package dev.xenbus.launcher;

import dev.xenbus.launcher.ControlProtocol.Frame;
import dev.xenbus.launcher.ControlProtocol.FrameType;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.shell.Shell;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicBoolean;

/// Serves the control socket of a live emulator: each connection is a console of its own.
///
/// Threads: `emu-control` accepts; `emu-conn-<n>` reads what connection n sends, and a thread
/// `emu-sh` runs its lines, so that Ctrl-C reaches a line that runs.
final class ControlServer implements AutoCloseable {
  private final Cpu cpu;
  private final Path socket;
  private final ServerSocketChannel server;
  private final ShellFactory shells;
  private int connections;

  /// Makes the console of one connection.
  @FunctionalInterface
  interface ShellFactory {
    /// Returns a shell that starts in a folder and writes to the given outputs.
    Shell create(Path folder, TextOutput out, TextOutput err);
  }

  private ControlServer(Cpu cpu, Path socket, ServerSocketChannel server, ShellFactory shells) {
    this.cpu = cpu;
    this.socket = socket;
    this.server = server;
    this.shells = shells;
  }

  /// Opens the socket, mode 0600, and serves it.
  static ControlServer open(Cpu cpu, Path socket, ShellFactory shells)
      throws IOException, NoThread {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    ControlServer control = new ControlServer(cpu, socket, server, shells);
    cpu.kthread("emu-control", control::acceptLoop).wake();
    return control;
  }

  private int acceptLoop(Task self) {
    while (server.isOpen()) {
      try {
        SocketChannel channel = server.accept();
        int number = ++connections;
        cpu.kthread("emu-conn-" + number, reader -> serve(channel)).wake();
      } catch (IOException | NoThread _) {
        // Closed, or this one connection cannot be served: the client sees its end.
      }
    }
    return 0;
  }

  private int serve(SocketChannel channel) {
    Connection connection = new Connection(channel, new AtomicBoolean());
    try (channel) {
      ControlProtocol.greet(channel);
      Frame folder = ControlProtocol.receive(channel);
      if (folder.type() != FrameType.FOLDER) {
        throw new IOException("control socket: " + folder.type() + " before the folder");
      }
      Shell shell =
          shells.create(
              Path.of(folder.text()),
              connection.output(FrameType.OUT),
              connection.output(FrameType.ERR));
      serve(connection, shell);
    } catch (IOException | InvalidPathException _) {
      // The client went, or does not speak our language.
    }
    return 0;
  }

  private void serve(Connection connection, Shell shell) throws IOException {
    try {
      while (!shell.exitAsked()) {
        Frame frame = ControlProtocol.receive(connection.channel());
        switch (frame.type()) {
          case COMMAND -> start(shell, connection, frame.text());
          case INTERRUPT -> shell.interrupt();
          case FOLDER, OUT, ERR, EXIT -> throw new IOException("control socket: " + frame.type());
        }
      }
    } finally {
      // What it ran ends with the client.
      shell.interrupt();
    }
  }

  private void start(Shell shell, Connection connection, String line) throws IOException {
    try {
      if (!connection.busy().compareAndSet(false, true)) {
        throw new IOException("control socket: a command while another one runs");
      }
      cpu.kthread("emu-sh", self -> runLine(shell, connection, line)).wake();
    } catch (NoThread e) {
      connection.output(FrameType.ERR).println("sh: " + e.getMessage());
      ControlProtocol.send(connection.channel(), FrameType.EXIT, "126");
    }
  }

  private static int runLine(Shell shell, Connection connection, String line) {
    int exit = shell.execute(line);
    connection.busy().set(false);
    try {
      ControlProtocol.send(connection.channel(), FrameType.EXIT, Integer.toString(exit));
    } catch (IOException _) {
      // The client went.
    }
    return exit;
  }

  private record Connection(SocketChannel channel, AtomicBoolean busy) {
    TextOutput output(FrameType type) {
      return text -> {
        try {
          ControlProtocol.send(channel, type, text);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      };
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
  }
}

package dev.xenbus.launcher;

import dev.xenbus.launcher.ControlProtocol.Frame;
import dev.xenbus.launcher.ControlProtocol.FrameType;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/// Runs console commands in a running emulator.
final class ControlClient implements AutoCloseable {
  private final SocketChannel channel;

  private ControlClient(SocketChannel channel) {
    this.channel = channel;
  }

  /// Connects.
  ///
  /// @throws IOException if nobody answers there, or another version does
  static ControlClient connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    try {
      ControlProtocol.checkGreeting(channel);
      String folder = Path.of("").toAbsolutePath().toString();
      ControlProtocol.send(channel, FrameType.FOLDER, folder);
      return new ControlClient(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /// Runs a line and copies what it prints.
  ///
  /// @return its exit code
  int run(String line, Appendable out, Appendable err) throws IOException {
    ControlProtocol.send(channel, FrameType.COMMAND, line);
    while (true) {
      Frame frame = ControlProtocol.receive(channel);
      switch (frame.type()) {
        case OUT -> out.append(frame.text());
        case ERR -> err.append(frame.text());
        case EXIT -> {
          return Integer.parseInt(frame.text());
        }
        case FOLDER, COMMAND, INTERRUPT -> throw new IOException("control socket: " + frame.type());
      }
    }
  }

  /// Sends Ctrl-C to the line that runs.
  void interrupt() {
    try {
      ControlProtocol.send(channel, FrameType.INTERRUPT, "");
    } catch (IOException _) {
      // The emulator went: there is nothing to interrupt.
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

package dev.xenbus.xenstore.client;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.io.IOException;

/// The task `emu-xs-reader` of a connection over a socket (`read_thread` in
/// `tools/libs/store/xs.c`): it alone waits at the socket.
final class SocketReader {
  private final Task task;
  private final Runnable atEnd;

  private SocketReader(Task task, Runnable atEnd) {
    this.task = task;
    this.atEnd = atEnd;
  }

  /// @param atEnd called once the task has ended
  /// @throws IOException if there can be no task; then the transport is closed
  static SocketReader start(
      Cpu cpu, SocketTransport transport, Connection connection, Runnable atEnd)
      throws IOException {
    Task task;
    try {
      task = cpu.ioThread("emu-xs-reader", _ -> read(transport, connection));
    } catch (NoThread e) {
      transport.close();
      transport.dispose();
      throw new IOException(e.getMessage(), e);
    }
    task.wake();
    return new SocketReader(task, atEnd);
  }

  private static int read(SocketTransport transport, Connection connection) {
    try {
      connection.carryUntilBroken();
      return 0;
    } finally {
      transport.close(); // it has, unless the kernel died
      transport.dispose();
    }
  }

  /// Waits for its end, once the connection was closed.
  void end() {
    task.stop();
    atEnd.run();
  }
}

package dev.xenbus.xenstore.client;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.OpenFile;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.nio.ByteBuffer;

/// An open `/dev/xen/xenbus` as a stream: each write is one request, which is always taken whole.
///
/// Threads: as the file: one reads while another one writes.
final class DevicePipe implements Pipe {
  private final OpenFile file;

  /// Takes over the file, and closes it at its end.
  DevicePipe(OpenFile file) {
    this.file = file;
  }

  @Override
  public int tryRead(ByteBuffer into) {
    try {
      byte[] bytes = file.read(into.remaining(), true);
      into.put(bytes);
      return bytes.length;
    } catch (KernelException e) {
      return e.errno() == Errno.EAGAIN ? 0 : -1;
    }
  }

  @Override
  public int tryWrite(ByteBuffer from) throws IOException {
    byte[] bytes = new byte[from.remaining()];
    from.get(bytes);
    file.write(bytes);
    return bytes.length;
  }

  @Override
  public WaitQueue.Wake awaitReadable(long timeoutNanos) {
    return file.awaitReadable(timeoutNanos);
  }

  @Override
  public WaitQueue.Wake awaitWritable(long timeoutNanos) {
    return WaitQueue.Wake.READY;
  }

  @Override
  public void onActivity(Runnable rouse) {
    file.onReadable(rouse);
  }

  @Override
  public void close() {
    file.close();
  }
}

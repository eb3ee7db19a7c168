package dev.xenbus.xenstore.client;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.Poller;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/// A stream within the machine.
final class PipeTransport implements Transport {
  private final Pipe pipe;
  private final Poller poller;
  private volatile Runnable told = () -> {};

  PipeTransport(Cpu cpu, Pipe pipe) {
    this.pipe = pipe;
    this.poller = cpu.poller("pipe_read");
    pipe.onActivity(this::activity);
  }

  private void activity() {
    poller.rouse();
    told.run();
  }

  @Override
  public int tryRead(ByteBuffer into) throws IOException {
    int bytes = pipe.tryRead(into);
    if (bytes < 0) {
      throw new EOFException("the store closed the connection");
    }
    return bytes;
  }

  @Override
  public void tryWrite(ByteBuffer from) throws IOException {
    pipe.tryWrite(from);
  }

  @Override
  public void await(boolean forRoom, long deadlineNanos) {
    poller.await(deadlineNanos);
  }

  @Override
  public void wake() {
    poller.rouse();
  }

  @Override
  public void onActivity(Runnable listener) {
    told = listener;
  }

  @Override
  public void close() {
    pipe.close();
    poller.rouse();
  }
}

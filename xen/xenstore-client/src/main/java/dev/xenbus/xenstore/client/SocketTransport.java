package dev.xenbus.xenstore.client;

import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.SelectorWait;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/// A Unix socket; live machines only.
final class SocketTransport implements Transport {
  private final SocketChannel channel;
  private final SelectorWait selector;
  private final SelectionKey key;
  private final Poller poller;

  /// Connects.
  ///
  /// @throws IOException if nobody serves the socket; the message names it
  SocketTransport(Cpu cpu, Path socket) throws IOException {
    channel = connect(socket);
    boolean done = false;
    try {
      channel.configureBlocking(false);
      selector = new SelectorWait();
      key = channel.register(selector.selector(), SelectionKey.OP_READ);
      done = true;
    } finally {
      if (!done) {
        channel.close();
      }
    }
    poller = cpu.poller("do_epoll_wait", selector);
  }

  private static SocketChannel connect(Path socket) throws IOException {
    SocketChannel opened = SocketChannel.open(StandardProtocolFamily.UNIX);
    boolean done = false;
    try {
      opened.connect(UnixDomainSocketAddress.of(socket));
      done = true;
      return opened;
    } catch (IOException e) {
      throw new IOException("store socket " + socket + ": " + e.getMessage(), e);
    } finally {
      if (!done) {
        opened.close();
      }
    }
  }

  @Override
  public int tryRead(ByteBuffer into) throws IOException {
    int bytes = channel.read(into);
    if (bytes < 0) {
      throw new EOFException("the store closed the connection");
    }
    return bytes;
  }

  @Override
  public void tryWrite(ByteBuffer from) throws IOException {
    channel.write(from);
  }

  @Override
  public void await(boolean forRoom, long deadlineNanos) {
    try {
      key.interestOps(SelectionKey.OP_READ | (forRoom ? SelectionKey.OP_WRITE : 0));
    } catch (CancelledKeyException e) {
      return; // closed: the next read says so
    }
    poller.await(deadlineNanos);
  }

  @Override
  public void wake() {
    poller.rouse();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    wake();
  }

  @Override
  public void dispose() {
    selector.close();
  }
}

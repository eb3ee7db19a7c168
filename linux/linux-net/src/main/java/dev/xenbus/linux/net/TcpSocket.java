package dev.xenbus.linux.net;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TcpConnection;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.concurrent.atomic.AtomicLong;

/// A connection that a task of this kernel made.
final class TcpSocket implements TcpConnection {
  private final TcpStack tcp;
  private final TcpStack.Key key;
  private final TcpPeer peer;
  private final WaitQueue waiters;
  private final AtomicLong sentBytes = new AtomicLong();

  TcpSocket(TcpStack tcp, Cpu cpu, TcpStack.Key key, TcpPeer peer) {
    this.tcp = tcp;
    this.key = key;
    this.peer = peer;
    this.waiters = cpu.waitQueue("sk_stream_wait_memory");
  }

  TcpStack.Key key() {
    return key;
  }

  TcpPeer peer() {
    return peer;
  }

  /// Lets waiters look again.
  void changed() {
    waiters.wakeAll();
  }

  @KernelSymbol("inet_stream_connect")
  void awaitConnected(long timeoutNanos) throws KernelException {
    WaitQueue.Wake why =
        waiters.await(Task.State.S, timeoutNanos, () -> peer.state() != TcpPeer.State.SYN_SENT);
    if (why == WaitQueue.Wake.READY && peer.state() != TcpPeer.State.CLOSED) {
      return;
    }
    Errno error = peer.error();
    close();
    if (why == WaitQueue.Wake.SIGNAL) {
      throw new KernelException(Errno.EINTR, "connect: interrupted");
    }
    throw new KernelException(error == null ? Errno.ETIMEDOUT : error, "connect " + key);
  }

  @Override
  @KernelSymbol("tcp_sendmsg")
  public void send(byte[] data) throws KernelException {
    int from = 0;
    while (from < data.length) {
      int bytes = Math.min(data.length - from, TcpPeer.GSO_BYTES_MAX);
      awaitRoom(bytes);
      byte[] piece = new byte[bytes];
      System.arraycopy(data, from, piece, 0, bytes);
      tcp.sendData(this, piece);
      sentBytes.addAndGet(bytes);
      from += bytes;
    }
  }

  private void awaitRoom(int bytes) throws KernelException {
    WaitQueue.Wake why =
        waiters.await(
            Task.State.S,
            WaitQueue.FOREVER,
            () -> !peer.mayQueue() || peer.queuedBytes() + bytes <= TcpPeer.SEND_BYTES_MAX);
    check(why);
  }

  private void check(WaitQueue.Wake why) throws KernelException {
    Errno error = peer.error();
    if (error != null) {
      throw new KernelException(error, "connection " + key + " is broken");
    }
    if (!peer.mayQueue()) {
      throw new KernelException(Errno.EPIPE, "connection " + key + " is closed");
    }
    if (why == WaitQueue.Wake.SIGNAL) {
      throw new KernelException(Errno.EINTR, "connection " + key + ": interrupted");
    }
  }

  @Override
  public boolean drain(long timeoutNanos) throws KernelException {
    WaitQueue.Wake why =
        waiters.await(
            Task.State.S, timeoutNanos, () -> peer.queuedBytes() == 0 || !peer.mayQueue());
    if (peer.queuedBytes() == 0) {
      return true;
    }
    check(why);
    return false;
  }

  @Override
  public long sentBytes() {
    return sentBytes.get();
  }

  @Override
  public long acknowledgedBytes() {
    return peer.acknowledgedBytes();
  }

  @Override
  public long retransmits() {
    return peer.retransmits();
  }

  @Override
  public boolean isEstablished() {
    return peer.mayQueue();
  }

  @Override
  public void close() {
    tcp.close(this);
  }
}

package dev.xenbus.linux.net;

import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// An open [IcmpSocket]: many receive paths put answers in, one task takes them out.
final class EchoSocket implements IcmpSocket {
  private final IcmpEcho icmp;
  private final int identifier;
  private final WaitQueue readers;
  private final ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();

  EchoSocket(IcmpEcho icmp, Cpu cpu, int identifier) {
    this.icmp = icmp;
    this.identifier = identifier;
    this.readers = cpu.waitQueue("__skb_wait_for_more_packets");
  }

  @Override
  public int identifier() {
    return identifier;
  }

  @Override
  public void send(Ipv4Address to, int sequence, byte[] payload) throws KernelException {
    icmp.request(to, identifier, sequence, payload);
  }

  void deliver(Answer answer) {
    if (waiting.incrementAndGet() > ANSWERS_MAX) {
      waiting.decrementAndGet();
      return;
    }
    answers.add(answer);
    readers.wakeAll();
  }

  @Override
  public Optional<Answer> receive(long timeoutNanos) {
    readers.await(Task.State.S, timeoutNanos, () -> !answers.isEmpty());
    Answer answer = answers.poll();
    if (answer != null) {
      waiting.decrementAndGet();
    }
    return Optional.ofNullable(answer);
  }

  @Override
  public void close() {
    icmp.close(this);
  }
}

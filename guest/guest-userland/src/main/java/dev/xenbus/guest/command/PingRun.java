package dev.xenbus.guest.command;

import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Task;
import java.util.Locale;
import java.util.Optional;

/// One run of `ping`. Mirrors `main_loop` and `finish` of iputils' `ping`.
final class PingRun {
  private static final int HEADER_BYTES = 28;
  private static final int SEQUENCES = 65_536;
  private static final long NANOS_PER_MILLI = 1_000_000L;
  private static final long NANOS_PER_MICRO = 1_000L;

  private final TextOutput out;
  private final TextOutput err;
  private final Clock clock;
  private final PingOptions options;
  private final Ipv4Address to;
  private final IcmpSocket socket;
  private final byte[] payload;

  /// When each request was sent, by its sequence number; 0 if it is answered or was never sent.
  private final long[] sentNanos = new long[SEQUENCES];

  private long startNanos;
  private long lastSentNanos;
  private long sent;
  private long received;
  private long errors;
  private long minMicros = Long.MAX_VALUE;
  private long maxMicros;
  private double sumMicros;
  private double squareMicros;

  PingRun(UserCommand.Context context, PingOptions options, Ipv4Address to, IcmpSocket socket) {
    this.out = context.out();
    this.err = context.err();
    this.clock = context.kernel().clock();
    this.options = options;
    this.to = to;
    this.socket = socket;
    this.payload = new byte[options.payloadBytes()];
    for (int i = 0; i < payload.length; i++) {
      payload[i] = (byte) i;
    }
  }

  int run() {
    startNanos = clock.nanos();
    out.printf(
        "PING %s (%s) %d(%d) bytes of data.\n",
        to, to, payload.length, payload.length + HEADER_BYTES);
    while (!isOver()) {
      if (maySend()) {
        send();
        continue;
      }
      Optional<IcmpSocket.Answer> answer = socket.receive(patienceNanos());
      answer.ifPresent(this::take);
    }
    summary();
    return received > 0 ? 0 : Ping.NO_REPLY;
  }

  private boolean hasSentAll() {
    return options.count() > 0 && sent >= options.count();
  }

  private boolean isOver() {
    if (Task.current().signalPending()) {
      return true;
    }
    long now = clock.nanos();
    if (options.deadlineNanos() > 0 && now - startNanos >= options.deadlineNanos()) {
      return true;
    }
    return hasSentAll() && (received + errors >= sent || now - lastSentNanos >= lingerNanos());
  }

  /// Mirrors the wait for the last reply: twice the longest round trip if there was any.
  private long lingerNanos() {
    return received > 0
        ? Math.max(2 * maxMicros * NANOS_PER_MICRO, options.intervalNanos())
        : options.lingerNanos();
  }

  private boolean maySend() {
    return !hasSentAll() && (sent == 0 || clock.nanos() - lastSentNanos >= options.intervalNanos());
  }

  private long patienceNanos() {
    long now = clock.nanos();
    long until = lastSentNanos + (hasSentAll() ? lingerNanos() : options.intervalNanos());
    if (options.deadlineNanos() > 0) {
      until = Math.min(until, startNanos + options.deadlineNanos());
    }
    return Math.max(until - now, 1);
  }

  private void send() {
    lastSentNanos = clock.nanos();
    sent++;
    int sequence = (int) (sent % SEQUENCES);
    sentNanos[sequence] = Math.max(lastSentNanos, 1);
    try {
      socket.send(to, sequence, payload);
    } catch (KernelException e) {
      errors++;
      switch (e.errno()) {
        case ENETUNREACH -> err.println("ping: connect: " + e.errno().text());
        case EMSGSIZE -> err.println("ping: local error: " + e.getMessage());
        default -> err.println("ping: sendmsg: " + e.errno().text());
      }
    }
  }

  private void take(IcmpSocket.Answer answer) {
    switch (answer.kind()) {
      case REPLY -> reply(answer);
      case HOST_UNREACHABLE -> {
        errors++;
        if (!options.isQuiet()) {
          out.printf(
              "From %s icmp_seq=%d Destination Host Unreachable\n",
              answer.from(), answer.sequence());
        }
      }
    }
  }

  private void reply(IcmpSocket.Answer answer) {
    long at = sentNanos[answer.sequence()];
    boolean isTwin = at == 0;
    String time = "";
    if (!isTwin) {
      sentNanos[answer.sequence()] = 0;
      received++;
      long micros = Math.max(0, (answer.nanos() - at) / NANOS_PER_MICRO);
      count(micros);
      time = " time=" + millis(micros) + " ms";
    }
    if (!options.isQuiet()) {
      out.printf(
          "%d bytes from %s: icmp_seq=%d ttl=%d%s%s\n",
          answer.payloadBytes() + 8,
          answer.from(),
          answer.sequence(),
          answer.ttl(),
          time,
          isTwin ? " (DUP!)" : "");
    }
  }

  private void count(long micros) {
    minMicros = Math.min(minMicros, micros);
    maxMicros = Math.max(maxMicros, micros);
    sumMicros += micros;
    squareMicros += (double) micros * micros;
  }

  /// Three significant digits, as iputils prints a round trip.
  static String millis(long micros) {
    double millis = micros / 1000.0;
    String format =
        micros >= 99_950 ? "%.0f" : micros >= 9_995 ? "%.1f" : micros >= 1_000 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, format, millis);
  }

  private void summary() {
    out.printf("\n--- %s ping statistics ---\n", to);
    out.printf("%d packets transmitted, %d received, ", sent, received);
    if (errors > 0) {
      out.printf("+%d errors, ", errors);
    }
    long lost = sent == 0 ? 0 : (sent - Math.min(received, sent)) * 100;
    out.printf(
        "%s%% packet loss, time %dms\n",
        percent(lost, sent), (clock.nanos() - startNanos) / NANOS_PER_MILLI);
    if (received > 0) {
      double average = sumMicros / received;
      double deviation = Math.sqrt(Math.max(0, squareMicros / received - average * average));
      out.printf(
          "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n",
          minMicros / 1000.0, average / 1000.0, maxMicros / 1000.0, deviation / 1000.0);
    } else {
      out.print("\n");
    }
  }

  /// Up to six significant digits, as `%g` prints them.
  private static String percent(long lostTimesHundred, long of) {
    if (of == 0 || lostTimesHundred % of == 0) {
      return Long.toString(of == 0 ? 0 : lostTimesHundred / of);
    }
    String text = String.format(Locale.ROOT, "%.4f", (double) lostTimesHundred / of);
    return text.replaceFirst("\\.?0+$", "");
  }
}

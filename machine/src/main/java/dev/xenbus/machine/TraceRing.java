package dev.xenbus.machine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The last trace points, and a hash over all of them. Guarded by itself, for moments.
final class TraceRing implements Trace {
  private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

  private final MachineCore machine;
  private final String[] points;
  private final @Nullable Object[] objects;
  private final long[] numbers;
  private volatile @Nullable Listener listener;
  private long count;
  private long hash = 0x243F6A8885A308D3L;

  TraceRing(MachineCore machine, int entries) {
    this.machine = machine;
    int size = Integer.highestOneBit(Math.max(2, entries));
    this.points = new String[size];
    this.objects = new Object[size];
    this.numbers = new long[size * 4];
  }

  @Override
  public void listener(Listener other) {
    listener = other;
  }

  @Override
  public boolean isHeard() {
    return listener != null;
  }

  @Override
  public void emit(String point, long a, long b, Object on) {
    keep(point, a, b, on);
    Listener hearing = listener;
    if (hearing != null) {
      hearing.heard(point, a, b, on);
    }
  }

  private synchronized void keep(String point, long a, long b, Object on) {
    MachineTask by = machine.current();
    int slot = (int) count & (points.length - 1);
    points[slot] = point;
    objects[slot] = on;
    numbers[slot * 4] = machine.scheduler.nanos();
    numbers[slot * 4 + 1] = by.pid();
    numbers[slot * 4 + 2] = a;
    numbers[slot * 4 + 3] = b;
    count++;
    mix(point.hashCode());
    mix(by.pid());
    mix(a);
    mix(b);
    if (on instanceof String text) {
      mix(text.hashCode());
    }
  }

  /// Lets a decision enter the hash.
  void mix(long value) {
    long mixed = (hash ^ value) * MULTIPLIER;
    hash = mixed ^ (mixed >>> 29);
  }

  @Override
  public synchronized long hash() {
    return hash;
  }

  @Override
  public synchronized List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (long i = Math.max(0, count - points.length); i < count; i++) {
      int slot = (int) i & (points.length - 1);
      lines.add(
          String.format(
              java.util.Locale.ROOT,
              "%d.%06d pid=%d %s %d %d %s",
              numbers[slot * 4] / 1_000_000_000,
              numbers[slot * 4] / 1000 % 1_000_000,
              numbers[slot * 4 + 1],
              points[slot],
              numbers[slot * 4 + 2],
              numbers[slot * 4 + 3],
              objects[slot]));
    }
    return lines;
  }
}

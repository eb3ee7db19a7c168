package dev.xenbus.linux;

import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A kernel's log (`kernel/printk/printk.c`): the last [#LINES_MAX] lines.
///
/// Any task, interrupt context, and threads from outside of the machine: there is no lock and no
/// scheduling point.
public final class KernelLog implements Printk {
  /// Lines that are kept; older ones are overwritten.
  public static final int LINES_MAX = 4096;

  /// Longest line; the rest is cut off (`PRINTKRB_RECORD_MAX`).
  public static final int LINE_CHARS_MAX = 1024;

  /// A line and its number, from 0, so that a reader sees what was overwritten meanwhile.
  private record Entry(long number, Line line) {}

  private final Clock clock;
  private final AtomicLong written = new AtomicLong();
  private final AtomicReferenceArray<@Nullable Entry> ring = new AtomicReferenceArray<>(LINES_MAX);
  private final CopyOnWriteArrayList<Consumer<Line>> listeners = new CopyOnWriteArrayList<>();

  /// Makes an empty log.
  ///
  /// @param clock the time since boot
  public KernelLog(Clock clock) {
    this.clock = clock;
  }

  /// Adds somebody who is given each new line; called in whatever context logs, so it may not
  /// sleep.
  public void addListener(Consumer<Line> listener) {
    listeners.add(listener);
  }

  @Override
  public void log(Level level, String text) {
    text.lines().forEach(line -> append(level, line));
  }

  private void append(Level level, String text) {
    String cut = text.length() > LINE_CHARS_MAX ? text.substring(0, LINE_CHARS_MAX) : text;
    Line line = new Line(clock.nanos(), level, cut);
    long number = written.getAndIncrement();
    ring.set((int) (number % LINES_MAX), new Entry(number, line));
    listeners.forEach(listener -> listener.accept(line));
  }

  @Override
  public List<Line> lines() {
    long end = written.get();
    List<Line> lines = new ArrayList<>();
    for (long number = Math.max(0, end - LINES_MAX); number < end; number++) {
      Entry entry = ring.get((int) (number % LINES_MAX));
      if (entry != null && entry.number() == number) {
        lines.add(entry.line());
      }
    }
    return lines;
  }
}

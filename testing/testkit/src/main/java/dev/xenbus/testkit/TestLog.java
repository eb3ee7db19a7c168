package dev.xenbus.testkit;

import dev.xenbus.linux.api.Printk;
import dev.xenbus.machine.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A log that keeps everything.
final class TestLog implements Printk {
  private final Clock clock;
  private final CopyOnWriteArrayList<Line> lines = new CopyOnWriteArrayList<>();

  TestLog(Clock clock) {
    this.clock = clock;
  }

  @Override
  public void log(Level level, String text) {
    lines.add(new Line(clock.nanos(), level, text));
  }

  @Override
  public List<Line> lines() {
    return List.copyOf(lines);
  }
}

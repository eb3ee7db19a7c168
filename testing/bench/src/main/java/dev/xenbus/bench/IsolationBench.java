package dev.xenbus.bench;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.emulator.BootOptions;
import dev.xenbus.emulator.Dom0;
import dev.xenbus.emulator.Emulator;
import dev.xenbus.machine.Completion;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// The isolation curve: how many watch events a second dom0's kernel runs for the guests that are
/// well while some are stalled. A guest is a watch whose events are routed to it; a stalled one's
/// callback does not return. In real time, from the write in the store to the end of the callback.
public final class IsolationBench {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /// How many events of a healthy guest may be on their way at once.
  private static final int WINDOW = 8;

  private static final long STALL_NANOS_MAX = 500_000_000L;

  private final Emulator emulator = Emulator.load();
  private final int guests;
  private final long nanos;

  /// Makes a benchmark.
  ///
  /// @param guests how many guests there are
  /// @param seconds how long each point is measured
  public IsolationBench(int guests, double seconds) {
    this.guests = guests;
    this.nanos = (long) (seconds * NANOS_PER_SECOND);
  }

  /// Measures one point of the curve.
  ///
  /// @param parameter `xen_mtwatch` or `xen_mtwatch=off`
  /// @param stalled how many of the guests are stalled; at least one is well
  /// @return events a second of those that are well; 0 if they stand still
  /// @throws MachineFailure if the boot cannot go on
  public double measure(String parameter, int stalled) throws MachineFailure {
    LiveMachine machine = new LiveMachine();
    return machine.run(
        () -> {
          Dom0 dom0 = emulator.boot(machine, BootOptions.of(emulator.configure(parameter)));
          try {
            return new Point(dom0, stalled).measure();
          } finally {
            dom0.powerOff();
          }
        });
  }

  /// One dom0 with its guests.
  private final class Point {
    private final Dom0 dom0;
    private final int stalled;
    private final Completion release;
    private final WaitQueue ran;
    private final AtomicLong events = new AtomicLong();
    private volatile boolean isMeasured;

    Point(Dom0 dom0, int stalled) {
      this.dom0 = dom0;
      this.stalled = stalled;
      release = dom0.kernel().cpu().completion("bench_stall");
      ran = dom0.kernel().cpu().waitQueue("bench");
    }

    double measure() throws IOException {
      List<XenbusWatch> watches = new ArrayList<>();
      try (XenstoreClient client = dom0.storeClient()) {
        for (int guest = 1; guest <= guests; guest++) {
          client.write(path(guest), "0");
          watches.add(watch(guest));
        }
        isMeasured = true;
        for (int guest = 1; guest <= stalled; guest++) {
          client.write(path(guest), "1");
        }
        double rate = load(client);
        release.completeAll();
        return rate;
      } finally {
        for (XenbusWatch watch : watches) {
          watch.close();
        }
      }
    }

    private XenbusWatch watch(int guest) throws IOException {
      Domid domid = Domid.of(guest);
      return dom0.xenbus()
          .watch(
              path(guest),
              WatchOptions.DEFAULT.with(new WatchOptions.OwnedBy(domid)),
              _ -> {
                if (isMeasured && guest <= stalled) {
                  release.await(WaitQueue.FOREVER);
                }
                events.incrementAndGet();
                ran.wakeAll();
              });
    }

    /// Writes to the healthy guests in turn, a few writes ahead of their callbacks.
    private double load(XenstoreClient client) throws IOException {
      Task.sleep(STALL_NANOS_MAX / 5); // whoever stalls does by now
      events.set(0);
      int well = guests - stalled;
      long begun = dom0.machine().clock().nanos();
      long written = 0;
      for (long now = begun; now < begun + nanos; now = dom0.machine().clock().nanos()) {
        // Each time another node, as long as the last event of it may be on its way: the store
        // merges events that are the same.
        long turn = written / well % (2L * WINDOW);
        client.write(path(stalled + 1 + (int) (written % well)) + "/" + turn, "1");
        written++;
        long sent = written;
        WaitQueue.Wake wake =
            ran.await(
                Task.State.S, STALL_NANOS_MAX, () -> sent - events.get() < (long) WINDOW * well);
        if (wake == WaitQueue.Wake.TIMEOUT) {
          return 0; // they stand still
        }
      }
      long nanosTaken = dom0.machine().clock().nanos() - begun;
      return (double) events.get() * NANOS_PER_SECOND / nanosTaken;
    }

    private String path(int guest) {
      return "/bench/guest/" + guest;
    }
  }
}

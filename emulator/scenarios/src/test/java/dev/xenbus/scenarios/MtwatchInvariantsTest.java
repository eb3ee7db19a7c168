package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.MtwatchFact;
import dev.xenbus.api.WatchFact;
import dev.xenbus.api.WatchOptions;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.TestGate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// W2, W4, W5, W7 and W9 against the real dispatcher, with a fault in what it is used for, or in
/// what is heard of it.
class MtwatchInvariantsTest {
  private final Planted planted = new Planted();

  /// Nothing is planted: devices and events of three guests come and go, one guest gets no thread
  /// at first, one is stuck, and two unregister each other's watches.
  @Test
  void theRealDispatcherHolds() {
    planted.holds(
        machine -> {
          try (MtwatchBench bench = new MtwatchBench(planted)) {
            bench.kernel.failThreads("xen-mtwatch-2", 1);
            AtomicInteger seen = new AtomicInteger();
            for (int round = 0; round < 3; round++) {
              int before = seen.get();
              List<XenbusWatch> watches = new ArrayList<>();
              TestGate gate = new TestGate(bench.kernel.cpu());
              for (int guest = 1; guest <= 3; guest++) {
                bench.addDevice(guest);
                watches.add(
                    bench.xs.watch(
                        "/o" + guest, MtwatchBench.ownedBy(guest), _ -> seen.incrementAndGet()));
              }
              XenbusWatch stuck =
                  bench.xs.watch("/stuck", MtwatchBench.ownedBy(1), _ -> gate.pass());
              gate.awaitEntered(1);
              bench.store.write("/o2/1", "");
              bench.await(() -> seen.get() >= before + 4);
              Planted.longEnough();
              gate.open();
              stuck.close();
              watches.forEach(XenbusWatch::close);
              for (int guest = 1; guest <= 3; guest++) {
                bench.removeDevice(guest);
              }
              Planted.longEnough();
            }
          }
        });
  }

  @Test
  void w2EventThatNobodyTakes() {
    planted.tap(
        (point, first, second, on) -> {
          planted.invariants.heard(point, first, second, on);
          if (point.equals("watch_queue")
              && on instanceof WatchFact fact
              && isOf(fact, "/o/late")) {
            planted.invariants.heard(point, first, second, on); // and one more, whose wake is lost
          }
        });
    planted.breaks(
        "W2",
        "1 events wait in xen-mtwatch-2, which runs none",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          bench.addDevice(2);
          bench.xs.watch("/o", MtwatchBench.ownedBy(2), _ -> {});
          bench.store.write("/o/late", "");
        });
  }

  private static boolean isOf(WatchFact fact, String path) {
    return fact.path().equals(path);
  }

  /// Two guests' callbacks take one lock, and the first does not come back: as a driver with one
  /// lock for all its devices would.
  @Test
  void w2CallbackThatWaitsForAnotherGuests() {
    planted.breaks(
        "W2",
        "xen-mtwatch-2 runs /two and waits for one_for_all, which xen-mtwatch-1 holds",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          TestGate gate = new TestGate(bench.kernel.cpu());
          Mutex oneForAll = bench.kernel.cpu().mutex(LockClass.of("one_for_all"));
          bench.xs.watch(
              "/one",
              MtwatchBench.ownedBy(1),
              _ -> {
                oneForAll.lock();
                try {
                  gate.pass();
                } finally {
                  oneForAll.unlock();
                }
              });
          gate.awaitEntered(1);
          bench.xs.watch("/two", MtwatchBench.ownedBy(2), _ -> take(oneForAll));
        });
  }

  /// Takes a lock for a moment.
  private static void take(Mutex lock) {
    lock.lock();
    try {
      Task.relax();
    } finally {
      lock.unlock();
    }
  }

  /// The bus uncounts a device that it keeps.
  @Test
  void w4ThreadThatEndsBesideADevice() {
    planted.breaks(
        "W4",
        "xen-mtwatch-4 ends though it has 1 devices, 0 waiting and 0 running events",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          bench.addDevice(4);
          bench.await(() -> bench.hasThread("xen-mtwatch-4"));
          bench.xs.deviceRemoved(Domid.of(4));
        });
  }

  /// The bus counts a device twice, so that the thread stays when it is gone.
  @Test
  void w4ThreadThatStaysWithoutDevices() {
    planted.breaks(
        "W4",
        "xen-mtwatch-4 is there though its guest has had nothing for a second",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          bench.xs.deviceAdded(Domid.of(4));
          bench.addDevice(4);
          bench.removeDevice(4);
        });
  }

  @Test
  void w5ThreadThatDoesNotBegin() {
    planted.tap(
        (point, first, second, on) -> {
          if (!point.equals("mtwatch_thread")) {
            planted.invariants.heard(point, first, second, on);
          }
        });
    planted.breaks(
        "W5",
        "xen-mtwatch-4 has not begun a second after its guest's first event or device",
        machine -> new MtwatchBench(planted).addDevice(4));
  }

  /// A watch of the bus that says of no event whose it is.
  @Test
  void w5ProbeOnTheDefaultThread() {
    planted.breaks(
        "W5",
        "xenwatch probes backend/test/4/0, not xen-mtwatch-4",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          bench.xs.watch("backend", WatchOptions.DEFAULT, _ -> bench.tell("device_probe", 4));
        });
  }

  /// The event that came before its driver was nobody's.
  @Test
  void w5HoldsForAnEventThatWasThereBeforeTheDriver() {
    planted.holds(
        machine -> {
          try (MtwatchBench bench = new MtwatchBench(planted)) {
            AtomicInteger runs = new AtomicInteger();
            XenbusWatch watch =
                bench.xs.watch(
                    "backend",
                    WatchOptions.DEFAULT,
                    _ -> {
                      bench.addDriver();
                      bench.tell("device_probe", 4);
                      runs.incrementAndGet();
                    });
            bench.await(() -> runs.get() == 1);
            watch.close();
          }
        });
  }

  @Test
  void w5ProbeOnTheDefaultThreadForAnEventThatCameAfterTheDriver() {
    planted.breaks(
        "W5",
        "xenwatch probes backend/test/4/0, not xen-mtwatch-4",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          AtomicInteger runs = new AtomicInteger();
          bench.xs.watch(
              "backend",
              WatchOptions.DEFAULT,
              _ -> {
                switch (runs.incrementAndGet()) {
                  case 1 -> bench.addDriver();
                  case 2 -> {} // it may have been on its way to the queue
                  default -> bench.tell("device_probe", 4);
                }
              });
          bench.await(() -> runs.get() == 1);
          bench.store.write("/local/domain/0/backend/test/4/0/state", "1");
          bench.await(() -> runs.get() == 2);
          bench.store.write("/local/domain/0/backend/test/4/0/state", "2");
        });
  }

  @Test
  void w5EventInAThreadThatIsNotItsOwn() {
    WatchFact event = new WatchFact(Domid.DOM0, "xen-mtwatch-4", "/o", "1", "/o", Domid.of(4));
    planted.breaks(
        "W5",
        "emu-intruder runs /o, which waited for xen-mtwatch-4",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          bench.addDevice(4);
          bench.await(() -> bench.hasThread("xen-mtwatch-4"));
          bench.spawn(
              "intruder",
              () -> {
                machine.trace().emit("watch_queue", 4, 1, event);
                machine.trace().emit("watch_take", 4, 1, event);
              });
        });
  }

  @Test
  void w7WaitForACallbackOfAnotherWatch() {
    planted.tap(
        (point, first, second, on) -> {
          boolean isWait = point.equals("watch_wait") && on instanceof WatchFact;
          planted.invariants.heard(point, first, second, isWait ? another((WatchFact) on) : on);
        });
    planted.breaks(
        "W7",
        "emu-closer unregisters /o and waits for a callback of /o in xen-mtwatch-1",
        machine -> closeWhileItRuns(new MtwatchBench(planted)));
  }

  private static WatchFact another(WatchFact fact) {
    return new WatchFact(
        fact.kernel(), fact.queue(), fact.watchPath(), "another", fact.path(), fact.owner());
  }

  private static void closeWhileItRuns(MtwatchBench bench) throws Exception {
    TestGate gate = new TestGate(bench.kernel.cpu());
    XenbusWatch watch = bench.xs.watch("/o", MtwatchBench.ownedBy(1), _ -> gate.pass());
    gate.awaitEntered(1);
    bench.spawn("closer", watch::close);
  }

  /// Two callbacks that unregister each other's watches, and a dispatcher that lets both wait.
  @Test
  void w7CallbacksThatWaitForEachOther() {
    List<WatchFact> last = new ArrayList<>();
    planted.tap(
        (point, first, second, on) -> {
          if (point.equals("watch_take") && on instanceof WatchFact fact) {
            last.add(fact);
          }
          planted.invariants.heard(point, first, second, on);
          if (point.equals("watch_cycle")) {
            WatchFact other =
                last.stream().filter(fact -> fact.watchPath().equals(on)).findFirst().orElseThrow();
            planted.invariants.heard("watch_wait", 0, second, other);
          }
        });
    planted.breaks(
        "W7",
        "xen-mtwatch-2 waits for xen-mtwatch-1, which waits for it: nobody's callback ends",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          TestGate gate = new TestGate(bench.kernel.cpu());
          List<XenbusWatch> watches = new ArrayList<>();
          for (int guest = 1; guest <= 2; guest++) {
            int other = 2 - guest;
            watches.add(
                bench.xs.watch(
                    "/o" + guest,
                    MtwatchBench.ownedBy(guest),
                    _ -> {
                      gate.pass();
                      watches.get(other).close();
                    }));
          }
          gate.awaitEntered(2);
          gate.open();
        });
  }

  /// Who unregisters holds a lock that the callback waits for.
  @Test
  void w7CallbackThatWaitsForWhoWaitsForIt() {
    planted.breaks(
        "W7",
        "emu-closer waits for the end of a callback in xen-mtwatch-1, which waits for bus_lock that"
            + " emu-closer holds",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          TestGate gate = new TestGate(bench.kernel.cpu());
          Mutex busLock = bench.kernel.cpu().mutex(LockClass.of("bus_lock"));
          XenbusWatch watch =
              bench.xs.watch(
                  "/o",
                  MtwatchBench.ownedBy(1),
                  _ -> {
                    gate.pass();
                    take(busLock);
                  });
          gate.awaitEntered(1);
          bench.spawn(
              "closer",
              () -> {
                busLock.lock();
                try {
                  gate.open();
                  watch.close();
                } finally {
                  busLock.unlock();
                }
              });
        });
  }

  @Test
  void w9EventThatIsLostOnTheWayToTheDefaultThread() {
    AtomicInteger moved = new AtomicInteger();
    planted.tap(
        (point, first, second, on) -> {
          if (!point.equals("watch_move") || moved.incrementAndGet() != 3) {
            planted.invariants.heard(point, first, second, on);
          }
        });
    planted.breaks(
        "W9",
        "guest 2 has no thread; 2 of its events went to xenwatch, 3 are counted, 1 are lost",
        machine -> fallBack(new MtwatchBench(planted)));
  }

  @Test
  void w9EventsThatChangePlacesOnTheWay() {
    List<WatchFact> moved = new ArrayList<>();
    planted.tap(
        (point, first, second, on) -> {
          if (point.equals("watch_move") && on instanceof WatchFact fact) {
            moved.add(fact);
          } else {
            moved.reversed().forEach(f -> planted.invariants.heard("watch_move", first, second, f));
            moved.clear();
            planted.invariants.heard(point, first, second, on);
          }
        });
    planted.breaks(
        "W9",
        "guest 2 has no thread, and /o of watch 3 moves before /o of watch 1",
        machine -> fallBack(new MtwatchBench(planted)));
  }

  @Test
  void w9GuestThatFallsBackTwice() {
    planted.breaks(
        "W9",
        "guest 2 falls back though it has a thread, or has done before",
        machine -> {
          MtwatchBench bench = new MtwatchBench(planted);
          bench.addDevice(2);
          bench.await(() -> bench.hasThread("xen-mtwatch-2"));
          machine.trace().emit("mtwatch_fallback", 2, 0, new MtwatchFact(Domid.DOM0, Domid.of(2)));
        });
  }

  /// Three events wait for a guest's thread, which cannot be made.
  private static void fallBack(MtwatchBench bench) throws Exception {
    for (int watch = 0; watch < 3; watch++) {
      bench.xs.watch("/o", MtwatchBench.ownedBy(2), _ -> {});
    }
    Planted.longEnough();
    bench.kernel.failThreads("xen-mtwatch-2", 1);
    bench.store.write("/o", "");
    bench.await(
        () ->
            bench.kernel.logTexts().stream().anyMatch(line -> line.contains("cannot be started")));
  }
}

package dev.xenbus.linux.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.EventStatistics;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class KernelEventsTest {
  private static final long TICK = Clock.NANOS_PER_JIFFY;

  /// A channel between the guest and dom0, with what arrived at each end.
  private static final class Pair {
    final AtomicInteger atGuest = new AtomicInteger();
    final AtomicInteger atDom0 = new AtomicInteger();
    final EventChannel guest;
    final EventChannel dom0;

    Pair(TwoKernels world) throws KernelException {
      guest = world.guest().events().allocateUnbound(Domid.DOM0, "test", atGuest::incrementAndGet);
      dom0 =
          world
              .dom0
              .events()
              .bindInterdomain(world.guestId(), guest.port(), "test", atDom0::incrementAndGet);
      TwoKernels.settle(1);
    }
  }

  /// The backend's end with late EOI.
  private static final class Late {
    final AtomicInteger runs = new AtomicInteger();
    final EventStatistics statistics = new EventStatistics();
    final EventChannel guest;
    final EventChannel dom0;

    Late(TwoKernels world) throws KernelException {
      guest = world.guest().events().allocateUnbound(Domid.DOM0, "vif1.0", () -> {});
      dom0 =
          world
              .dom0
              .events()
              .bindInterdomainLateEoi(
                  world.guestId(), guest.port(), "vif1.0", statistics, _ -> runs.incrementAndGet());
      TwoKernels.settle(1);
    }
  }

  @Test
  void eventsReachTheOtherEndAndTheBinderHearsOneSpuriousEvent() throws Exception {
    TwoKernels.simulate(
        world -> {
          Pair pair = new Pair(world);
          assertEquals(1, pair.atDom0.get(), "after the bind");
          assertEquals(0, pair.atGuest.get());
          pair.dom0.send();
          TwoKernels.settle(1);
          assertEquals(1, pair.atGuest.get());
          pair.guest.send();
          TwoKernels.settle(1);
          assertEquals(2, pair.atDom0.get());
        });
  }

  @Test
  void eventSentBeforeTheHandlerWasThereIsDelivered() throws Exception {
    TwoKernels.simulate(
        world -> {
          int port = world.dom0Calls.events().bindInterdomain(world.guestId(), 1);
          assertEquals(0, world.dom0Calls.events().send(port));
          AtomicInteger runs = new AtomicInteger();
          EventChannel store = world.guest().events().bind(1, "xenbus", runs::incrementAndGet);
          TwoKernels.settle(1);
          assertEquals(1, runs.get());
          assertEquals(
              Errno.EINVAL,
              assertThrows(
                      KernelException.class,
                      () -> world.guest().events().bind(1, "again", () -> {}))
                  .errno());
          assertThrows(
              KernelException.class, () -> world.guest().events().bind(77, "free", () -> {}));
          store.close();
        });
  }

  @Test
  void disabledChannelKeepsItsEvent() throws Exception {
    TwoKernels.simulate(
        world -> {
          Pair pair = new Pair(world);
          pair.guest.disable();
          pair.guest.disable();
          pair.dom0.send();
          pair.dom0.send();
          TwoKernels.settle(1);
          assertEquals(0, pair.atGuest.get());
          pair.guest.enable();
          TwoKernels.settle(1);
          assertEquals(0, pair.atGuest.get());
          pair.guest.enable();
          TwoKernels.settle(1);
          assertEquals(1, pair.atGuest.get());
          assertThrows(IllegalStateException.class, pair.guest::enable);
        });
  }

  @Test
  void closedChannelIsSilentAndItsPeerSendsInVain() throws Exception {
    TwoKernels.simulate(
        world -> {
          Pair pair = new Pair(world);
          pair.guest.close();
          pair.guest.close();
          pair.dom0.send();
          pair.guest.send();
          TwoKernels.settle(1);
          assertEquals(0, pair.atGuest.get());
          assertEquals(1, pair.atDom0.get());
          pair.dom0.close();
        });
  }

  @Test
  void portUsedAgainAfterAPendingCloseStartsClean() throws Exception {
    TwoKernels.simulate(
        world -> {
          Pair pair = new Pair(world);
          pair.guest.disable();
          pair.dom0.send();
          pair.guest.close();
          pair.dom0.close();
          Pair next = new Pair(world);
          assertEquals(pair.guest.port(), next.guest.port());
          assertEquals(0, next.atGuest.get());
          next.dom0.send();
          TwoKernels.settle(1);
          assertEquals(1, next.atGuest.get());
        });
  }

  @Test
  void channelMayBeClosedFromItsOwnHandler() throws Exception {
    TwoKernels.simulate(
        world -> {
          AtomicReference<EventChannel> self = new AtomicReference<>();
          AtomicInteger runs = new AtomicInteger();
          EventChannel guest =
              world
                  .guest()
                  .events()
                  .allocateUnbound(
                      Domid.DOM0,
                      "once",
                      () -> {
                        runs.incrementAndGet();
                        Objects.requireNonNull(self.get()).close();
                      });
          self.set(guest);
          EventChannel dom0 =
              world.dom0.events().bindInterdomain(world.guestId(), guest.port(), "x", () -> {});
          dom0.send();
          TwoKernels.settle(1);
          dom0.send();
          TwoKernels.settle(1);
          assertEquals(1, runs.get());
        });
  }

  @Test
  void closeFromAnotherThreadWaitsForTheHandler() throws Exception {
    for (long seed = 0; seed < 30; seed++) {
      TwoKernels.simulate(
          seed,
          world -> {
            boolean[] state = {false, false};
            AtomicBoolean closed = new AtomicBoolean();
            EventChannel guest =
                world
                    .guest()
                    .events()
                    .allocateUnbound(
                        Domid.DOM0,
                        "slow",
                        () -> {
                          state[0] = true;
                          for (int i = 0; i < 5; i++) {
                            world.machine.point("handler");
                          }
                          state[0] = false;
                          state[1] = true;
                        });
            EventChannel dom0 =
                world.dom0.events().bindInterdomain(world.guestId(), guest.port(), "x", () -> {});
            dom0.send();
            Task closer =
                world
                    .guestCpu()
                    .kthread(
                        "closer",
                        self -> {
                          guest.close();
                          assertFalse(state[0], "no handler runs after the close");
                          state[1] = false;
                          closed.set(true);
                          return 0;
                        });
            closer.wake();
            while (!closed.get()) {
              TwoKernels.settle(1);
            }
            TwoKernels.settle(10);
            assertFalse(state[1], "no handler starts after the close");
          });
    }
  }

  @Test
  void lateEoiKeepsTheChannelSilentUntilItIsGiven() throws Exception {
    TwoKernels.simulate(
        world -> {
          Late late = new Late(world);
          assertEquals(1, late.runs.get());
          late.guest.send();
          TwoKernels.settle(1);
          assertEquals(1, late.runs.get());
          late.dom0.eoi(false);
          TwoKernels.settle(1);
          assertEquals(2, late.runs.get(), "the event in between");
          late.dom0.eoi(false);
          late.dom0.eoi(false);
          TwoKernels.settle(1);
          assertEquals(2, late.runs.get());
          assertEquals(2, late.statistics.events());
          assertEquals(1, late.statistics.eventChannels());
          late.dom0.close();
          assertEquals(0, late.statistics.eventChannels());
        });
  }

  @Test
  void withheldEoiSilencesThatPortAlone() throws Exception {
    TwoKernels.simulate(
        world -> {
          Late broken = new Late(world);
          Pair other = new Pair(world);
          for (int i = 0; i < 5; i++) {
            broken.guest.send();
            other.guest.send();
            TwoKernels.settle(1);
          }
          assertEquals(1, broken.runs.get());
          assertEquals(6, other.atDom0.get());
        });
  }

  @Test
  void disableAndEoiAreSeparateReasons() throws Exception {
    TwoKernels.simulate(
        world -> {
          Late late = new Late(world);
          late.dom0.disable();
          late.guest.send();
          late.dom0.eoi(false);
          TwoKernels.settle(1);
          assertEquals(1, late.runs.get());
          late.dom0.enable();
          TwoKernels.settle(1);
          assertEquals(2, late.runs.get());
        });
  }

  /// Sends, and returns after how many ticks the handler ran.
  private static long ticksUntilNextRun(TwoKernels world, Late late) {
    int before = late.runs.get();
    long begun = world.machine.clock().nanos();
    late.guest.send();
    while (late.runs.get() == before) {
      Task.sleep(TICK / 8);
    }
    return Math.round((double) (world.machine.clock().nanos() - begun) / TICK);
  }

  @Test
  void spuriousEventsAreDelayedTwiceAsLongEachUpToASecondAndThenForgiven() throws Exception {
    TwoKernels.simulate(
        world -> {
          Late late = new Late(world);
          List<Long> ticks = new ArrayList<>();
          for (int i = 0; i < 12; i++) {
            late.dom0.eoi(true);
            ticks.add(ticksUntilNextRun(world, late));
          }
          assertEquals(List.of(0L, 1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 250L, 250L, 250L), ticks);
          assertEquals(12, late.statistics.spuriousEvents());
          assertEquals(
              1 + 2 + 4 + 8 + 16 + 32 + 64 + 128 + 750, late.statistics.jiffiesEoiDelayed());
          late.dom0.eoi(false);
          assertEquals(0, ticksUntilNextRun(world, late));
          late.dom0.eoi(true);
          assertEquals(0, ticksUntilNextRun(world, late), "below the threshold again");
        });
  }

  @Test
  void spuriousThresholdIsAdjustable() throws Exception {
    TwoKernels.simulate(
        world -> {
          Late late = new Late(world);
          late.statistics.spuriousThreshold(3);
          List<Long> ticks = new ArrayList<>();
          for (int i = 0; i < 5; i++) {
            late.dom0.eoi(true);
            ticks.add(ticksUntilNextRun(world, late));
          }
          assertEquals(List.of(0L, 0L, 0L, 1L, 2L), ticks);
        });
  }

  private static List<Long> ticksOf(TwoKernels world, long threshold, int events) throws Exception {
    Late late = new Late(world);
    late.statistics.spuriousThreshold(threshold);
    List<Long> ticks = new ArrayList<>();
    for (int i = 0; i < events; i++) {
      late.dom0.eoi(true);
      ticks.add(ticksUntilNextRun(world, late));
    }
    return ticks;
  }

  @Test
  void thresholdOfNoneActsAsOne() throws Exception {
    TwoKernels.simulate(world -> assertEquals(List.of(0L, 1L, 2L, 4L), ticksOf(world, 0, 4)));
  }

  /// The count ends at 10, where 2^n has passed four seconds.
  @Test
  void delayEndsBelowASecondForAHighThresholdAndFromTenOnThereIsNone() throws Exception {
    TwoKernels.simulate(
        world -> {
          assertEquals(
              List.of(0L, 0L, 0L, 0L, 0L, 0L, 0L, 1L, 2L, 4L, 4L, 4L), ticksOf(world, 7, 12));
          for (long off : new long[] {10, 16, 4_294_967_295L}) {
            assertEquals(List.of(), ticksOf(world, off, 30).stream().filter(t -> t > 0).toList());
          }
        });
  }

  @Test
  void closingCancelsADelayedEoi() throws Exception {
    TwoKernels.simulate(
        world -> {
          Late late = new Late(world);
          for (int i = 0; i < 5; i++) {
            late.dom0.eoi(true);
            ticksUntilNextRun(world, late);
          }
          late.dom0.eoi(true);
          late.dom0.close();
          late.dom0.eoi(false);
          Late next = new Late(world);
          TwoKernels.settle(1_000);
          assertEquals(1, next.runs.get());
        });
  }

  @Test
  void stormFromOneGuestIsSlowedToOneEventASecond() throws Exception {
    TwoKernels.simulate(
        world -> {
          AtomicInteger runs = new AtomicInteger();
          EventChannel guest =
              world.guest().events().allocateUnbound(Domid.DOM0, "storm", () -> {});
          world
              .dom0
              .events()
              .bindInterdomainLateEoi(
                  world.guestId(),
                  guest.port(),
                  "storm",
                  new EventStatistics(),
                  channel -> {
                    runs.incrementAndGet();
                    channel.eoi(true);
                  });
          TwoKernels.settle(1);
          long begun = world.machine.clock().nanos();
          for (int i = 0; i < 10_000; i++) {
            guest.send();
            Task.sleep(1_000_000);
          }
          long seconds = (world.machine.clock().nanos() - begun) / 1_000_000_000L;
          assertTrue(runs.get() <= 11 + seconds, runs + " runs in " + seconds + " s");
          assertTrue(runs.get() >= 5 + seconds, runs + " runs in " + seconds + " s");
        });
  }

  @Test
  void handlerThatThrowsCostsNobodyElse() throws Exception {
    // On a live machine, where an exception in interrupt context is reported and no more.
    TwoKernels.live(
        world -> {
          List<Throwable> faults = new ArrayList<>();
          world.machine.addListener(
              new dev.xenbus.machine.MachineListener() {
                @Override
                public void oops(Task task, Throwable fault) {
                  synchronized (faults) {
                    faults.add(fault);
                  }
                }
              });
          EventChannel bad =
              world
                  .guest()
                  .events()
                  .allocateUnbound(
                      Domid.DOM0,
                      "bad",
                      () -> {
                        throw new IllegalStateException("planted");
                      });
          Pair good = new Pair(world);
          EventChannel toBad =
              world.dom0.events().bindInterdomain(world.guestId(), bad.port(), "x", () -> {});
          for (int i = 1; i <= 20; i++) {
            toBad.send();
            good.dom0.send();
            while (good.atGuest.get() < i) {
              Task.relax();
            }
          }
          synchronized (faults) {
            assertFalse(faults.isEmpty());
          }
        });
  }

  @Test
  void manyPortsOfDom0AreAllServed() throws Exception {
    TwoKernels.simulate(
        world -> {
          List<Pair> pairs = new ArrayList<>();
          for (int i = 0; i < 900; i++) {
            pairs.add(new Pair(world));
          }
          for (Pair pair : pairs) {
            pair.guest.send();
          }
          TwoKernels.settle(10);
          for (Pair pair : pairs) {
            assertEquals(2, pair.atDom0.get());
          }
        });
  }

  @Test
  void portsBeyondFourThousandWorkInDom0() throws Exception {
    TwoKernels.simulate(
        world -> {
          List<EventChannel> fill = new ArrayList<>();
          for (int i = 0; i < 10_000; i++) {
            fill.add(world.dom0.events().allocateUnbound(world.guestId(), "fill", () -> {}));
          }
          Pair pair = new Pair(world);
          assertTrue(pair.dom0.port() > 10_000);
          pair.guest.send();
          TwoKernels.settle(1);
          assertEquals(2, pair.atDom0.get());
          fill.forEach(EventChannel::close);
        });
  }

  @Test
  void privilegedProcessBindsSendsAndUnbinds() throws Exception {
    TwoKernels.simulate(
        world -> {
          AtomicInteger events = new AtomicInteger();
          AtomicInteger virqs = new AtomicInteger();
          AtomicInteger store = new AtomicInteger();
          var device = world.dom0.eventDevice();
          EventChannel guest = world.guest().events().bind(1, "xenbus", store::incrementAndGet);
          int port = device.bindInterdomain(world.guestId(), 1, events::incrementAndGet);
          device.bindVirq(EventOperations.VIRQ_DOM_EXC, virqs::incrementAndGet);
          device.notify(port);
          device.notify(4000);
          guest.send();
          TwoKernels.settle(1);
          assertEquals(1, store.get());
          assertTrue(events.get() >= 1);
          device.unbind(port);
          device.unbind(port);
          int before = events.get();
          guest.send();
          TwoKernels.settle(1);
          assertEquals(before, events.get());
          world.control.destroy(world.guestId());
          TwoKernels.settle(1);
          assertTrue(virqs.get() >= 1);
        });
  }

  @Test
  void peerThatNeverPausesDoesNotStopTheTimersOfAKernel() throws Exception {
    TwoKernels.live(
        world -> {
          AtomicInteger events = new AtomicInteger();
          int port =
              world.dom0.eventDevice().bindInterdomain(world.guestId(), 1, events::incrementAndGet);
          assertTrue(port > 0);
          AtomicInteger fired = new AtomicInteger();
          for (int i = 0; i < 2; i++) {
            world
                .guestCpu()
                .kthread(
                    "storm",
                    self -> {
                      while (true) {
                        world.guestCalls().events().send(1);
                      }
                    })
                .wake();
          }
          var timer =
              world.dom0Cpu.timer("t", dev.xenbus.machine.TimerKind.NORMAL, fired::incrementAndGet);
          for (int i = 1; i <= 20; i++) {
            timer.arm(1_000_000);
            while (fired.get() < i) {
              Task.sleep(100_000);
            }
          }
          assertTrue(events.get() > 0);
          world.control.destroy(world.guestId());
        });
  }
}

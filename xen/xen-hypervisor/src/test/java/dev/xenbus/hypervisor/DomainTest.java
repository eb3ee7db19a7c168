package dev.xenbus.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl.BootSpec;
import dev.xenbus.abi.hypercall.DomainControl.BuiltDomain;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.EventOperations.PortKind;
import dev.xenbus.abi.hypercall.EventOperations.PortStatus;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.Hypercalls;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.CpuGone;
import dev.xenbus.machine.MachineListener;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class DomainTest {
  private static final UUID SOME = new UUID(7, 7);

  private static void refuses(Errno errno, Executable call) {
    assertEquals(errno, assertThrows(HypercallException.class, call).errno());
  }

  private static void sleepForever(GuestStart start) {
    start.cpu().waitQueue("idle").await(Task.State.S, WaitQueue.FOREVER, () -> false);
  }

  @Test
  void newDomainIsPausedOnceAndOwnsItsMemory() throws Exception {
    World.simulate(
        world -> {
          long free = world.control.freeMib();
          Domid domid = world.control.create(new DomainSpec(SOME, 64, 2));
          assertEquals("--p---", world.state(domid));
          var info = world.control.info(domid).orElseThrow();
          assertEquals(64 * 256, info.pages());
          assertEquals(2, info.vcpusOnline());
          assertEquals(SOME, info.uuid());
          assertEquals(free - 64, world.control.freeMib());
          assertEquals(16_384, world.of(domid).memory().frames());
        });
  }

  @Test
  void builderPreparesStoreAndConsoleForDom0() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.control.create(new DomainSpec(SOME, 16, 1));
          BuiltDomain built = world.control.build(domid, new BootSpec("k", "", ""));
          assertEquals(1, built.storePort());
          assertEquals(2, built.consolePort());
          EventOperations events = world.of(domid).events();
          PortStatus unbound = new PortStatus(PortKind.UNBOUND, Domid.DOM0, 0);
          assertEquals(unbound, events.status(1));
          assertEquals(unbound, events.status(2));
          MemorySegment store = world.of(domid).memory().page(built.storeFrame());
          assertEquals(1, store.get(ValueLayout.JAVA_INT, 2076));
          int handle = world.dom0.grants().map(domid.value(), 1, 0);
          assertEquals(store, world.dom0.grants().mapped(handle));
          int console = world.dom0.grants().map(domid.value(), 0, 0);
          assertEquals(1, world.dom0.grants().mapped(console).get(ValueLayout.JAVA_BYTE, 3088));
          refuses(Errno.EINVAL, () -> world.control.build(domid, new BootSpec("k", "", "")));
        });
  }

  @Test
  void firstUnpauseBootsOnce() throws Exception {
    World.simulate(
        world -> {
          AtomicInteger boots = new AtomicInteger();
          Domid domid =
              world.running(
                  start -> {
                    boots.incrementAndGet();
                    assertEquals("dom1", start.cpu().owner());
                    assertEquals(start.domid(), start.hypercalls().self());
                    assertEquals(4096, start.frames());
                    sleepForever(start);
                  });
          Task.sleep(1_000_000);
          assertEquals("-b----", world.state(domid));
          world.control.pause(domid);
          assertEquals("--p---", world.state(domid));
          world.control.unpause(domid);
          Task.sleep(1_000_000);
          assertEquals(1, boots.get());
          refuses(Errno.EINVAL, () -> world.control.unpause(domid));
        });
  }

  @Test
  void pausesNest() throws Exception {
    World.simulate(
        world -> {
          AtomicInteger ticks = new AtomicInteger();
          Domid domid =
              world.running(
                  start -> {
                    while (true) {
                      ticks.incrementAndGet();
                      Task.sleep(1_000_000);
                    }
                  });
          Task.sleep(5_000_000);
          world.control.pause(domid);
          world.control.pause(domid);
          int before = ticks.get();
          assertTrue(before > 0);
          world.control.unpause(domid);
          Task.sleep(10_000_000);
          assertEquals(before, ticks.get());
          world.control.unpause(domid);
          Task.sleep(10_000_000);
          assertTrue(ticks.get() > before);
        });
  }

  @Test
  void idsAreNotReusedAtOnce() throws Exception {
    World.simulate(
        world -> {
          Domid first = world.guest();
          world.control.destroy(first);
          assertEquals("gone", world.state(first));
          Domid second = world.guest();
          assertNotEquals(first, second);
          assertEquals(2, second.value());
        });
  }

  @Test
  void idsWrapToOneAndSkipThoseInUse() {
    DomainTable table = new DomainTable();
    for (int id = 1; id < Domid.FIRST_RESERVED; id++) {
      assertEquals(id, table.claim());
    }
    assertEquals(1, table.claim());
    assertEquals(2, table.claim());
  }

  @Test
  void firstShutdownReasonWinsAndReleasesNothing() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.running(DomainTest::sleepForever);
          world.grant(domid, 9, Domid.DOM0, 40, false);
          Task.sleep(1_000_000);
          long pages = world.control.info(domid).orElseThrow().pages();
          world.control.shutdown(domid, ShutdownReason.REBOOT);
          world.control.shutdown(domid, ShutdownReason.CRASH);
          assertEquals("---sr-", world.state(domid));
          assertEquals(pages, world.control.info(domid).orElseThrow().pages());
          assertEquals(0, world.dom0.grants().map(domid.value(), 9, 0), "grants stay valid");
          int port = world.dom0.events().bindInterdomain(domid, 1);
          assertEquals(0, world.dom0.events().send(port), "ports stay valid");
        });
  }

  @Test
  void shutdownByTheGuestUnwindsItAndTellsDom0() throws Exception {
    World.simulate(
        world -> {
          int virq = world.dom0.events().bindVirq(EventOperations.VIRQ_DOM_EXC);
          boolean[] wentOn = {false};
          Domid domid =
              world.running(
                  start -> {
                    start.hypercalls().sched().shutdown(ShutdownReason.POWEROFF);
                    wentOn[0] = true;
                  });
          Task.sleep(1_000_000);
          assertEquals("---s--", world.state(domid));
          assertFalse(wentOn[0]);
          assertTrue(world.bits(Domid.DOM0).isPending(virq));
        });
  }

  @Test
  void bootThatThrowsIsACrashOfThatDomainAlone() throws Exception {
    World.live(
        world -> {
          List<Throwable> oopses = new CopyOnWriteArrayList<>();
          world.machine.addListener(
              new MachineListener() {
                @Override
                public void oops(Task task, Throwable fault) {
                  oopses.add(fault);
                }
              });
          Domid other = world.running(DomainTest::sleepForever);
          Domid domid =
              world.running(
                  start -> {
                    throw new IllegalStateException("planted");
                  });
          while (oopses.isEmpty()) {
            Task.relax();
          }
          assertEquals("---sc-", world.state(domid));
          assertTrue(world.control.info(other).orElseThrow().shutdown().isEmpty());
          assertEquals(1, oopses.size());
        });
  }

  @Test
  void destroyFreesEverythingAtOnceIfNobodyMaps() throws Exception {
    World.simulate(
        world -> {
          long free = world.control.freeMib();
          int virq = world.dom0.events().bindVirq(EventOperations.VIRQ_DOM_EXC);
          Domid domid = world.running(DomainTest::sleepForever);
          Task.sleep(1_000_000);
          Hypercalls calls = world.of(domid);
          world.control.destroy(domid);
          assertEquals("gone", world.state(domid));
          assertEquals(free, world.control.freeMib());
          assertTrue(world.bits(Domid.DOM0).isPending(virq));
          assertThrows(CpuGone.class, () -> calls.events().send(1));
          assertThrows(CpuGone.class, () -> calls.memory().page(5));
          assertThrows(CpuGone.class, () -> calls.grants().map(0, 1, 0));
          refuses(Errno.ESRCH, () -> world.control.destroy(domid));
        });
  }

  @Test
  void mappedPageKeepsAZombieUntilTheLastUnmap() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.guest();
          world.grant(domid, 9, Domid.DOM0, 40, false);
          world.grant(domid, 10, Domid.DOM0, 41, false);
          int one = world.dom0.grants().map(domid.value(), 9, 0);
          int other = world.dom0.grants().map(domid.value(), 10, 0);
          MemorySegment page = world.dom0.grants().mapped(one);
          page.set(ValueLayout.JAVA_INT, 0, 77);
          world.control.destroy(domid);
          assertEquals("--p--d", world.state(domid));
          assertEquals(2, world.control.info(domid).orElseThrow().pages());
          assertEquals(77, page.get(ValueLayout.JAVA_INT, 0));
          assertNotEquals(domid, world.guest(), "a zombie keeps its id");
          world.control.destroy(domid);
          assertEquals("--p--d", world.state(domid), "killed again");
          assertEquals(GrantStatus.OKAY, world.dom0.grants().unmap(other));
          assertEquals("--p--d", world.state(domid));
          assertEquals(GrantStatus.OKAY, world.dom0.grants().unmap(one));
          assertEquals("gone", world.state(domid));
        });
  }

  @Test
  void zombieShowsWhyItStopped() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.guest();
          world.grant(domid, 9, Domid.DOM0, 40, false);
          int handle = world.dom0.grants().map(domid.value(), 9, 0);
          world.control.shutdown(domid, ShutdownReason.REBOOT);
          world.control.destroy(domid);
          assertEquals("--psrd", world.state(domid));
          world.dom0.grants().unmap(handle);
        });
  }

  @Test
  void zombieAnswersOnlyThroughPinnedEntries() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.guest();
          world.grant(domid, 9, Domid.DOM0, 40, false);
          world.grant(domid, 10, Domid.DOM0, 41, false);
          int handle = world.dom0.grants().map(domid.value(), 9, 0);
          world.control.destroy(domid);
          int again = world.dom0.grants().map(domid.value(), 9, 0);
          assertTrue(again >= 0);
          assertEquals(GrantStatus.BAD_PAGE, world.dom0.grants().map(domid.value(), 10, 0));
          assertEquals(GrantStatus.BAD_DOMAIN, GrantTest.copyIn(world.dom0, domid, 9));
          assertEquals(GrantStatus.BAD_PAGE, GrantTest.copyIn(world.dom0, domid, 10));
          world.dom0.grants().unmap(handle);
          assertEquals("--p--d", world.state(domid));
          world.dom0.grants().unmap(again);
          assertEquals("gone", world.state(domid));
        });
  }

  @Test
  void deathOfAMapperReleasesItsMappingsAndTheZombieItHeld() throws Exception {
    World.simulate(
        world -> {
          Domid mapper = world.guest();
          Domid granter = world.guest();
          Domid victim = world.guest();
          world.grant(granter, 9, mapper, 40, false);
          world.grant(victim, 9, mapper, 40, false);
          assertEquals(0, world.of(mapper).grants().map(granter.value(), 9, 0));
          assertEquals(1, world.of(mapper).grants().map(victim.value(), 9, 0));
          world.control.destroy(victim);
          assertEquals("--p--d", world.state(victim));
          assertFalse(world.revoke(granter, 9));
          world.control.destroy(mapper);
          assertEquals("gone", world.state(mapper));
          assertEquals("gone", world.state(victim));
          assertTrue(world.revoke(granter, 9));
        });
  }

  @Test
  void selfGrantDoesNotOutliveItsDomain() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.guest();
          world.grant(domid, 9, domid, 40, false);
          assertEquals(0, world.of(domid).grants().map(domid.value(), 9, 0));
          world.control.destroy(domid);
          assertEquals("gone", world.state(domid));
        });
  }

  @Test
  void onlyDom0ControlsDomains() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.guest();
          refuses(Errno.EPERM, () -> world.of(domid).domains());
          refuses(Errno.EINVAL, () -> world.control.destroy(Domid.DOM0));
          refuses(Errno.EINVAL, () -> world.control.pause(Domid.DOM0));
          for (int id : new int[] {5, 0x7FF0, 0x7FF1, 0x7FF4, 0x7FFF}) {
            refuses(Errno.ESRCH, () -> world.control.destroy(Domid.of(id)));
            refuses(Errno.ESRCH, () -> world.control.pause(Domid.of(id)));
          }
        });
  }

  /// An id that is asked for is given if it is free; the turn goes on where it was.
  @Test
  void idThatIsAskedForIsGivenUnlessItIsInUse() throws Exception {
    World.simulate(
        world -> {
          Domid first = world.guest();
          assertEquals(Domid.of(7), world.control.create(asking(7)));
          assertEquals(Domid.of(first.value() + 1), world.guest());
          refuses(Errno.EEXIST, () -> world.control.create(asking(7)));
          refuses(Errno.EINVAL, () -> world.control.create(asking(0)));
          refuses(Errno.EINVAL, () -> world.control.create(asking(Domid.FIRST_RESERVED)));
          world.control.destroy(Domid.of(7));
          assertEquals(Domid.of(7), world.control.create(asking(7)));
        });
  }

  private static DomainSpec asking(int domid) {
    return new DomainSpec(SOME, 16, 1, 1023, 64, Optional.of(Domid.of(domid)), false);
  }

  @Test
  void memoryIsPromisedAndRefused() throws Exception {
    World.simulate(
        world -> {
          long free = world.control.freeMib();
          refuses(
              Errno.ENOMEM,
              () -> world.control.create(new DomainSpec(SOME, Math.toIntExact(free) + 1, 1)));
          Domid all = world.control.create(new DomainSpec(SOME, Math.toIntExact(free), 1));
          assertEquals(0, world.control.freeMib());
          world.control.destroy(all);
          assertEquals(free, world.control.freeMib());
          refuses(Errno.EINVAL, () -> world.control.create(new DomainSpec(SOME, 0, 1)));
          refuses(Errno.EINVAL, () -> world.control.create(new DomainSpec(SOME, 1, 0)));
          refuses(
              Errno.EINVAL, () -> world.control.create(new DomainSpec(SOME, 1, 1, 200_000, 64)));
        });
  }

  @Test
  void framesAreGivenOnFirstTouchAndReadZero() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.guest();
          long made = world.xen.pool().framesMade();
          MemorySegment page = world.of(domid).memory().page(100);
          assertEquals(0, page.mismatch(MemorySegment.ofArray(new byte[4096])) + 1);
          assertTrue(world.xen.pool().framesMade() <= made + 1);
          page.fill((byte) 1);
          world.of(domid).memory().release(100);
          assertEquals(0, world.of(domid).memory().page(100).get(ValueLayout.JAVA_INT, 0));
          assertThrows(IllegalArgumentException.class, () -> world.of(domid).memory().page(4096));
          assertThrows(IllegalArgumentException.class, () -> world.of(domid).memory().page(-1));
        });
  }

  @Test
  void releasedFrameThatOthersMapStaysTheirsAndIsAccountedFor() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.guest();
          world.grant(domid, 9, Domid.DOM0, 40, false);
          int handle = world.dom0.grants().map(domid.value(), 9, 0);
          MemorySegment mapped = world.dom0.grants().mapped(handle);
          mapped.set(ValueLayout.JAVA_INT, 0, 5);
          world.of(domid).memory().release(40);
          MemorySegment fresh = world.of(domid).memory().page(40);
          assertEquals(0, fresh.get(ValueLayout.JAVA_INT, 0));
          assertEquals(5, mapped.get(ValueLayout.JAVA_INT, 0));
          assertEquals(4097, world.control.info(domid).orElseThrow().pages());
          world.xen.checkPages();
          world.dom0.grants().unmap(handle);
          assertEquals(4096, world.control.info(domid).orElseThrow().pages());
          world.xen.checkPages();
          world.control.destroy(domid);
          assertEquals("gone", world.state(domid));
        });
  }

  @Test
  void listingIsByIdWithDom0First() throws Exception {
    World.simulate(
        world -> {
          world.guest();
          world.guest();
          assertEquals("[0, 1, 2]", world.ids().toString());
        });
  }

  @Test
  void deathOfADomainWithManyMappingsGoesInSlices() throws Exception {
    World.simulate(
        world -> {
          Domid mapper = world.guest();
          List<Domid> granters = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            Domid granter = world.guest();
            granters.add(granter);
            for (int ref = 8; ref < 512; ref++) {
              world.grant(granter, ref, mapper, 40 + ref, false);
              assertTrue(world.of(mapper).grants().map(granter.value(), ref, 0) >= 0);
            }
          }
          AtomicInteger others = new AtomicInteger();
          Task other =
              world
                  .xen
                  .dom0Cpu()
                  .process(
                      "other",
                      self -> {
                        while (world.xen.domains().find(mapper.value()) != null) {
                          others.incrementAndGet();
                          world.machine.relax();
                        }
                        return 0;
                      });
          other.wake();
          world.control.destroy(mapper);
          other.waitFor();
          assertTrue(others.get() >= 4, "others ran " + others + " times meanwhile");
          for (Domid granter : granters) {
            for (int ref = 8; ref < 512; ref++) {
              assertTrue(world.revoke(granter, ref));
            }
          }
        });
  }

  @Test
  void twoMayDestroyOneDomain() throws Exception {
    for (long seed = 0; seed < 50; seed++) {
      World.simulate(
          seed,
          world -> {
            Domid domid = world.running(DomainTest::sleepForever);
            world.grant(domid, 9, Domid.DOM0, 40, false);
            int handle = world.dom0.grants().map(domid.value(), 9, 0);
            List<Task> killers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
              killers.add(
                  world
                      .xen
                      .dom0Cpu()
                      .process(
                          "xl",
                          self -> {
                            try {
                              world.control.destroy(domid);
                              return 0;
                            } catch (HypercallException e) {
                              return e.errno().number();
                            }
                          }));
            }
            killers.forEach(Task::wake);
            world.dom0.grants().unmap(handle);
            for (Task killer : killers) {
              int code = killer.waitFor();
              assertTrue(code == 0 || code == Errno.ESRCH.number(), "exit " + code);
            }
            assertEquals("gone", world.state(domid));
          });
    }
  }

  @Test
  void pageIsConservedInEveryStep() throws Exception {
    for (long seed = 0; seed < 30; seed++) {
      World.simulate(
          seed,
          world -> {
            world.machine.invariant(
                "pages",
                () -> {
                  world.xen.checkPages();
                  return true;
                });
            Domid granter = world.guest();
            Domid mapper =
                world.running(
                    start -> {
                      while (true) {
                        int handle = start.hypercalls().grants().map(granter.value(), 9, 0);
                        if (handle >= 0) {
                          start.hypercalls().grants().unmap(handle);
                        }
                      }
                    });
            world.grant(granter, 9, mapper, 40, false);
            for (int i = 0; i < 100; i++) {
              Task.relax();
            }
            world.control.destroy(granter);
            world.control.destroy(mapper);
            assertEquals("[0]", world.ids().toString());
          });
    }
  }
}

package dev.xenbus.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.machine.Task;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Suspend, resume, save and restore of domains, and the sleep of the machine.
class SuspendTest {
  private static final long MILLI = 1_000_000;
  private static final int FRAME = 40;

  /// A kernel with a thread that counts and one that suspends it.
  private static final class Kernel {
    final AtomicInteger ticks = new AtomicInteger();
    final List<String> went = new CopyOnWriteArrayList<>();
    volatile MemorySegment page = MemorySegment.NULL;

    void boot(GuestStart start) {
      try {
        page = start.hypercalls().memory().page(FRAME);
        page.set(ValueLayout.JAVA_INT, 0, 4711);
        start
            .cpu()
            .kthread(
                "ticker",
                self -> {
                  while (true) {
                    ticks.incrementAndGet();
                    Task.sleep(MILLI);
                  }
                })
            .wake();
        Task.sleep(5 * MILLI);
        for (int i = 0; i < 2; i++) {
          start.cpu().stopMachine();
          boolean cancelled = start.hypercalls().sched().suspend();
          start.cpu().restartMachine();
          went.add(start.hypercalls().self() + (cancelled ? " cancelled" : " resumed"));
          Task.sleep(5 * MILLI);
        }
      } catch (HypercallException | dev.xenbus.machine.NoThread e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void refuses(Errno errno, org.junit.jupiter.api.function.Executable call) {
    assertEquals(errno, assertThrows(HypercallException.class, call).errno());
  }

  private static Domid suspended(World world, Kernel kernel) throws HypercallException {
    Domid domid = world.running(kernel::boot);
    Task.sleep(20 * MILLI);
    assertEquals("---ss-", world.state(domid));
    return domid;
  }

  @Test
  void suspendedDomainStandsStillUntilItIsResumed() throws Exception {
    World.simulate(
        world -> {
          Kernel kernel = new Kernel();
          Domid domid = suspended(world, kernel);
          int seen = kernel.ticks.get();
          assertTrue(seen > 0);
          Task.sleep(20 * MILLI);
          assertEquals(seen, kernel.ticks.get());
          world.control.resume(domid);
          Task.sleep(20 * MILLI);
          assertEquals(List.of(domid + " cancelled"), kernel.went);
          assertTrue(kernel.ticks.get() > seen);
          refuses(Errno.EINVAL, () -> world.control.resume(world.guest()));
        });
  }

  @Test
  void pausesOfASuspendedDomainCountWhenItIsResumed() throws Exception {
    World.simulate(
        world -> {
          Kernel kernel = new Kernel();
          Domid domid = suspended(world, kernel);
          world.control.pause(domid);
          assertEquals("--pss-", world.state(domid));
          world.control.resume(domid);
          Task.sleep(20 * MILLI);
          assertEquals(List.of(), kernel.went);
          assertEquals("--p---", world.state(domid));
          world.control.unpause(domid);
          Task.sleep(20 * MILLI);
          assertEquals(List.of(domid + " cancelled"), kernel.went);
        });
  }

  @Test
  void suspendedDomainIsDestroyedLikeAnother() throws Exception {
    World.simulate(
        world -> {
          Domid domid = suspended(world, new Kernel());
          world.control.destroy(domid);
          assertEquals("gone", world.state(domid));
          Task.sleep(MILLI);
          assertEquals(0, tasksOf(world, "dom1"));
        });
  }

  private static long tasksOf(World world, String owner) {
    return world.machine.tasks().stream().filter(task -> task.cpu().owner().equals(owner)).count();
  }

  @Test
  void savedStateGoesOnInAnotherDomainOnce() throws Exception {
    World.simulate(
        world -> {
          Kernel kernel = new Kernel();
          Domid domid = suspended(world, kernel);
          DomainImage image = world.control.save(domid);
          assertTrue(image.isUsable());
          assertTrue(image.pages() > 0);
          world.control.destroy(domid);
          assertEquals("gone", world.state(domid));
          world.xen.checkPages();
          int seen = kernel.ticks.get();
          Domid next = world.guest();
          world.control.restore(next, image);
          assertFalse(image.isUsable());
          Task.sleep(20 * MILLI);
          assertEquals(seen, kernel.ticks.get(), "it is paused still");
          world.control.unpause(next);
          Task.sleep(20 * MILLI);
          assertEquals(List.of(next + " resumed"), kernel.went);
          assertTrue(kernel.ticks.get() > seen);
          MemorySegment page = world.of(next).memory().page(FRAME);
          assertEquals(kernel.page.address(), page.address());
          assertEquals(4711, page.get(ValueLayout.JAVA_INT, 0));
          refuses(Errno.EINVAL, () -> world.control.restore(world.guest(), image));
          world.control.destroy(next);
          assertEquals("gone", world.state(next));
          world.xen.checkPages();
        });
  }

  @Test
  void pageThatOthersMapStaysBehindAndItsContentGoesAlong() throws Exception {
    World.simulate(
        world -> {
          Kernel kernel = new Kernel();
          Domid domid = suspended(world, kernel);
          world.grant(domid, 9, Domid.DOM0, FRAME, false);
          int handle = world.dom0.grants().map(domid.value(), 9, 0);
          DomainImage image = world.control.save(domid);
          world.control.destroy(domid);
          assertEquals("---ssd", world.state(domid));
          Domid next = world.guest();
          world.control.restore(next, image);
          MemorySegment page = world.of(next).memory().page(FRAME);
          assertNotEquals(kernel.page.address(), page.address());
          assertEquals(4711, page.get(ValueLayout.JAVA_INT, 0));
          world.dom0.grants().mapped(handle).set(ValueLayout.JAVA_INT, 0, 1);
          assertEquals(4711, page.get(ValueLayout.JAVA_INT, 0));
          world.dom0.grants().unmap(handle);
          assertEquals("gone", world.state(domid));
          world.xen.checkPages();
        });
  }

  @Test
  void stateOfADomainThatWentOnIsNotUsable() throws Exception {
    World.simulate(
        world -> {
          Domid domid = suspended(world, new Kernel());
          DomainImage image = world.control.save(domid);
          world.control.resume(domid);
          assertFalse(image.isUsable());
          refuses(Errno.EINVAL, () -> world.control.restore(world.guest(), image));
        });
  }

  @Test
  void smallerDomainIsRefusedAndTheStateStays() throws Exception {
    World.simulate(
        world -> {
          Domid domid = suspended(world, new Kernel());
          DomainImage image = world.control.save(domid);
          Domid small = world.guest(new DomainSpec(new UUID(1, 1), 8, 1));
          refuses(Errno.EINVAL, () -> world.control.restore(small, image));
          assertTrue(image.isUsable());
          world.control.resume(domid);
        });
  }

  @Test
  void onlyASuspendedDomainIsSaved() throws Exception {
    World.simulate(
        world -> {
          Domid domid = world.running(start -> Task.sleep(100 * MILLI));
          refuses(Errno.EINVAL, () -> world.control.save(domid));
          world.control.shutdown(domid, ShutdownReason.SUSPEND);
          refuses(Errno.EINVAL, () -> world.control.save(domid));
          refuses(Errno.ESRCH, () -> world.control.save(Domid.of(77)));
        });
  }

  @Test
  void discardedStateLeavesNothing() throws Exception {
    World.simulate(
        world -> {
          Hypervisor.Census before = world.xen.census();
          Domid domid = suspended(world, new Kernel());
          DomainImage image = world.control.save(domid);
          world.control.destroy(domid);
          assertEquals(before, world.xen.census());
          assertTrue(tasksOf(world, "dom1") > 0);
          world.control.discard(image);
          Task.sleep(MILLI);
          assertEquals(0, tasksOf(world, "dom1"));
          assertFalse(image.isUsable());
        });
  }

  @Test
  void nobodyRunsWhileTheMachineSleeps() throws Exception {
    World.simulate(
        world -> {
          AtomicInteger guest = new AtomicInteger();
          AtomicInteger dom0 = new AtomicInteger();
          world.running(start -> tick(guest));
          world.xen.dom0Cpu().kthread("ticker", self -> tick(dom0)).wake();
          Task.sleep(5 * MILLI);
          assertTrue(guest.get() > 0 && dom0.get() > 0);
          int before = guest.get() + dom0.get();
          long began = world.machine.clock().nanos();
          world.control.sleepMachine(500 * MILLI);
          assertTrue(world.machine.clock().nanos() - began >= 500 * MILLI);
          assertTrue(guest.get() + dom0.get() - before < 50);
          int woken = guest.get() + dom0.get();
          Task.sleep(100 * MILLI);
          assertTrue(guest.get() + dom0.get() - woken > 100);
        });
  }

  private static int tick(AtomicInteger count) {
    while (true) {
      count.incrementAndGet();
      Task.sleep(MILLI);
    }
  }
}

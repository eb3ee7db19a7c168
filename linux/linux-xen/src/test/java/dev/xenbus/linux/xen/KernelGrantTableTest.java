package dev.xenbus.linux.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.linux.api.GrantRefs;
import dev.xenbus.linux.api.GrantTable;
import dev.xenbus.linux.api.GrantTable.GrantReserve;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.Page;
import dev.xenbus.machine.Task;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KernelGrantTableTest {
  private static final long MILLI = 1_000_000;

  @Test
  void grantIsMappedUsedAndEnded() throws Exception {
    TwoKernels.simulate(
        world -> {
          GrantTable grants = world.guest().grants();
          Page page = world.guest().pages().allocate();
          int ref = grants.grantAccess(Domid.DOM0, page, false);
          assertTrue(ref >= GrantRefs.FIRST_FREE);
          MappedGrant mapped = world.dom0.grants().map(world.guestId(), ref, false);
          mapped.page().set(ValueLayout.JAVA_INT, 4, 99);
          assertEquals(99, page.memory().get(ValueLayout.JAVA_INT, 4));
          assertFalse(grants.tryEndAccess(ref));
          mapped.close();
          mapped.close();
          assertThrows(IllegalStateException.class, mapped::page);
          assertTrue(grants.tryEndAccess(ref));
          assertEquals(0, world.guest().grantsInUse());
          assertEquals(0, world.dom0.mappings());
        });
  }

  @Test
  void refusedMapSaysWhy() throws Exception {
    TwoKernels.simulate(
        world -> {
          KernelException refused =
              assertThrows(
                  KernelException.class,
                  () -> world.dom0.grants().map(world.guestId(), 300, false));
          assertEquals(Errno.ENOENT, refused.errno());
          assertEquals("mapping d1 grant 300: GNTST_general_error", refused.getMessage());
          HypercallException device =
              assertThrows(
                  HypercallException.class, () -> world.dom0.grantDevice().map(Domid.of(9), 1));
          assertEquals(Errno.EINVAL, device.errno());
          assertTrue(device.toString().endsWith("GNTST_bad_domain"), device.toString());
        });
  }

  @Test
  void referencesGrowByFramesAndEndWithEnospc() throws Exception {
    TwoKernels.simulate(
        world -> {
          GrantTable grants = world.guest().grants();
          Page page = world.guest().pages().allocate();
          int all = 64 * 512 - GrantRefs.FIRST_FREE;
          List<Integer> refs = new ArrayList<>();
          for (int i = 0; i < all; i++) {
            refs.add(grants.grantAccess(Domid.DOM0, page, true));
          }
          assertEquals(GrantRefs.FIRST_FREE, refs.get(0));
          assertEquals(all, refs.stream().distinct().count());
          assertEquals(
              Errno.ENOSPC,
              assertThrows(KernelException.class, () -> grants.grantAccess(Domid.DOM0, page, true))
                  .errno());
          for (int ref : refs) {
            assertTrue(grants.tryEndAccess(ref));
          }
          assertEquals(0, world.guest().grantsInUse());
        });
  }

  @Test
  void freeingAReferenceTwiceIsFound() throws Exception {
    TwoKernels.simulate(
        world -> {
          GrantTable grants = world.guest().grants();
          Page page = world.guest().pages().allocate();
          int ref = grants.grantAccess(Domid.DOM0, page, true);
          assertTrue(grants.tryEndAccess(ref));
          assertThrows(IllegalArgumentException.class, () -> grants.tryEndAccess(ref));
        });
  }

  @Test
  void endedGrantInUseIsDeferredUntilThePeerLetsGo() throws Exception {
    TwoKernels.simulate(
        world -> {
          GrantTable grants = world.guest().grants();
          Page page = world.guest().pages().allocate();
          int ref = grants.grantAccess(Domid.DOM0, page, false);
          MappedGrant mapped = world.dom0.grants().map(world.guestId(), ref, false);
          grants.endAccess(ref, page);
          assertEquals(1, world.guest().grantsDeferred());
          TwoKernels.settle(5_500);
          assertEquals(1, world.guest().grantsDeferred());
          assertEquals(1, world.guest().pages().inUse(), "the page is not used again");
          assertNotEquals(ref, grants.grantAccess(Domid.DOM0, page, false));
          mapped.close();
          TwoKernels.settle(1_100);
          assertEquals(0, world.guest().grantsDeferred());
          assertEquals(0, world.guest().pages().inUse());
          assertEquals(
              List.of(
                  "xen:grant_table: deferring g.e. 0x8 (pfn 10)",
                  "xen:grant_table: freeing g.e. 0x8 (pfn 10)"),
              world.log.texts());
        });
  }

  @Test
  void deferralListLooksAtTenATickAndWarnsAfterAMinute() throws Exception {
    TwoKernels.simulate(
        world -> {
          GrantTable grants = world.guest().grants();
          List<MappedGrant> mapped = new ArrayList<>();
          for (int i = 0; i < 25; i++) {
            Page page = world.guest().pages().allocate();
            int ref = grants.grantAccess(Domid.DOM0, page, false);
            mapped.add(world.dom0.grants().map(world.guestId(), ref, false));
            grants.endAccess(ref, page);
          }
          mapped.forEach(MappedGrant::close);
          TwoKernels.settle(1_100);
          assertEquals(15, world.guest().grantsDeferred());
          TwoKernels.settle(1_000);
          assertEquals(5, world.guest().grantsDeferred());
          TwoKernels.settle(1_000);
          assertEquals(0, world.guest().grantsDeferred());
          Page page = world.guest().pages().allocate();
          int ref = grants.grantAccess(Domid.DOM0, page, false);
          world.dom0.grants().map(world.guestId(), ref, false);
          grants.endAccess(ref, page);
          TwoKernels.settle(59_000);
          assertFalse(world.log.texts().getLast().endsWith("still pending"));
          TwoKernels.settle(2_000);
          assertTrue(world.log.texts().getLast().endsWith("still pending"));
        });
  }

  @Test
  void reservedReferencesCannotRunOut() throws Exception {
    TwoKernels.simulate(
        world -> {
          Page page = world.guest().pages().allocate();
          GrantReserve reserve = world.guest().grants().reserve(600);
          assertEquals(600, reserve.available());
          int ref = reserve.claim(Domid.DOM0, page, false);
          assertEquals(599, reserve.available());
          MappedGrant mapped = world.dom0.grants().map(world.guestId(), ref, false);
          assertFalse(reserve.end(ref));
          mapped.close();
          assertTrue(reserve.end(ref));
          assertEquals(600, reserve.available());
          for (int i = 0; i < 600; i++) {
            reserve.claim(Domid.DOM0, page, false);
          }
          assertEquals(
              Errno.ENOSPC,
              assertThrows(KernelException.class, () -> reserve.claim(Domid.DOM0, page, false))
                  .errno());
          reserve.close();
          assertEquals(600, world.guest().grantsInUse(), "claimed ones are the user's");
          assertThrows(KernelException.class, () -> world.guest().grants().reserve(64 * 512));
          assertEquals(600, world.guest().grantsInUse(), "all or none");
        });
  }

  @Test
  void asynchronousUnmapWaitsForTheUsersOfThePage() throws Exception {
    TwoKernels.simulate(
        world -> {
          Page page = world.guest().pages().allocate();
          int ref = world.guest().grants().grantAccess(Domid.DOM0, page, false);
          MappedGrant mapped = world.dom0.grants().map(world.guestId(), ref, false);
          mapped.get();
          assertEquals(2, mapped.users());
          AtomicInteger done = new AtomicInteger();
          long begun = world.machine.clock().nanos();
          world.dom0.grants().unmapAsync(List.of(mapped), done::incrementAndGet);
          Task.sleep(31 * MILLI); // looked at after 5, 15 and 30 ms
          assertEquals(0, done.get());
          mapped.put();
          Task.sleep(18 * MILLI);
          assertEquals(0, done.get(), "the next look is at 50 ms");
          while (done.get() == 0) {
            Task.sleep(MILLI / 10);
          }
          long took = world.machine.clock().nanos() - begun;
          assertTrue(took >= 50 * MILLI && took < 52 * MILLI, "after " + took);
          assertThrows(IllegalStateException.class, mapped::page);
          assertTrue(world.guest().grants().tryEndAccess(ref));
        });
  }

  @Test
  void asynchronousUnmapOfUnusedPagesCallsBackOnceEach() throws Exception {
    TwoKernels.simulate(
        world -> {
          Page page = world.guest().pages().allocate();
          int ref = world.guest().grants().grantAccess(Domid.DOM0, page, false);
          AtomicInteger done = new AtomicInteger();
          Runnable sameCallback = done::incrementAndGet;
          for (int i = 0; i < 3; i++) {
            MappedGrant mapped = world.dom0.grants().map(world.guestId(), ref, false);
            world.dom0.grants().unmapAsync(List.of(mapped), sameCallback);
          }
          TwoKernels.settle(1);
          assertEquals(3, done.get());
          assertEquals(0, world.dom0.mappings());
        });
  }

  @Test
  void synchronousUnmapStallsItsCallerUntilThePageIsPut() throws Exception {
    TwoKernels.simulate(
        world -> {
          Page page = world.guest().pages().allocate();
          int ref = world.guest().grants().grantAccess(Domid.DOM0, page, false);
          MappedGrant mapped = world.dom0.grants().map(world.guestId(), ref, false);
          mapped.get();
          Task victim =
              world.dom0Cpu.kthread(
                  "xenwatch",
                  self -> {
                    world.dom0.grants().unmapSync(List.of(mapped));
                    return 0;
                  });
          victim.wake();
          TwoKernels.settle(1_000);
          assertEquals(Task.State.D, victim.state());
          mapped.put();
          TwoKernels.settle(1_000);
          assertEquals(Task.State.Z, victim.state());
        });
  }

  @Test
  void copiesHaveStatuses() throws Exception {
    TwoKernels.simulate(
        world -> {
          Page from = world.guest().pages().allocate();
          Page to = world.dom0.pages().allocate();
          from.memory().set(ValueLayout.JAVA_INT, 0, 12);
          int ref = world.guest().grants().grantAccess(Domid.DOM0, from, true);
          int guest = world.guestId().value();
          GrantCopy good =
              new GrantCopy().fromGrant(guest, ref, 0).toFrame(to.frame(), 0).length(4);
          GrantCopy bad = new GrantCopy().fromFrame(to.frame(), 0).toGrant(guest, ref, 0).length(4);
          world.dom0.grants().copy(List.of(bad, good));
          assertEquals(GrantStatus.GENERAL_ERROR, bad.status());
          assertEquals(GrantStatus.OKAY, good.status());
          assertEquals(12, to.memory().get(ValueLayout.JAVA_INT, 0));
        });
  }

  @Test
  void processMapsThroughTheDevice() throws Exception {
    TwoKernels.simulate(
        world -> {
          GrantDevice.Mapping store =
              world.dom0.grantDevice().map(world.guestId(), GrantRefs.XENSTORE);
          assertEquals(1, store.page().get(ValueLayout.JAVA_INT, 2076), "the port");
          store.close();
          store.close();
          assertThrows(IllegalStateException.class, store::page);
        });
  }

  @Test
  void kernelGrantsItsOwnStorePage() throws Exception {
    TwoKernels.simulate(
        world -> {
          Page page = world.dom0.pages().allocate();
          world.dom0.grantReserved(GrantRefs.XENSTORE, Domid.DOM0, page);
          GrantDevice.Mapping own = world.dom0.grantDevice().map(Domid.DOM0, GrantRefs.XENSTORE);
          page.memory().set(ValueLayout.JAVA_INT, 0, 5);
          assertEquals(5, own.page().get(ValueLayout.JAVA_INT, 0));
          assertThrows(
              KernelException.class,
              () -> world.dom0.grantReserved(GrantRefs.FIRST_FREE, Domid.DOM0, page));
        });
  }
}

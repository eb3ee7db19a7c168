package dev.xenbus.blkfront;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockSegmentLayout;
import dev.xenbus.abi.io.blkif.BlockStatus;
import dev.xenbus.linux.api.BlockRequest.Operation;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.vbd.GuestIo;
import dev.xenbus.testkit.vbd.VbdFixture;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The frontend against backends that break the rules.
class HostileBackendTest {
  private interface Scenario {
    void run(VbdFixture vbd, RawBackend backend, GuestIo io) throws Exception;
  }

  private static void run(List<String> nodes, Scenario scenario) throws MachineFailure {
    var machine = new SimulatedMachine(3);
    machine.run(
        () -> {
          var vbd = new VbdFixture(machine, "w");
          vbd.startFrontend(new BlkfrontDriver());
          RawBackend backend = RawBackend.connect(vbd, nodes.toArray(String[]::new));
          Disk disk = vbd.awaitDisk();
          scenario.run(vbd, backend, new GuestIo(vbd.guest().cpu(), disk));
          assertEquals(List.of(), vbd.faults());
          return true;
        });
  }

  /// After a broken rule: the request never ends, new ones fail, removal cleans up.
  private static void assertBroken(
      VbdFixture vbd, GuestIo io, GuestIo.Pending pending, String log) {
    vbd.await(
        log,
        () -> vbd.guest().printk().lines().stream().anyMatch(line -> line.text().contains(log)));
    assertFalse(pending.isDone());
    assertEquals(Errno.EIO, io.read(0, 1).await());
    vbd.guest().post(() -> vbd.front().unregister());
    assertEquals(Errno.EIO, pending.await());
    vbd.await("unbound", () -> !vbd.front().isBound());
  }

  @Test
  void honestAnswersAreTaken() throws MachineFailure {
    run(
        List.of(),
        (vbd, backend, io) -> {
          GuestIo.Pending read = io.read(5, 2);
          MemorySegment request = backend.next();
          assertEquals(BlockOperations.READ, backend.layout().operation(request));
          assertEquals(5, backend.layout().sector(request));
          assertEquals(1, backend.layout().segments(request));
          assertEquals(1, BlockSegmentLayout.last(request, backend.layout().segmentOffset(0)));
          backend.respond(backend.layout().id(request), BlockOperations.READ, BlockStatus.OKAY);
          backend.push();
          assertNull(read.await());
        });
  }

  @Test
  void answersThatNobodyAskedForBreakTheDevice() throws MachineFailure {
    long[] ids = {32, 31, -1, Long.MAX_VALUE, 1L << 32};
    String[] logs = {
      "incorrect id",
      "references no pending request",
      "incorrect id",
      "incorrect id",
      "incorrect id"
    };
    for (int i = 0; i < ids.length; i++) {
      long id = ids[i];
      String log = logs[i];
      run(
          List.of(),
          (vbd, backend, io) -> {
            GuestIo.Pending read = io.read(5, 2);
            backend.next();
            backend.respond(id, BlockOperations.READ, BlockStatus.OKAY);
            backend.push();
            assertBroken(vbd, io, read, log);
          });
    }
  }

  @Test
  void answerGivenTwiceBreaksTheDevice() throws MachineFailure {
    run(
        List.of(),
        (vbd, backend, io) -> {
          GuestIo.Pending first = io.read(5, 2);
          long id = backend.layout().id(backend.next());
          GuestIo.Pending second = io.read(5, 2);
          backend.next();
          backend.respond(id, BlockOperations.READ, BlockStatus.OKAY);
          backend.respond(id, BlockOperations.READ, BlockStatus.OKAY);
          backend.push();
          assertNull(first.await());
          assertBroken(vbd, io, second, "references no pending request");
        });
  }

  @Test
  void wrongOperationBreaksTheDevice() throws MachineFailure {
    run(
        List.of(),
        (vbd, backend, io) -> {
          GuestIo.Pending read = io.read(5, 2);
          long id = backend.layout().id(backend.next());
          backend.respond(id, BlockOperations.WRITE, BlockStatus.OKAY);
          backend.push();
          assertBroken(vbd, io, read, "wrong operation (1 instead of 0)");
        });
  }

  @Test
  void tooManyAnswersBreakTheDevice() throws MachineFailure {
    run(
        List.of(),
        (vbd, backend, io) -> {
          GuestIo.Pending read = io.read(5, 2);
          backend.next();
          backend.ring().rspProdPvt(33);
          backend.push();
          assertBroken(vbd, io, read, "more than there are slots");
        });
  }

  @Test
  void brokenDeviceIsDeafToItsBackend() throws MachineFailure {
    run(
        List.of(),
        (vbd, backend, io) -> {
          GuestIo.Pending read = io.read(5, 2);
          backend.next();
          backend.ring().rspProdPvt(33);
          backend.push();
          vbd.await("masked", () -> backend.storm().isMasked());
          assertEquals(0, backend.storm().send(3_000));
          assertBroken(vbd, io, read, "more than there are slots");
        });
  }

  @Test
  void stormIsSlowedToOneEventASecondUntilThereIsAnAnswer() throws MachineFailure {
    run(
        List.of(),
        (vbd, backend, io) -> {
          int handled = backend.storm().send(10_000);
          assertTrue(handled >= 15 && handled <= 21, handled + " events were handled in 10 s");
          GuestIo.Pending read = io.read(5, 2);
          backend.respond(
              backend.layout().id(backend.next()), BlockOperations.READ, BlockStatus.OKAY);
          backend.push();
          assertNull(read.await()); // within that second
          for (int i = 0; i < 10; i++) {
            long begun = vbd.guest().clock().nanos();
            GuestIo.Pending next = io.read(5, 2);
            backend.respond(
                backend.layout().id(backend.next()), BlockOperations.READ, BlockStatus.OKAY);
            backend.push();
            assertNull(next.await());
            long millis = (vbd.guest().clock().nanos() - begun) / 1_000_000;
            assertTrue(millis < 10, millis + " ms");
          }
        });
  }

  @Test
  void pageThatStaysMappedBreaksTheDeviceUnlessGrantsArePersistent() throws MachineFailure {
    for (boolean persistent : new boolean[] {false, true}) {
      run(
          List.of("feature-persistent=" + (persistent ? 1 : 0)),
          (vbd, backend, io) -> {
            GuestIo.Pending read = io.read(5, 2);
            MemorySegment request = backend.next();
            int ref = BlockSegmentLayout.ref(request, backend.layout().segmentOffset(0));
            MappedGrant page = vbd.dom0().grants().map(vbd.guest().domid(), ref, false);
            backend.respond(backend.layout().id(request), BlockOperations.READ, BlockStatus.OKAY);
            backend.push();
            if (persistent) {
              assertNull(read.await());
              io.read(0, 1);
              int again = BlockSegmentLayout.ref(backend.next(), backend.layout().segmentOffset(0));
              assertEquals(ref, again);
            } else {
              assertBroken(vbd, io, read, "backend has not unmapped grant");
              // The page is not free while it is mapped: the ring's went, this one did not.
              vbd.await("deferred", () -> vbd.guest().pages().inUse() == 2);
              page.close();
              vbd.await("freed", () -> vbd.guest().pages().inUse() == 1);
            }
          });
    }
  }

  @Test
  void backendThatRewritesARequestChangesNothingHere() throws MachineFailure {
    run(
        List.of(),
        (vbd, backend, io) -> {
          GuestIo.Pending write = io.write(5, 2, 1);
          long id = backend.layout().id(backend.next());
          backend.slots().clear(backend.ring().slot(0), 112);
          backend.respond(id, BlockOperations.WRITE, BlockStatus.OKAY);
          backend.push();
          assertNull(write.await());
        });
  }

  @Test
  void barrierIsUsedIfThereIsNoFlush() throws MachineFailure {
    run(
        List.of("feature-barrier=1"),
        (vbd, backend, io) -> {
          GuestIo.Pending flush = io.other(Operation.FLUSH, 0, 0);
          MemorySegment request = backend.next();
          assertEquals(BlockOperations.WRITE_BARRIER, backend.layout().operation(request));
          backend.respond(
              backend.layout().id(request), BlockOperations.WRITE_BARRIER, BlockStatus.EOPNOTSUPP);
          backend.push();
          assertNull(flush.await());
          // Off now: the next one needs no backend.
          assertNull(io.other(Operation.FLUSH, 0, 0).await());
        });
  }

  @Test
  void missingFieldsAreFatal() throws MachineFailure {
    for (String bad : List.of("sectors=x", "info=y", "sector-size=513", "sectors=-5")) {
      var machine = new SimulatedMachine(3);
      machine.run(
          () -> {
            var vbd = new VbdFixture(machine, "w");
            vbd.startFrontend(new BlkfrontDriver());
            RawBackend.connect(vbd, bad);
            vbd.awaitState(VbdFixture.FRONT, XenbusState.CLOSING);
            assertTrue(vbd.front().errors().getFirst().startsWith("22 reading backend fields"));
            return true;
          });
    }
  }

  @Test
  void togglingBackendEndsEachThingOnce() throws MachineFailure {
    for (long seed = 1; seed <= 20; seed++) {
      var machine = new SimulatedMachine(seed);
      machine.run(
          () -> {
            var vbd = new VbdFixture(machine, "w");
            vbd.startFrontend(new BlkfrontDriver());
            RawBackend backend = RawBackend.connect(vbd);
            GuestIo io = new GuestIo(vbd.guest().cpu(), vbd.awaitDisk());
            GuestIo.Pending read = io.read(0, 1);
            for (int i = 0; i < 10; i++) {
              backend.state(XenbusState.CLOSING);
              backend.state(XenbusState.CLOSED);
              backend.state(XenbusState.CONNECTED);
              Task.relax();
            }
            vbd.guest().post(() -> vbd.front().unregister());
            assertEquals(Errno.EIO, read.await());
            vbd.await("unbound", () -> !vbd.front().isBound());
            assertEquals(List.of(), vbd.faults());
            return true;
          });
    }
  }
}

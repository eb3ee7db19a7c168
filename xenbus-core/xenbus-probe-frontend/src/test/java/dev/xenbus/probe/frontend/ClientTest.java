package dev.xenbus.probe.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.EventChannel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Page;
import dev.xenbus.probe.BusDevice;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestFrontend;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// What a device offers its driver: states, errors, watches, rings. (`xenbus_client.c`)
class ClientTest {
  /// Something to do with the device `vif-0`, which is there and has its driver.
  @FunctionalInterface
  private interface WithDevice {
    void run(FrontBench bench, BusDevice device) throws Exception;
  }

  private static void withDevice(WithDevice body) {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine, new TestFrontend("vif")).started()) {
            bench.addDevice("vif", "0");
            BusDevice device = bench.device("vif-0");
            bench.await(() -> bench.xs.watchCount() == 2);
            bench.store.clearLog();
            body.run(bench, device);
          }
        });
  }

  @Test
  void stateThatIsCachedIsNotWrittenAgain() {
    withDevice(
        (bench, device) -> {
          device.switchState(XenbusState.INITIALISING);
          assertEquals(List.of(), bench.store.log());
        });
  }

  /// C14: conflicts are repeated, without an error node.
  @Test
  void conflictsAreTriedAgain() {
    withDevice(
        (bench, device) -> {
          AtomicInteger conflicts = new AtomicInteger();
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.TRANSACTION_END && conflicts.incrementAndGet() <= 5
                      ? new StoreScript.Fail(Errno.EAGAIN)
                      : StoreScript.Verdict.SERVE);
          device.switchState(XenbusState.INITIALISED);
          assertEquals("3", bench.frontState("vif", "0"));
          assertEquals(XenbusState.INITIALISED, device.state());
          assertTrue(bench.store.read("/local/domain/7/error/device/vif/0/error").isEmpty());
        });
  }

  /// C13: a folder that the toolstack removed is not made again; the cache goes on all the same.
  @Test
  void removedStateNodeIsNotMadeAgain() {
    withDevice(
        (bench, device) -> {
          bench.store.remove(FrontBench.front("vif", "0") + "/state");
          device.switchState(XenbusState.INITIALISED);
          assertEquals("gone", bench.frontState("vif", "0"));
          assertEquals(XenbusState.INITIALISED, device.state());
        });
  }

  /// C15: a state that was set back to Initialising is somebody else's.
  @Test
  void stateThatWasResetIsLeftAlone() {
    withDevice(
        (bench, device) -> {
          device.switchState(XenbusState.INITIALISED);
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.READ && strings.getFirst().endsWith("vif/0/state")
                      ? new StoreScript.Answer(MessageType.READ.code(), -1, "1")
                      : StoreScript.Verdict.SERVE);
          device.switchState(XenbusState.CLOSED);
          assertEquals("3", bench.frontState("vif", "0"));
          assertEquals(XenbusState.INITIALISED, device.state());
        });
  }

  /// C55: after a write that failed, Closing is in the store and the cache says otherwise.
  @Test
  void failedWritePublishesClosingInstead() {
    withDevice(
        (bench, device) -> {
          AtomicInteger writes = new AtomicInteger();
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.WRITE
                          && strings.getFirst().endsWith("vif/0/state")
                          && writes.getAndIncrement() == 0
                      ? new StoreScript.Fail(Errno.EACCES)
                      : StoreScript.Verdict.SERVE);
          device.switchState(XenbusState.INITIALISED);
          assertEquals("5", bench.frontState("vif", "0"));
          assertEquals(XenbusState.INITIALISED, device.state());
          assertEquals(
              "13 writing new state",
              bench.store.read("/local/domain/7/error/device/vif/0/error").orElseThrow());
        });
  }

  @Test
  void fatalErrorIsLoggedWrittenAndClosesTheDevice() {
    withDevice(
        (bench, device) -> {
          device.failDevice(Errno.EINVAL, "parsing device/vif/0/mac");
          assertTrue(bench.kernel.logTexts().contains("vif vif-0: 22 parsing device/vif/0/mac"));
          assertEquals(
              "22 parsing device/vif/0/mac",
              bench.store.read("/local/domain/7/error/device/vif/0/error").orElseThrow());
          assertEquals("5", bench.frontState("vif", "0"));
        });
  }

  @Test
  void watchThatIsRefusedFailsTheDevice() {
    withDevice(
        (bench, device) -> {
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.WATCH
                      ? new StoreScript.Fail(Errno.ENOMEM)
                      : StoreScript.Verdict.SERVE);
          KernelException e =
              assertThrows(KernelException.class, () -> device.watch("/x", path -> {}));
          assertEquals(Errno.ENOMEM, e.errno());
          assertEquals(
              "12 adding watch on /x",
              bench.store.read("/local/domain/7/error/device/vif/0/error").orElseThrow());
          assertEquals("5", bench.frontState("vif", "0"));
        });
  }

  @Test
  void ringIsGrantedAndTornDownOnce() {
    withDevice(
        (bench, device) -> {
          XenbusDevice.GrantedRing ring = device.setupRing(4);
          assertEquals(4, ring.refs().size());
          assertEquals(4, bench.xen.grantCount());
          TestKernel dom0 = new TestKernel(bench.machine, bench.xen, Domid.DOM0);
          try (var page = dom0.grants().map(FrontBench.GUEST, ring.refs().getFirst(), false)) {
            assertEquals(0, page.page().get(java.lang.foreign.ValueLayout.JAVA_INT, 0));
          }
          ring.close();
          ring.close();
          assertEquals(0, bench.xen.grantCount());
        });
  }

  @Test
  void ringWithoutPagesIsEnomemAndGivesBackWhatItGot() {
    withDevice(
        (bench, device) -> {
          bench.kernel.pagesMax(3);
          KernelException e = assertThrows(KernelException.class, () -> device.setupRing(4));
          assertEquals(Errno.ENOMEM, e.errno());
          assertEquals(0, bench.kernel.pages().inUse());
          assertEquals("1", bench.frontState("vif", "0"));
        });
  }

  @Test
  void ringThatCannotBeGrantedFailsTheDeviceAndGivesBackWhatItGot() {
    withDevice(
        (bench, device) -> {
          bench.kernel.grantsMax(2);
          KernelException e = assertThrows(KernelException.class, () -> device.setupRing(4));
          assertEquals(Errno.ENOSPC, e.errno());
          assertEquals(
              "28 granting access to 4 ring pages",
              bench.store.read("/local/domain/7/error/device/vif/0/error").orElseThrow());
          assertEquals("5", bench.frontState("vif", "0"));
          assertEquals(0, bench.xen.grantCount());
          assertEquals(0, bench.kernel.pages().inUse());
        });
  }

  @Test
  void eventChannelIsOpenedAndClosed() {
    withDevice(
        (bench, device) -> {
          int ports = bench.xen.portCount();
          EventChannel channel = device.allocateEventChannel("vif-0", _ -> {});
          assertEquals(ports + 1, bench.xen.portCount());
          channel.close();
          assertEquals(ports, bench.xen.portCount());
          assertEquals("1", bench.frontState("vif", "0"));
        });
  }

  @Test
  void eventChannelThatCannotBeHadFailsTheDevice() {
    withDevice(
        (bench, device) -> {
          bench.kernel.portsUsedUp(true);
          KernelException e =
              assertThrows(
                  KernelException.class, () -> device.allocateEventChannel("vif-0", _ -> {}));
          assertEquals(Errno.ENOSPC, e.errno());
          assertEquals(
              "28 allocating event channel",
              bench.store.read("/local/domain/7/error/device/vif/0/error").orElseThrow());
          assertEquals("5", bench.frontState("vif", "0"));
        });
  }

  @Test
  void ringsHaveOneToSixteenPages() {
    withDevice(
        (bench, device) -> {
          for (int pages : List.of(0, 17)) {
            assertEquals(
                Errno.EINVAL,
                assertThrows(KernelException.class, () -> device.setupRing(pages)).errno());
          }
          List<Integer> many = java.util.Collections.nCopies(17, 1);
          assertEquals(
              Errno.EINVAL,
              assertThrows(KernelException.class, () -> device.mapRing(many)).errno());
          assertEquals(
              Errno.EINVAL,
              assertThrows(KernelException.class, () -> device.mapRing(List.of())).errno());
        });
  }

  @Test
  void mappingABadReferenceFailsTheDeviceAndUnmapsTheOthers() {
    withDevice(
        (bench, device) -> {
          TestKernel dom0 = new TestKernel(bench.machine, bench.xen, Domid.DOM0);
          Page page = dom0.pages().allocate();
          int good = dom0.grants().grantAccess(FrontBench.GUEST, page, false);
          XenbusDevice.MappedRing ring = device.mapRing(List.of(good));
          assertEquals(1, bench.xen.mappingCount());
          ring.close();
          ring.close();
          assertEquals(0, bench.xen.mappingCount());
          KernelException e =
              assertThrows(KernelException.class, () -> device.mapRing(List.of(good, 4711)));
          assertEquals(Errno.ENOENT, e.errno());
          assertEquals(0, bench.xen.mappingCount());
          assertEquals(
              "3 mapping in shared page 4711 from domain 0",
              bench.store.read("/local/domain/7/error/device/vif/0/error").orElseThrow());
          assertEquals("5", bench.frontState("vif", "0"));
        });
  }

  @Test
  void backendIdThatIsNoNumberIsEinval() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.store.script(
                (from, type, strings) ->
                    type == MessageType.READ && strings.getFirst().endsWith("/backend-id")
                        ? new StoreScript.Answer(MessageType.READ.code(), -1, "zero")
                        : StoreScript.Verdict.SERVE);
            bench.addDevice("vif", "0");
            bench.awaitFrontState("vif", "0", 5);
            assertEquals(
                "22 reading other end details from device/vif/0",
                bench.store.read("/local/domain/7/error/device/vif/0/error").orElseThrow());
            assertEquals(List.of(), driver.calls());
          }
        });
  }

  @Test
  void otherEndsStateAndOnlineAreReadNow() {
    withDevice(
        (bench, device) -> {
          assertEquals(XenbusState.INITIALISING, device.readOtherEndState());
          bench.store.write(FrontBench.back("vif", "0") + "/state", "42");
          assertEquals(XenbusState.INVALID, device.readOtherEndState());
          bench.store.write(FrontBench.back("vif", "0") + "/state", "4x");
          assertEquals(XenbusState.CONNECTED, device.readOtherEndState());
          bench.store.write(FrontBench.back("vif", "0") + "/state", "x");
          assertEquals(XenbusState.UNKNOWN, device.readOtherEndState());
          assertEquals(false, device.isOnline());
          bench.store.write(FrontBench.front("vif", "0") + "/online", "1");
          assertEquals(true, device.isOnline());
          assertEquals(FrontBench.back("vif", "0"), device.otherEndPath());
        });
  }

  /// The range is not checked, and what a peer writes is no reason to believe that it is gone.
  @Test
  void numberThatIsNoStateReachesTheDriverAsItIs() {
    TestMachines.fair(
        machine -> {
          List<String> seen = new CopyOnWriteArrayList<>();
          TestFrontend driver =
              new TestFrontend("vif") {
                @Override
                protected void onChanged(XenbusState state, int code) {
                  seen.add(state + " " + code);
                }
              };
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.await(() -> seen.contains("Initialising 1"));
            for (String text : List.of("42", "-3", "9", "8")) {
              int before = seen.size();
              bench.store.write(FrontBench.back("vif", "0") + "/state", text);
              bench.await(() -> seen.size() > before);
            }
            assertEquals(
                List.of(
                    "Initialising 1", "INVALID 42", "INVALID -3", "INVALID 9", "Reconfigured 8"),
                seen);
          }
        });
  }

  @Test
  void invalidIsNoStateToPublish() {
    withDevice(
        (bench, device) -> {
          assertThrows(
              IllegalArgumentException.class, () -> device.switchState(XenbusState.INVALID));
          assertEquals("1", bench.frontState("vif", "0"));
        });
  }

  @Test
  void unregisteringTwiceRemovesOnce() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            BusDevice device = bench.device("vif-0");
            bench.await(() -> bench.xs.watchCount() == 2);
            device.unregister();
            device.unregister();
            assertEquals(1, driver.calls().stream().filter(c -> c.startsWith("remove")).count());
            // A driver that does not allow a rebind publishes Closed.
            assertEquals("6", bench.frontState("vif", "0"));
          }
        });
  }
}

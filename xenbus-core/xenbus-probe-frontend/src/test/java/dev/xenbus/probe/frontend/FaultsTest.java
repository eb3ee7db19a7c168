package dev.xenbus.probe.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.probe.BusDevice;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestFrontend;
import dev.xenbus.testkit.TestMachines;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// What the store or a driver refuses in the middle of something.
class FaultsTest {
  private static final String ERROR = "/local/domain/7/error/device/vif/0/error";

  /// Lets the first requests of a type fail, as many as are said.
  private static StoreScript failing(MessageType failing, Errno errno, int times) {
    AtomicInteger seen = new AtomicInteger();
    return (from, type, strings) ->
        type == failing && seen.incrementAndGet() <= times
            ? new StoreScript.Fail(errno)
            : StoreScript.Verdict.SERVE;
  }

  private static void switching(
      StoreScript script, String error, String stored, XenbusState cache) {
    TestMachines.fair(
        machine -> {
          try (FrontBench bench = new FrontBench(machine, new TestFrontend("vif")).started()) {
            bench.addDevice("vif", "0");
            BusDevice device = bench.device("vif-0");
            bench.await(() -> bench.xs.watchCount() == 2);
            bench.store.script(script);
            device.switchState(XenbusState.INITIALISED);
            bench.store.script(StoreScript.SERVE_ALL);
            assertEquals(error, bench.store.read(ERROR).orElse("none"));
            assertEquals(stored, bench.frontState("vif", "0"));
            assertEquals(cache, device.state());
          }
        });
  }

  @Test
  void transactionThatCannotBeStartedPublishesClosingInstead() {
    switching(
        failing(MessageType.TRANSACTION_START, Errno.ENOSPC, 1),
        "28 starting transaction",
        "5",
        XenbusState.CLOSING);
  }

  /// There is one attempt to publish Closing, not more.
  @Test
  void transactionThatCannotBeStartedTwiceLeavesTheState() {
    switching(
        failing(MessageType.TRANSACTION_START, Errno.ENOSPC, 2),
        "28 starting transaction",
        "1",
        XenbusState.INITIALISING);
  }

  @Test
  void transactionThatCannotBeEndedPublishesClosingInstead() {
    switching(
        failing(MessageType.TRANSACTION_END, Errno.EIO, 1),
        "5 ending transaction",
        "5",
        XenbusState.CLOSING);
  }

  /// A driver that cannot connect again after a suspend is in the log; the other devices go on.
  @Test
  void driverThatCannotBeRestoredIsSaidAndTheOthersAre() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver =
              new TestFrontend("vif") {
                @Override
                protected void onSuspend(String device) {
                  if (device.equals("vif-0")) {
                    throw new IllegalStateException("cannot stop");
                  }
                }

                @Override
                protected void onResume(String device) throws KernelException {
                  if (device.equals("vif-0")) {
                    throw new KernelException(Errno.ENODEV, "no such interface");
                  }
                }
              };
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.addDevice("vif", "1");
            bench.device("vif-0");
            bench.device("vif-1");
            bench.await(() -> bench.xs.watchCount() == 3);
            bench.frontends.freeze();
            bench.xs.suspend();
            bench.xs.resume();
            bench.frontends.restore();
            List<String> log = bench.kernel.logTexts();
            assertTrue(
                log.stream().anyMatch(l -> l.startsWith("vif vif-0: freeze failed: ")),
                log::toString);
            assertTrue(log.contains("vif vif-0: restore failed: no such interface"), log::toString);
            assertTrue(driver.calls().containsAll(List.of("suspend vif-1", "resume vif-1")));
            // The watch on the other end of the one that failed is not there any more.
            assertEquals(2, bench.xs.watchCount());
          }
        });
  }

  /// The other end that is read anew after a suspend is not there.
  @Test
  void otherEndThatIsGoneAfterASuspendFailsTheDevice() {
    TestMachines.fair(
        machine -> {
          TestFrontend driver = new TestFrontend("vif");
          try (FrontBench bench = new FrontBench(machine, driver).started()) {
            bench.addDevice("vif", "0");
            bench.device("vif-0");
            bench.await(() -> bench.xs.watchCount() == 2);
            bench.frontends.freeze();
            bench.xs.suspend();
            bench.store.remove(FrontBench.back("vif", "0"));
            bench.xs.resume();
            bench.frontends.restore();
            assertEquals(
                "2 unable to read other end from device/vif/0.  missing or inaccessible.",
                bench.store.read(ERROR).orElse("none"));
            assertEquals("5", bench.frontState("vif", "0"));
            assertTrue(driver.calls().stream().noneMatch(call -> call.startsWith("resume")));
          }
        });
  }
}

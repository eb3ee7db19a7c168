package dev.xenbus.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.api.XenbusWatch;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.Machine;
import dev.xenbus.testkit.StoreLink;
import dev.xenbus.testkit.StoreScript;
import dev.xenbus.testkit.TestKernel;
import dev.xenbus.testkit.TestMachines;
import dev.xenbus.testkit.TestStore;
import dev.xenbus.testkit.TestXen;
import dev.xenbus.xs.Mtwatch;
import dev.xenbus.xs.StoreConnection;
import dev.xenbus.xs.XenbusXs;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a guest's kernel makes of `control/shutdown`.
class ShutdownWatchTest {
  private static final String NODE = "/local/domain/7/control/shutdown";

  /// Guest 7's kernel, and a store.
  private static final class Bench implements AutoCloseable {
    final TestStore store;
    final TestKernel kernel;
    final XenbusXs xs;
    final AtomicInteger suspends = new AtomicInteger();
    final ShutdownWatch watch;

    Bench(Machine machine) throws Exception {
      TestXen xen = new TestXen();
      store = new TestStore(machine, xen);
      kernel = new TestKernel(machine, xen, Domid.of(7));
      StoreLink link = store.connect(kernel);
      xs =
          new XenbusXs(
              kernel,
              new StoreConnection(StoreConnection.Kind.PV, link.page(), link::open),
              Mtwatch.OFF);
      xs.start();
      watch = new ShutdownWatch(kernel, xs, suspends::incrementAndGet);
    }

    Bench started() throws KernelException {
      watch.start();
      return this;
    }

    Optional<String> node() {
      return store.read(NODE);
    }

    /// Returns how often the command has been read.
    long reads() {
      return store.log().stream().filter("dom7 READ control/shutdown"::equals).count();
    }

    /// Waits until every event so far has been handled, and those that this made: a watch fires
    /// behind them, and another behind it.
    void settle() throws Exception {
      for (int i = 0; i < 2; i++) {
        AtomicInteger seen = new AtomicInteger();
        XenbusWatch behind = xs.watch("/settled", path -> seen.incrementAndGet());
        TestMachines.await(() -> seen.get() == 1);
        behind.close();
      }
    }

    @Override
    public void close() {
      xs.close();
      store.stop();
    }
  }

  /// What is to happen with a kernel that watches the node.
  @FunctionalInterface
  private interface WithBench {
    void run(Bench bench) throws Exception;
  }

  private static void with(WithBench body) {
    TestMachines.everywhere(
        machine -> {
          try (Bench bench = new Bench(machine)) {
            body.run(bench);
          }
        });
  }

  /// There is no `feature-halt`.
  @Test
  void kernelSaysWhatItCanDo() {
    with(
        bench -> {
          bench.started();
          String control = "/local/domain/7/control/";
          for (String feature : List.of("poweroff", "reboot", "suspend")) {
            assertEquals(Optional.of("1"), bench.store.read(control + "feature-" + feature));
          }
          assertTrue(bench.store.read(control + "feature-halt").isEmpty());
        });
  }

  @ParameterizedTest
  @CsvSource({"poweroff, POWEROFF", "halt, POWEROFF", "reboot, REBOOT"})
  void commandIsAcknowledgedAndDone(String command, ShutdownReason reason) {
    with(
        bench -> {
          bench.started();
          bench.store.write(NODE, command);
          // The acknowledgement, an empty command, is an event too, and nothing to be done.
          bench.settle();
          assertEquals(Optional.of(""), bench.node());
          assertEquals(List.of(reason), bench.kernel.powered());
          assertEquals(0, bench.suspends.get());
        });
  }

  @Test
  void commandThatWasThereBeforeTheKernelIsDone() {
    with(
        bench -> {
          bench.store.write(NODE, "poweroff");
          bench.started();
          bench.settle();
          assertEquals(List.of(ShutdownReason.POWEROFF), bench.kernel.powered());
        });
  }

  @Test
  void suspendIsDoneOnceForEachCommand() {
    with(
        bench -> {
          bench.started();
          for (int times = 1; times <= 2; times++) {
            int expected = times;
            bench.store.write(NODE, "suspend");
            bench.settle();
            assertEquals(expected, bench.suspends.get());
            assertEquals(Optional.of(""), bench.node());
          }
          assertEquals(List.of(), bench.kernel.powered());
        });
  }

  /// It stays in the node, so that the toolstack does not take it for done.
  @Test
  void unknownCommandIsSaidAndNotAcknowledged() {
    with(
        bench -> {
          bench.started();
          bench.store.write(NODE, "dance");
          bench.settle();
          assertTrue(
              bench.kernel.logTexts().contains("xen:manage: Ignoring shutdown request: dance"));
          assertEquals(Optional.of("dance"), bench.node());
          assertEquals(List.of(), bench.kernel.powered());
          assertEquals(0, bench.suspends.get());
        });
  }

  @Test
  void missingNodeIsNothingToSpeakOf() {
    with(
        bench -> {
          bench.started();
          bench.settle();
          assertEquals(1, bench.reads());
          assertEquals(List.of(), bench.kernel.logTexts());
          assertEquals(List.of(), bench.kernel.powered());
        });
  }

  @Test
  void nodeThatCannotBeReadIsSaid() {
    with(
        bench -> {
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.READ
                      ? new StoreScript.Fail(Errno.EACCES)
                      : StoreScript.Verdict.SERVE);
          bench.started();
          bench.settle();
          assertEquals(1, bench.kernel.logTexts().size());
          String line = bench.kernel.logTexts().getFirst();
          assertTrue(line.startsWith("xen:manage: reading control/shutdown failed: "), line);
          assertEquals(List.of(), bench.kernel.powered());
        });
  }

  /// The acknowledgement conflicts with somebody else's write, twice: the command is done once.
  @Test
  void conflictsAreTriedAgain() {
    with(
        bench -> {
          bench.started();
          bench.settle();
          AtomicInteger ends = new AtomicInteger();
          bench.store.clearLog();
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.TRANSACTION_END && ends.incrementAndGet() <= 2
                      ? new StoreScript.Fail(Errno.EAGAIN)
                      : StoreScript.Verdict.SERVE);
          bench.store.write(NODE, "suspend");
          bench.settle();
          assertTrue(bench.reads() >= 3, () -> bench.store.log().toString());
          assertEquals(1, bench.suspends.get());
          assertEquals(Optional.of(""), bench.node());
          assertEquals(0, bench.xs.users());
        });
  }

  /// The toolstack thinks better of it between the kernel's reading and its acknowledgement: what
  /// counts is what is acknowledged.
  @Test
  void commandThatIsReplacedMeanwhileIsNotDone() {
    with(
        bench -> {
          bench.started();
          bench.settle();
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.TRANSACTION_END
                      ? StoreScript.Verdict.HOLD
                      : StoreScript.Verdict.SERVE);
          bench.store.write(NODE, "poweroff");
          bench.store.awaitHeld(1);
          bench.store.script(StoreScript.SERVE_ALL);
          bench.store.write(NODE, "suspend");
          bench.store.answerHeld(0);
          bench.settle();
          assertEquals(1, bench.suspends.get());
          assertEquals(List.of(), bench.kernel.powered());
          assertEquals(Optional.of(""), bench.node());
        });
  }

  @Test
  void watchThatIsRefusedFailsTheStart() {
    with(
        bench -> {
          bench.store.script(
              (from, type, strings) ->
                  type == MessageType.WATCH
                      ? new StoreScript.Fail(Errno.ENOMEM)
                      : StoreScript.Verdict.SERVE);
          KernelException e = assertThrows(KernelException.class, bench::started);
          assertEquals(Errno.ENOMEM, e.errno());
          assertFalse(bench.store.read("/local/domain/7/control/feature-poweroff").isPresent());
        });
  }
}

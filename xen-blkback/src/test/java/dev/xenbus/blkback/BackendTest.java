package dev.xenbus.blkback;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.SharedRing;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.machine.KernelSymbol;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.vbd.FakeKernel;
import dev.xenbus.testkit.vbd.RawFrontend;
import dev.xenbus.testkit.vbd.VbdFixture;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// The backend's states, its stalls and its end.
class BackendTest {
  private static final String BACK = VbdFixture.BACK;
  private static final String FRONT = VbdFixture.FRONT;

  private static String read(VbdFixture vbd, String node) {
    return vbd.store().read(BACK + "/" + node).orElse("absent");
  }

  private static Optional<Task> task(FakeKernel kernel, String comm) {
    return kernel.cpu().machine().tasks().stream()
        .filter(t -> t.comm().equals(comm) && t.state() != Task.State.Z)
        .findFirst();
  }

  /// Returns the kernel functions on a task's stack, innermost first, as `/proc/<pid>/stack` does.
  private static List<String> symbols(Task task) {
    List<String> symbols = new ArrayList<>();
    for (StackTraceElement frame : task.stack()) {
      symbol(frame).ifPresent(symbols::add);
    }
    return symbols;
  }

  private static Optional<String> symbol(StackTraceElement frame) {
    try {
      for (Method method : Class.forName(frame.getClassName()).getDeclaredMethods()) {
        KernelSymbol symbol = method.getAnnotation(KernelSymbol.class);
        if (symbol != null && !symbol.sched() && method.getName().equals(frame.getMethodName())) {
          String module = symbol.module().isEmpty() ? "" : " [" + symbol.module() + "]";
          return Optional.of(symbol.value() + module);
        }
      }
      return Optional.empty();
    } catch (ClassNotFoundException _) {
      return Optional.empty();
    }
  }

  // --- probe and disk -------------------------------------------------------------------------

  @Test
  void probePublishesLimitsAndWaits() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of("max_queues=2", "max_ring_page_order=3"),
        vbd -> {
          assertEquals("256", read(vbd, "feature-max-indirect-segments"));
          assertEquals("2", read(vbd, "multi-queue-max-queues"));
          assertEquals("3", read(vbd, "max-ring-page-order"));
          assertEquals("2", read(vbd, "state"));
          assertEquals("absent", read(vbd, "sectors"));
        });
  }

  @Test
  void connectPublishesTheDiskBeforeTheState() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          assertEquals("2048", read(vbd, "sectors"));
          assertEquals("0", read(vbd, "info"));
          assertEquals("512", read(vbd, "sector-size"));
          assertEquals("4096", read(vbd, "physical-sector-size"));
          assertEquals("1", read(vbd, "feature-flush-cache"));
          assertEquals("1", read(vbd, "feature-barrier"));
          assertEquals("1", read(vbd, "feature-persistent"));
          assertEquals("1", read(vbd, "feature-discard"));
          assertEquals("4096", read(vbd, "discard-granularity"));
          assertEquals("0", read(vbd, "discard-secure"));
          vbd.await("worker", () -> task(vbd.dom0(), "1.xvda-0").isPresent());
        });
  }

  @Test
  void ringsMayComeBeforeTheDisk() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of(),
        vbd -> {
          RawFrontend raw = new RawFrontend(vbd, BlockProtocol.X86_64, 1).publish();
          vbd.settle();
          assertEquals("2", read(vbd, "state"));
          vbd.hotplug("ram:1M");
          vbd.awaitState(BACK, XenbusState.CONNECTED);
          assertEquals(0, raw.firstByte(0));
        });
  }

  /// C12: the frontend was Initialised and Connected before anybody looked, and says so again.
  @Test
  void c12SkippedAndRepeatedStatesConnectOnce() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of(),
        vbd -> {
          vbd.hotplug("ram:1M");
          vbd.settle();
          List<String> states = new ArrayList<>();
          vbd.front().xenbus().watch(BACK + "/state", path -> states.add(read(vbd, "state")));
          vbd.settle();
          AtomicBoolean isHeld = new AtomicBoolean(true);
          vbd.dom0().post(() -> vbd.await("release", () -> !isHeld.get()));
          RawFrontend raw = new RawFrontend(vbd, BlockProtocol.X86_64, 1).publish();
          raw.state(XenbusState.CONNECTED);
          isHeld.set(false);
          vbd.awaitState(BACK, XenbusState.CONNECTED);
          raw.state(XenbusState.CONNECTED);
          vbd.settle();
          assertEquals(List.of("2", "4"), states);
          assertEquals(List.of(), vbd.back().errors());
          assertEquals(
              1,
              vbd.dom0().printk().lines().stream()
                  .filter(line -> line.text().contains(": using 1 queues"))
                  .count());
          assertEquals(0, raw.firstByte(0));
        });
  }

  @Test
  void discardIsNotMentionedIfItIsTurnedOff() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of("feature_persistent=0"),
        vbd -> {
          vbd.store().write(BACK + "/discard-enable", "0");
          vbd.hotplug("ram:1M");
          new RawFrontend(vbd, BlockProtocol.X86_64, 1).publish();
          vbd.awaitState(BACK, XenbusState.CONNECTED);
          assertEquals("absent", read(vbd, "feature-discard"));
          assertEquals("0", read(vbd, "feature-persistent"));
        });
  }

  @Test
  void diskThatIsNotThereIsFatalAndForgotten() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of(),
        vbd -> {
          vbd.store().write(BACK + "/physical-device", "7:5");
          vbd.awaitState(BACK, XenbusState.CLOSING);
          assertEquals(List.of("2 creating vbd structure"), vbd.back().errors());
        });
  }

  @Test
  void physicalDeviceThatIsNoNumberIsFatal() throws MachineFailure {
    for (String bad : List.of("fd", "fd:", ":2", "xy:z", "")) {
      BlkbackBench.run(
          1,
          "w",
          List.of(),
          vbd -> {
            vbd.store().write(BACK + "/physical-device", bad);
            vbd.awaitState(BACK, XenbusState.CLOSING);
            assertEquals(List.of("22 reading physical-device"), vbd.back().errors());
          });
    }
  }

  @Test
  void otherPhysicalDeviceIsIgnored() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          vbd.store().write(BACK + "/physical-device", "7:9");
          vbd.settle();
          assertEquals("4", read(vbd, "state"));
          assertTrue(
              vbd.dom0().printk().lines().stream()
                  .anyMatch(line -> line.text().contains("from 7:0 to 7:9")));
        });
  }

  @Test
  void threadNameIsCutAndLosesItsFolder() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of(),
        vbd -> {
          vbd.store().write(BACK + "/dev", "/dev/mapper/a-long-name");
          vbd.hotplug("ram:1M");
          new RawFrontend(vbd, BlockProtocol.X86_64, 1).publish();
          vbd.await("worker", () -> task(vbd.dom0(), "1.mapper/a-long-0").isPresent());
        });
  }

  // --- bad frontends --------------------------------------------------------------------------

  private static void refused(String error, String... nodes) throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of(),
        vbd -> {
          vbd.hotplug("ram:1M");
          new RawFrontend(vbd, BlockProtocol.X86_64, 1).publish(nodes);
          vbd.awaitState(BACK, XenbusState.CLOSING);
          assertEquals(error, vbd.back().errors().getFirst());
          assertEquals(0, vbd.dom0().mappedCount());
        });
  }

  @Test
  void nodesThatMakeNoSenseAreFatal() throws MachineFailure {
    refused("38 unknown fe protocol arm-abi", "protocol=arm-abi");
    refused("38 guest requested 0 queues, exceeding the maximum of 4.", "multi-queue-num-queues=0");
    refused("38 guest requested 5 queues, exceeding the maximum of 4.", "multi-queue-num-queues=5");
    refused("22 requested ring page order 5 exceed max:4", "ring-page-order=5");
    refused("22 reading " + FRONT + "/ring-ref0", "ring-page-order=0");
    refused("22 reading " + FRONT + "/queue-0/event-channel", "multi-queue-num-queues=2");
    refused("22 reading " + FRONT + "/event-channel", "event-channel=x");
    refused("22 reading " + FRONT + "/ring-ref", "ring-ref=-1");
    refused("3 mapping in shared page 4711", "ring-ref=4711");
    refused("22 mapping ring-ref port 999", "event-channel=999");
  }

  @Test
  void frontendWithoutProtocolIsTakenForThirtyTwoBits() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of(),
        vbd -> {
          vbd.hotplug("ram:1M");
          var raw = new RawFrontend(vbd, BlockProtocol.X86_32, 1).publish();
          vbd.store().remove(FRONT + "/protocol");
          vbd.awaitState(BACK, XenbusState.CONNECTED);
          assertEquals(0, raw.firstByte(0));
        });
  }

  @Test
  void impossibleIndicesAtAttachAreFatal() throws MachineFailure {
    BlkbackBench.run(
        1,
        "w",
        List.of(),
        vbd -> {
          vbd.hotplug("ram:1M");
          var raw = new RawFrontend(vbd, BlockProtocol.X86_64, 1);
          raw.slots().setInt(SharedRing.REQ_PROD, 33);
          int port = vbd.guest().givenCount();
          raw.publish();
          vbd.awaitState(BACK, XenbusState.CLOSING);
          assertTrue(vbd.back().errors().getFirst().startsWith("5 mapping ring-ref port"));
          assertEquals(1, port);
          assertEquals(0, vbd.dom0().mappedCount());
        });
  }

  @Test
  void statesThatNoFrontendHasAreFatal() throws MachineFailure {
    for (int bad : List.of(2, 7, 8, 9, 42, -1)) {
      BlkbackBench.connected(
          (vbd, raw) -> {
            raw.state(bad);
            vbd.awaitState(BACK, XenbusState.CLOSING);
            assertEquals(List.of("22 saw state " + bad + " at frontend"), vbd.back().errors());
            assertTrue(vbd.back().isBound(), "a guest cannot unregister its device with a number");
          });
    }
  }

  // --- closing --------------------------------------------------------------------------------

  @Test
  void closedFrontendIsDisconnectedAndMayComeBack() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          raw.state(XenbusState.CLOSING);
          vbd.awaitState(BACK, XenbusState.CLOSING);
          assertEquals(0, raw.firstByte(0));
          raw.state(XenbusState.CLOSED);
          vbd.awaitState(BACK, XenbusState.CLOSED);
          assertEquals(0, vbd.dom0().mappedCount());
          assertFalse(task(vbd.dom0(), "1.xvda-0").isPresent());
          assertTrue(vbd.back().isBound());
          raw.close();

          raw.state(XenbusState.INITIALISING);
          vbd.awaitState(BACK, XenbusState.INIT_WAIT);
          var second = new RawFrontend(vbd, BlockProtocol.X86_32, 1).publish();
          vbd.awaitState(BACK, XenbusState.CONNECTED);
          assertEquals(0, second.firstByte(0));
        });
  }

  @Test
  void closedDeviceThatIsNotWantedGoes() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          Disk loop = vbd.dom0().block().disk("loop0").orElseThrow();
          vbd.store().write(BACK + "/online", "0");
          raw.state(XenbusState.CLOSED);
          vbd.awaitState(BACK, XenbusState.CLOSED);
          vbd.await("disk released", () -> loop.openers() == 0);
          assertFalse(vbd.back().isBound());
        });
  }

  @Test
  void vanishedFrontendTakesTheDeviceAway() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          vbd.store().remove(FRONT);
          vbd.await("unbound", () -> !vbd.back().isBound());
          vbd.await("unmapped", () -> vbd.dom0().mappedCount() == 0);
          // allow_rebind: the driver leaves its state alone.
          assertEquals("4", read(vbd, "state"));
        });
  }

  @Test
  void closedIsPublishedThoughRequestsAreInFlight() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          vbd.dom0().linuxBlock().holdCompletions("1.xvda-0");
          raw.request(BlockOperations.READ, 1, 0, List.of(raw.data(0, false)));
          raw.push();
          vbd.await("in flight", () -> vbd.dom0().mappedCount() == 2);
          vbd.store().write(BACK + "/online", "0");
          raw.state(XenbusState.CLOSED);
          vbd.awaitState(BACK, XenbusState.CLOSED);
          vbd.await("unbound", () -> !vbd.back().isBound());
          Disk loop = vbd.dom0().block().disk("loop0").orElseThrow();
          assertEquals(2, vbd.dom0().mappedCount());
          assertEquals(1, loop.openers());

          vbd.dom0().linuxBlock().releaseCompletions();
          vbd.await("freed", () -> loop.openers() == 0);
          assertEquals(0, vbd.dom0().mappedCount());
        });
  }

  @Test
  void reconnectWithRequestsInFlightIsFatal() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          vbd.dom0().linuxBlock().holdCompletions("1.xvda-0");
          raw.request(BlockOperations.READ, 1, 0, List.of(raw.data(0, false)));
          raw.push();
          vbd.await("in flight", () -> vbd.dom0().mappedCount() == 2);
          raw.state(XenbusState.CLOSED);
          vbd.awaitState(BACK, XenbusState.CLOSED);
          raw.state(XenbusState.INITIALISED);
          vbd.awaitState(BACK, XenbusState.CLOSING);
          assertEquals(List.of("16 pending I/O"), vbd.back().errors());
          vbd.dom0().linuxBlock().releaseCompletions();
        });
  }

  @Test
  void togglingFrontendStopsEachWorkerOnce() throws MachineFailure {
    for (long seed = 1; seed <= 20; seed++) {
      BlkbackBench.run(
          seed,
          "w",
          List.of(),
          vbd -> {
            vbd.hotplug("ram:1M");
            for (int round = 0; round < 5; round++) {
              var raw = new RawFrontend(vbd, BlockProtocol.X86_64, 1).publish();
              raw.state(XenbusState.CONNECTED);
              Task.sleep(round * 100L);
              raw.state(XenbusState.CLOSED);
              Task.relax();
              raw.state(XenbusState.INITIALISING);
              vbd.settle();
              raw.state(XenbusState.CLOSED);
              vbd.awaitState(BACK, XenbusState.CLOSED);
              raw.close();
              raw.state(XenbusState.INITIALISING);
              vbd.awaitState(BACK, XenbusState.INIT_WAIT);
            }
            assertFalse(task(vbd.dom0(), "1.xvda-0").isPresent());
            assertEquals(0, vbd.dom0().mappedCount());
          });
    }
  }

  // --- stalls ---------------------------------------------------------------------------------

  private static void fillTags(VbdFixture vbd, RawFrontend raw) throws Exception {
    vbd.dom0().linuxBlock().holdCompletions("1.xvda-0");
    for (int i = 0; i < raw.ring().entries(); i++) {
      raw.request(BlockOperations.READ, i, i * 8L, List.of(raw.data(0, false)));
    }
    raw.push();
    Task worker = task(vbd.dom0(), "1.xvda-0").orElseThrow();
    vbd.await("worker in submit_bio", () -> worker.wchan().equals("blk_mq_get_tag"));
    assertEquals(Task.State.D, worker.state());
    assertEquals(
        List.of(
            "blk_mq_get_tag",
            "submit_bio",
            "dispatch_rw_block_io [xen_blkback]",
            "xen_blkif_schedule [xen_blkback]",
            "kthread",
            "ret_from_fork"),
        symbols(worker));
  }

  @Test
  void hangingStorageStallsTheRemovalUntilItAnswers() throws MachineFailure {
    for (long seed = 1; seed <= 10; seed++) {
      BlkbackBench.run(
          seed,
          "w",
          List.of(),
          vbd -> {
            vbd.hotplug("ram:1M");
            var raw = new RawFrontend(vbd, BlockProtocol.X86_64, 1).publish();
            vbd.awaitState(BACK, XenbusState.CONNECTED);
            vbd.await("worker", () -> task(vbd.dom0(), "1.xvda-0").isPresent());
            fillTags(vbd, raw);
            vbd.store().remove(FRONT);
            Task xenwatch = vbd.dom0().xenwatch();
            vbd.await("stall", () -> xenwatch.state() == Task.State.D);
            List<String> stack = symbols(xenwatch);
            assertEquals(
                List.of(
                    "kthread_stop",
                    "xen_blkif_disconnect [xen_blkback]",
                    "xen_blkbk_remove [xen_blkback]",
                    "frontend_changed [xen_blkback]",
                    "xenwatch_thread"),
                stack.subList(0, 5));
            Task.sleep(30_000_000_000L);
            assertEquals(Task.State.D, xenwatch.state());

            vbd.dom0().linuxBlock().releaseCompletions();
            vbd.await("unbound", () -> !vbd.back().isBound());
            vbd.await("unmapped", () -> vbd.dom0().mappedCount() == 0);
            assertFalse(task(vbd.dom0(), "1.xvda-0").isPresent());
          });
    }
  }

  @Test
  void hangingStorageStallsTheClosing() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          vbd.await("worker", () -> task(vbd.dom0(), "1.xvda-0").isPresent());
          fillTags(vbd, raw);
          raw.state(XenbusState.CLOSED);
          Task xenwatch = vbd.dom0().xenwatch();
          vbd.await("stall", () -> xenwatch.state() == Task.State.D);
          assertEquals(
              List.of(
                  "kthread_stop",
                  "xen_blkif_disconnect [xen_blkback]",
                  "frontend_changed [xen_blkback]",
                  "xenwatch_thread"),
              symbols(xenwatch).subList(0, 4));
          vbd.dom0().linuxBlock().releaseCompletions();
          vbd.awaitState(BACK, XenbusState.CLOSED);
        });
  }

  /// Guest memory that stays mapped has a page taken by somebody below; nothing but the removal
  /// notices.
  private static void persistent(BlkbackBench.Body body) throws MachineFailure {
    BlkbackBench.connected(
        BlockProtocol.X86_64,
        "w",
        "feature-persistent=1",
        (vbd, raw) -> {
          vbd.await("worker", () -> task(vbd.dom0(), "1.xvda-0").isPresent());
          body.run(vbd, raw);
        });
  }

  private static void stallsTheRemoval(VbdFixture vbd, MappedGrant held) throws Exception {
    vbd.store().remove(FRONT);
    Task xenwatch = vbd.dom0().xenwatch();
    vbd.await("stall", () -> xenwatch.wchan().equals("gnttab_unmap_refs_sync"));
    Task.sleep(30_000_000_000L);
    assertEquals(Task.State.D, xenwatch.state());
    assertEquals(
        List.of(
            "gnttab_unmap_refs_sync",
            "free_persistent_gnts [xen_blkback]",
            "xen_blkbk_free_caches [xen_blkback]",
            "xen_blkif_disconnect [xen_blkback]",
            "xen_blkbk_remove [xen_blkback]",
            "frontend_changed [xen_blkback]",
            "xenwatch_thread"),
        symbols(xenwatch).subList(0, 7));
    held.put();
    vbd.await("unmapped", () -> vbd.dom0().mappedCount() == 0);
    vbd.await("nobody listens", () -> vbd.dom0().stallListeners() == 0);
  }

  @Test
  void heldPersistentGrantStallsTheRemoval() throws MachineFailure {
    persistent(
        (vbd, raw) -> {
          RawFrontend.Data data = raw.data(0, false);
          raw.call(BlockOperations.READ, 0, List.of(data));
          vbd.dom0().holdPageOf("1.xvda-0"); // The worker sleeps, and is asked for a page.
          vbd.await("held", () -> vbd.dom0().heldPage() != null);
          MappedGrant held = requireNonNull(vbd.dom0().heldPage());
          assertEquals(data.ref(), held.ref());
          assertEquals(2, held.users());
          assertEquals(0, raw.call(BlockOperations.READ, 0, List.of(data)).status());
          stallsTheRemoval(vbd, held);
        });
  }

  @Test
  void firstPersistentGrantIsOfferedToWhoWaitsForIt() throws MachineFailure {
    persistent(
        (vbd, raw) -> {
          vbd.dom0().holdPageOf("1.xvda-0");
          Task.sleep(1_000_000_000L);
          assertNull(vbd.dom0().heldPage());
          RawFrontend.Data data = raw.data(0, false);
          assertEquals(0, raw.call(BlockOperations.READ, 0, List.of(data)).status());
          vbd.await("held", () -> vbd.dom0().heldPage() != null);
          stallsTheRemoval(vbd, requireNonNull(vbd.dom0().heldPage()));
        });
  }

  @Test
  void vbdWithoutPersistentGrantsHasNoPageToOffer() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          vbd.await("worker", () -> task(vbd.dom0(), "1.xvda-0").isPresent());
          vbd.dom0().holdPageOf("1.xvda-0");
          assertEquals(0, raw.call(BlockOperations.READ, 0, List.of(raw.data(0, false))).status());
          Task.sleep(1_000_000_000L);
          assertNull(vbd.dom0().heldPage());
        });
  }

  // --- resize ---------------------------------------------------------------------------------

  @Test
  void newSizeIsPublishedAndServed() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          Disk loop = vbd.dom0().block().disk("loop0").orElseThrow();
          loop.sectors(1024);
          vbd.await("sectors", () -> read(vbd, "sectors").equals("1024"));
          assertEquals("4", read(vbd, "state"));
          assertEquals(
              -1, raw.call(BlockOperations.READ, 1024, List.of(raw.data(0, false))).status());
          assertEquals(0, raw.firstByte(1016));
        });
  }

  @Test
  void idlePersistentGrantsAreDroppedAfterAMinute() throws MachineFailure {
    BlkbackBench.connected(
        BlockProtocol.X86_64,
        "w",
        "feature-persistent=1",
        (vbd, raw) -> {
          raw.firstByte(0);
          assertEquals(2, vbd.dom0().mappedCount());
          Task.sleep(59_000_000_000L);
          assertEquals(2, vbd.dom0().mappedCount());
          Task.sleep(2_000_000_000L);
          vbd.await("dropped", () -> vbd.dom0().mappedCount() == 1);
        });
  }
}

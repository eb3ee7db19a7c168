package dev.xenbus.blkback;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.xenbus.abi.XenbusState;
import dev.xenbus.abi.io.blkif.BlockOperations;
import dev.xenbus.abi.io.blkif.BlockProtocol;
import dev.xenbus.abi.io.blkif.BlockSegmentLayout;
import dev.xenbus.abi.io.blkif.BlockStatus;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.testkit.vbd.RawFrontend;
import dev.xenbus.testkit.vbd.RawFrontend.Data;
import dev.xenbus.testkit.vbd.RawFrontend.Response;
import dev.xenbus.testkit.vbd.VbdFixture;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the backend answers to each kind of request, good and bad.
class ServingTest {
  private static final long SECTORS = 2048;

  private static void assertStatus(int status, Response response) {
    assertEquals(status, response.status(), response.toString());
  }

  private static List<Data> pages(RawFrontend raw, int count, int fill) throws KernelException {
    List<Data> pages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pages.add(raw.data(fill + i, false));
    }
    return pages;
  }

  /// Waits until nothing of the guest is mapped but the ring, and its data grants can be ended.
  private static void assertNothingMapped(VbdFixture vbd) {
    vbd.await("only the ring mapped", () -> vbd.dom0().mappedCount() == 1);
  }

  @Test
  void bothProtocolsMoveData() throws MachineFailure {
    for (BlockProtocol protocol : BlockProtocol.values()) {
      for (String persistent : List.of("feature-persistent=0", "feature-persistent=1")) {
        BlkbackBench.connected(
            protocol,
            "w",
            persistent,
            (vbd, raw) -> {
              Response written = raw.call(BlockOperations.WRITE, 8, pages(raw, 11, 1));
              assertEquals(new Response(1, BlockOperations.WRITE, 0), written);
              assertEquals(1, raw.firstByte(8));
              assertEquals(11, raw.firstByte(8 + 80));
              assertEquals(0, raw.firstByte(0));
            });
      }
    }
  }

  @Test
  void segmentsMayBePartsOfPages() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          Data data = raw.data(9, false);
          data.page().memory().asSlice(0, 3 * 512).fill((byte) 5);
          raw.layout().direct(raw.slot(), BlockOperations.WRITE, 2, 0, 77, 16);
          BlockSegmentLayout.fill(raw.slot(), raw.layout().segmentOffset(0), data.ref(), 2, 2);
          BlockSegmentLayout.fill(raw.slot(), raw.layout().segmentOffset(1), data.ref(), 7, 7);
          raw.put();
          raw.push();
          assertEquals(new Response(77, BlockOperations.WRITE, 0), raw.await(1).getFirst());
          assertEquals(5, raw.firstByte(16));
          assertEquals(9, raw.firstByte(17));
          assertEquals(0, raw.firstByte(18));
        });
  }

  @Test
  void fullRingIsServedInAnyOrderAndEachRequestOnce() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          for (int i = 0; i < raw.ring().entries(); i++) {
            raw.request(BlockOperations.WRITE, 1000 + i, i * 8L, pages(raw, 1, i));
          }
          raw.push();
          List<Long> ids =
              raw.await(raw.ring().entries()).stream().map(Response::id).sorted().toList();
          for (int i = 0; i < ids.size(); i++) {
            assertEquals(1000 + i, ids.get(i));
          }
          assertNothingMapped(vbd);
        });
  }

  @Test
  void indirectRequestIsAnsweredWithItsInnerOperation() throws MachineFailure {
    for (BlockProtocol protocol : BlockProtocol.values()) {
      BlkbackBench.connected(
          protocol,
          "w",
          "feature-persistent=0",
          (vbd, raw) -> {
            raw.indirect(BlockOperations.WRITE, 5, 0, pages(raw, 256, 0), 256);
            raw.push();
            assertEquals(new Response(5, BlockOperations.WRITE, 0), raw.await(1).getFirst());
            assertEquals(200, Byte.toUnsignedInt(raw.firstByte(200 * 8L)));
            assertNothingMapped(vbd);
          });
    }
  }

  @Test
  void indirectRequestsWithBadCountsOrOperationsAreRefused() throws MachineFailure {
    for (BlockProtocol protocol : BlockProtocol.values()) {
      BlkbackBench.connected(
          protocol,
          "w",
          "feature-persistent=0",
          (vbd, raw) -> {
            for (int count : new int[] {0, 257, 65535}) {
              raw.indirect(BlockOperations.READ, count, 0, pages(raw, 1, 0), count);
              raw.push();
              assertEquals(new Response(count, BlockOperations.READ, -1), raw.await(1).getFirst());
            }
            for (int inner : new int[] {2, 3, 5, 6, 255}) {
              raw.indirect(inner, 1, 0, pages(raw, 1, 0), 1);
              raw.push();
              assertEquals(new Response(1, inner, -1), raw.await(1).getFirst());
            }
            assertNothingMapped(vbd);
          });
    }
  }

  @Test
  void badReferenceAnywhereMovesNothing() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          for (int bad : new int[] {0, 1, 17, 30, 31}) {
            List<Data> data = pages(raw, 32, 100);
            data.set(bad, new Data(data.get(bad).page(), 4711));
            raw.indirect(BlockOperations.WRITE, bad, 0, data, 32);
            raw.push();
            assertStatus(BlockStatus.ERROR, raw.await(1).getFirst());
          }
          assertEquals(0, raw.firstByte(0));
          assertNothingMapped(vbd);
          assertEquals("5\n", vbd.back().attribute("statistics/wr_req"));
          assertEquals("0\n", vbd.back().attribute("statistics/wr_sect"));
        });
  }

  @Test
  void badReferenceLeavesPersistentGrantsUsable() throws MachineFailure {
    BlkbackBench.connected(
        BlockProtocol.X86_64,
        "w",
        "feature-persistent=1",
        (vbd, raw) -> {
          List<Data> data = pages(raw, 6, 1);
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, data));
          List<Data> half = new ArrayList<>(data.subList(0, 3));
          half.add(new Data(data.get(3).page(), 4711));
          half.add(raw.data(50, false));
          assertStatus(BlockStatus.ERROR, raw.call(BlockOperations.WRITE, 64, half));
          int mapped = vbd.dom0().mapCalls();
          assertStatus(0, raw.call(BlockOperations.WRITE, 64, data));
          assertEquals(mapped, vbd.dom0().mapCalls());
        });
  }

  @Test
  void pagesBehindMappingsAreKeptUntilTheKernelAsksForThem() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          int before = vbd.dom0().pages().inUse();
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, pages(raw, 7, 1)));
          assertNothingMapped(vbd);
          assertEquals(before + 7, vbd.dom0().pages().inUse());
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, pages(raw, 5, 1)));
          assertEquals(before + 7, vbd.dom0().pages().inUse());
          vbd.backend().reclaimMemory();
          vbd.await("free pages gone", () -> vbd.dom0().pages().inUse() == before);
          Task.sleep(20_000_000); // longer than buffer_squeeze_duration_ms: pages are kept again
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, pages(raw, 5, 1)));
          assertEquals(before + 5, vbd.dom0().pages().inUse());
        });
  }

  @Test
  void pagesBehindPersistentGrantsAreNotGivenBack() throws MachineFailure {
    BlkbackBench.connected(
        BlockProtocol.X86_64,
        "w",
        "feature-persistent=1",
        (vbd, raw) -> {
          int before = vbd.dom0().pages().inUse();
          List<Data> data = pages(raw, 7, 1);
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, data));
          vbd.backend().reclaimMemory();
          Task.sleep(20_000_000);
          assertEquals(before + 7, vbd.dom0().pages().inUse());
          int mapped = vbd.dom0().mapCalls();
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, data));
          assertEquals(mapped, vbd.dom0().mapCalls());
        });
  }

  @Test
  void requestFailsWithoutAPageAndTheNextOneWorks() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          int before = vbd.dom0().pages().inUse();
          List<Data> data = pages(raw, 7, 1);
          vbd.dom0().pages().limit(before + 4);
          assertStatus(BlockStatus.ERROR, raw.call(BlockOperations.WRITE, 0, data));
          assertNothingMapped(vbd);
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, data.subList(0, 4)));
          vbd.dom0().pages().limit(Integer.MAX_VALUE);
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, data));
        });
  }

  @Test
  void noMorePagesAreKeptThanTheParameterSays() throws MachineFailure {
    BlkbackBench.run(
        3,
        "w",
        List.of("max_buffer_pages=3"),
        vbd -> {
          vbd.hotplug("ram:1M");
          RawFrontend raw = new RawFrontend(vbd, BlockProtocol.X86_64, 1);
          raw.publish("feature-persistent=0");
          vbd.awaitState(VbdFixture.BACK, XenbusState.CONNECTED);
          int before = vbd.dom0().pages().inUse();
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, pages(raw, 7, 1)));
          assertNothingMapped(vbd);
          raw.kick();
          vbd.await("three are kept", () -> vbd.dom0().pages().inUse() == before + 3);
        });
  }

  @Test
  void sameReferenceTwiceInOnePersistentRequestIsMappedTwice() throws MachineFailure {
    BlkbackBench.connected(
        BlockProtocol.X86_64,
        "w",
        "feature-persistent=1",
        (vbd, raw) -> {
          Data data = raw.data(3, false);
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, List.of(data, data)));
          // The ring and one persistent mapping stay.
          vbd.await("second mapping gone", () -> vbd.dom0().mappedCount() == 2);
        });
  }

  @Test
  void writesNeedOnlyReadableGrantsAndReadsWritableOnes() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, List.of(raw.data(1, true))));
          assertStatus(
              BlockStatus.ERROR, raw.call(BlockOperations.READ, 0, List.of(raw.data(1, true))));
        });
  }

  @Test
  void directRequestsWithBadCountsAreRefused() throws MachineFailure {
    for (BlockProtocol protocol : BlockProtocol.values()) {
      BlkbackBench.connected(
          protocol,
          "w",
          "feature-persistent=0",
          (vbd, raw) -> {
            assertStatus(BlockStatus.ERROR, raw.call(BlockOperations.READ, 0, List.of()));
            for (int count : new int[] {12, 255}) {
              raw.layout().direct(raw.slot(), BlockOperations.WRITE, count, 0, 1, 0);
              raw.put();
              raw.push();
              assertStatus(BlockStatus.ERROR, raw.await(1).getFirst());
            }
          });
    }
  }

  @Test
  void segmentsOutsideOfTheirPageAreRefused() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          Data data = raw.data(1, false);
          for (int[] sectors : new int[][] {{0, 8}, {8, 8}, {5, 4}, {0, 255}, {255, 255}}) {
            raw.layout().direct(raw.slot(), BlockOperations.WRITE, 1, 0, 1, 0);
            BlockSegmentLayout.fill(
                raw.slot(), raw.layout().segmentOffset(0), data.ref(), sectors[0], sectors[1]);
            raw.put();
            raw.push();
            assertStatus(BlockStatus.ERROR, raw.await(1).getFirst());
          }
        });
  }

  @Test
  void sectorsOutsideOfTheDiskAreRefused() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          for (long sector : new long[] {SECTORS - 7, SECTORS, -1, -8, Long.MIN_VALUE}) {
            assertStatus(
                BlockStatus.ERROR,
                raw.call(BlockOperations.WRITE, sector, List.of(raw.data(1, false))));
          }
          assertStatus(
              0, raw.call(BlockOperations.WRITE, SECTORS - 8, List.of(raw.data(1, false))));
        });
  }

  @Test
  void readOnlyDiskIsNeverChanged() throws MachineFailure {
    BlkbackBench.connected(
        BlockProtocol.X86_64,
        "r",
        "feature-persistent=0",
        (vbd, raw) -> {
          List<Data> data = pages(raw, 1, 1);
          assertStatus(BlockStatus.ERROR, raw.call(BlockOperations.WRITE, 0, data));
          assertStatus(BlockStatus.ERROR, raw.call(BlockOperations.WRITE_BARRIER, 0, data));
          assertStatus(BlockStatus.ERROR, raw.call(BlockOperations.FLUSH_DISKCACHE, 0, data));
          raw.indirect(BlockOperations.WRITE, 1, 0, data, 1);
          raw.discard(2, 0, 0, 8);
          raw.discard(3, 1, 0, 8);
          raw.push();
          for (Response response : raw.await(3)) {
            assertStatus(BlockStatus.ERROR, response);
          }
          assertEquals("0\n", vbd.back().attribute("statistics/ds_req"));
          assertEquals("r\n", vbd.back().attribute("mode"));
          assertEquals(0, raw.firstByte(0));
          assertEquals("4", vbd.store().read(VbdFixture.BACK + "/info").orElse(""));
        });
  }

  @Test
  void unknownOperationsAreUnsupported() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          for (int operation : new int[] {4, 7, 100, 255}) {
            raw.bare(operation, 40 + operation);
            raw.push();
            assertEquals(
                new Response(40 + operation, operation, BlockStatus.EOPNOTSUPP),
                raw.await(1).getFirst());
          }
        });
  }

  @Test
  void flushesAndBarriersMayBeEmptyOrCarryData() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          assertStatus(0, raw.call(BlockOperations.FLUSH_DISKCACHE, 0, List.of()));
          assertStatus(0, raw.call(BlockOperations.WRITE_BARRIER, 0, List.of()));
          assertStatus(0, raw.call(BlockOperations.FLUSH_DISKCACHE, 0, pages(raw, 2, 1)));
          assertStatus(0, raw.call(BlockOperations.WRITE_BARRIER, 16, pages(raw, 1, 3)));
          assertEquals(2, raw.firstByte(8));
          assertEquals(3, raw.firstByte(16));
          assertEquals("4\n", vbd.back().attribute("statistics/f_req"));
          assertEquals("24\n", vbd.back().attribute("statistics/wr_sect"));
        });
  }

  @Test
  void barrierWaitsForWhatIsInFlight() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          vbd.dom0().linuxBlock().holdCompletions("1.xvda-0");
          raw.request(BlockOperations.WRITE, 1, 0, pages(raw, 1, 1));
          raw.request(BlockOperations.WRITE_BARRIER, 2, 8, pages(raw, 1, 2));
          raw.push();
          var worker =
              vbd.dom0().cpu().machine().tasks().stream()
                  .filter(t -> t.comm().equals("1.xvda-0"))
                  .findFirst()
                  .orElseThrow();
          vbd.await("drain", () -> worker.wchan().equals("xen_blk_drain_io"));
          assertEquals(0, raw.ring().unconsumedResponses());
          vbd.dom0().linuxBlock().releaseCompletions();
          assertEquals(List.of(1L, 2L), raw.await(2).stream().map(Response::id).toList());
        });
  }

  @Test
  void discardForgetsContentWithinTheDisk() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          assertStatus(0, raw.call(BlockOperations.WRITE, 0, pages(raw, 2, 1)));
          raw.discard(9, 0, 0, 8);
          raw.push();
          assertEquals(new Response(9, BlockOperations.DISCARD, 0), raw.await(1).getFirst());
          assertEquals(0, raw.firstByte(0));
          assertEquals(2, raw.firstByte(8));
          raw.discard(10, 0, SECTORS, 1);
          raw.discard(11, 0, 0, -1);
          raw.push();
          for (Response response : raw.await(2)) {
            assertStatus(BlockStatus.ERROR, response);
          }
          assertEquals("1\n", vbd.back().attribute("statistics/ds_req"));
        });
  }

  @Test
  void responsePaddingIsLeftAlone() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          long id = 0xABAB_ABAB_ABAB_ABABL;
          raw.request(BlockOperations.READ, id, 0, pages(raw, 1, 0));
          raw.push();
          assertEquals(new Response(id, BlockOperations.READ, 0), raw.await(1).getFirst());
          long slot = raw.ring().slot(0);
          // What the request had there: its own id, not the backend's memory.
          for (int padding : new int[] {9, 12, 13, 14, 15}) {
            assertEquals((byte) 0xAB, raw.slots().getByte(slot + padding));
          }
        });
  }

  @Test
  void countersCountWhatTheySay() throws MachineFailure {
    BlkbackBench.connected(
        (vbd, raw) -> {
          raw.call(BlockOperations.WRITE, 0, pages(raw, 2, 1));
          raw.call(BlockOperations.READ, 0, pages(raw, 3, 1));
          raw.call(BlockOperations.READ, SECTORS, pages(raw, 1, 1));
          assertEquals("1\n", vbd.back().attribute("statistics/wr_req"));
          assertEquals("2\n", vbd.back().attribute("statistics/rd_req"));
          assertEquals("16\n", vbd.back().attribute("statistics/wr_sect"));
          assertEquals("24\n", vbd.back().attribute("statistics/rd_sect"));
          assertEquals("7:0\n", vbd.back().attribute("physical_device"));
        });
  }

  @Test
  void producerFarAheadHaltsTheRingForGood() throws MachineFailure {
    for (int ahead : new int[] {33, 1 << 31, -1}) {
      BlkbackBench.connected(
          (vbd, raw) -> {
            raw.call(BlockOperations.READ, 0, pages(raw, 1, 0));
            raw.ring().reqProdPvt(1 + ahead);
            raw.push();
            vbd.await(
                "log line",
                () ->
                    vbd.dom0().printk().lines().stream()
                        .anyMatch(line -> line.text().contains("bogus ring requests")));
            raw.ring().reqProdPvt(2);
            raw.push();
            vbd.settle();
            assertEquals(0, raw.ring().unconsumedResponses());
            // It still can be taken away.
            raw.state(XenbusState.CLOSED);
            vbd.awaitState(VbdFixture.BACK, XenbusState.CLOSED);
            assertEquals(0, vbd.dom0().mappedCount());
          });
    }
  }
}

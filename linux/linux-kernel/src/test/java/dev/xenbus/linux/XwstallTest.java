package dev.xenbus.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.linux.ModuleTable.Unload;
import dev.xenbus.linux.api.BlockRequest;
import dev.xenbus.linux.api.DeviceNumber;
import dev.xenbus.linux.api.Disk;
import dev.xenbus.linux.api.DiskOptions;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.MacAddress;
import dev.xenbus.linux.api.MappedGrant;
import dev.xenbus.linux.api.NetDevice;
import dev.xenbus.linux.api.NetDeviceOperations;
import dev.xenbus.linux.api.Packet;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class XwstallTest {
  private static final String FOLDER = "/sys/kernel/xwstall/";
  private static final long SECOND = 1_000_000_000L;

  private static void echo(LinuxKernel kernel, String value, String file) throws KernelException {
    kernel.files().write(FOLDER + file, value + "\n");
  }

  private static void assertInvalid(LinuxKernel kernel, String value, String file) {
    KernelException e = assertThrows(KernelException.class, () -> echo(kernel, value, file));
    assertEquals(Errno.EINVAL, e.errno());
  }

  private static void play(TestKernel.Scene scene) throws MachineFailure {
    TestKernel.play(
        kernel -> {
          kernel.loadStallInjector();
          kernel.loadStallInjector();
          scene.play(kernel);
        });
  }

  private static NetDevice vif(LinuxKernel kernel, String name) throws KernelException {
    NetDevice vif = kernel.net().register(name, new MacAddress(1), mock(NetDeviceOperations.class));
    vif.up();
    return vif;
  }

  private static MappedGrant grant(int ref) {
    MappedGrant grant = mock(MappedGrant.class);
    when(grant.granter()).thenReturn(new Domid(1));
    when(grant.ref()).thenReturn(ref);
    return grant;
  }

  /// A zero-copy GSO packet with fragments of the given references; 0 is a page of our own.
  private static Packet packet(AtomicInteger released, int... refs) {
    Packet packet = new Packet(new byte[60]);
    for (int ref : refs) {
      packet
          .fragments()
          .add(
              new Packet.Fragment(
                  MemorySegment.ofArray(new byte[8]), 0, 8, ref == 0 ? null : grant(ref)));
    }
    packet.gso(Packet.Gso.TCPV4, 1448);
    packet.zeroCopy(unmodified -> released.addAndGet(unmodified ? 1 : 100));
    return packet;
  }

  @Test
  void packetIsHeldAndFlushedWithThePublishedLines() throws MachineFailure {
    play(
        kernel -> {
          AtomicInteger released = new AtomicInteger();
          NetDevice vif = vif(kernel, "vif1.0");
          echo(kernel, "vif1.0", "vifname");
          echo(kernel, "1", "eavesdrop");
          echo(kernel, "1", "eavesdrop");
          vif.receive(packet(released, 13, 14));
          assertEquals(0, released.get());
          assertEquals(1, vif.statistics().rxPackets().get());
          echo(kernel, "0", "eavesdrop");
          assertEquals(1, released.get());
          assertEquals(
              List.of(
                  "xwstall: set vifname=vif1.0",
                  "xwstall: enable eavesdrop on vif1.0",
                  "xwstall: eavesdrop is already enabled on vif1.0",
                  "xwstall: hold sk_buff=0xffff88800a3c1100 at netdev=vif1.0 (nr_frag=2)",
                  "xwstall: grant(0) domid=1 gref=13",
                  "xwstall: grant(1) domid=1 gref=14",
                  "xwstall: flush the on-hold sk_buff",
                  "xwstall: reset eavesdrop and skb_onhold"),
              TestKernel.log(kernel));
        });
  }

  @Test
  void onePacketIsHeldAtMost() throws MachineFailure {
    play(
        kernel -> {
          AtomicInteger released = new AtomicInteger();
          NetDevice vif = vif(kernel, "vif1.0");
          echo(kernel, "vif1.0", "vifname");
          echo(kernel, "1", "eavesdrop");
          vif.receive(packet(released, 13));
          vif.receive(packet(released, 14));
          assertEquals(100, released.get());
          echo(kernel, "0", "eavesdrop");
          assertEquals(101, released.get());
        });
  }

  @Test
  void otherPacketsAndOtherVifsPass() throws MachineFailure {
    play(
        kernel -> {
          AtomicInteger released = new AtomicInteger();
          NetDevice vif = vif(kernel, "vif1.0");
          echo(kernel, "vif1.0", "vifname");
          echo(kernel, "1", "eavesdrop");
          vif(kernel, "vif2.0").receive(packet(released, 13));
          vif.receive(packet(released));
          vif.receive(packet(released, 13, 0));
          Packet small = packet(released, 13);
          small.gso(Packet.Gso.NONE, 0);
          vif.receive(small);
          assertEquals(400, released.get());
          assertEquals("1\n", kernel.files().read(FOLDER + "eavesdrop"));
        });
  }

  @Test
  void resetWithoutAPacketIsHarmless() throws MachineFailure {
    play(
        kernel -> {
          echo(kernel, "0", "eavesdrop");
          assertEquals(List.of("xwstall: reset eavesdrop and skb_onhold"), TestKernel.log(kernel));
        });
  }

  @Test
  void oddValuesAreInvalid() throws MachineFailure {
    play(
        kernel -> {
          assertInvalid(kernel, "1", "eavesdrop");
          assertInvalid(kernel, "vif-with-16-chars", "vifname");
          echo(kernel, "vif-with-15-cha", "vifname");
          assertInvalid(kernel, "2", "eavesdrop");
          assertInvalid(kernel, "", "eavesdrop");
          assertInvalid(kernel, "pci", "probe_hold");
          assertInvalid(kernel, "sixteen-letters-", "vbd_hold_bio");
          assertEquals("vif-with-15-cha\n", kernel.files().read(FOLDER + "vifname"));
        });
  }

  @Test
  void probeIsHeldInStateDUntilReleased() throws MachineFailure {
    play(
        kernel -> {
          echo(kernel, "vif", "probe_hold");
          kernel.stallPoint("probe", "vbd");
          kernel.stallPoint("remove", "vif");
          Task stuck =
              kernel
                  .cpu()
                  .kthread(
                      "xenwatch",
                      self -> {
                        kernel.stallPoint("probe", "vif");
                        return 0;
                      });
          stuck.wake();
          Task.sleep(SECOND);
          assertEquals(Task.State.D, stuck.state());
          assertEquals("xwstall_probe_hold", stuck.wchan());
          kernel.stallPoint("probe", "vif");
          String stack = kernel.files().read("/proc/" + stuck.pid() + "/stack");
          assertEquals("[<0>] xwstall_probe [xwstall]", stack.lines().findFirst().orElseThrow());
          echo(kernel, "", "probe_hold");
          assertEquals(0, stuck.waitFor());
          kernel.stallPoint("probe", "vif");
        });
  }

  /// A script waits as a process does: it does not count as hung, and a signal ends it.
  @Test
  void scriptIsHeldInStateSUntilReleasedOrKilled() throws MachineFailure {
    play(
        kernel -> {
          assertInvalid(kernel, "vif-route", "script_hold");
          for (boolean killed : new boolean[] {false, true}) {
            echo(kernel, "block", "script_hold");
            kernel.stallPoint("script", "vif-bridge");
            Task slow =
                kernel
                    .cpu()
                    .process(
                        "block",
                        self -> {
                          kernel.stallPoint("script", "block");
                          return 0;
                        });
            slow.wake();
            Task.sleep(SECOND);
            assertEquals(Task.State.S, slow.state());
            kernel.stallPoint("script", "block"); // one at a time
            if (killed) {
              slow.signal();
            } else {
              echo(kernel, "", "script_hold");
            }
            assertEquals(killed ? 143 : 0, slow.waitFor()); // 128 + SIGTERM
            assertEquals("\n", kernel.files().read(FOLDER + "script_hold"));
            kernel.stallPoint("script", "block");
          }
        });
  }

  @Test
  void heldProbeIsReportedAsHungAndTheRunGoesOn() throws MachineFailure {
    play(
        kernel -> {
          echo(kernel, "vif", "probe_hold");
          Task stuck =
              kernel
                  .cpu()
                  .kthread(
                      "xenwatch-with-a-long-name",
                      self -> {
                        kernel.stallPoint("probe", "vif");
                        return 0;
                      });
          stuck.wake();
          Task.sleep(200 * SECOND);
          assertTrue(
              TestKernel.log(kernel)
                  .contains(
                      "INFO: task xenwatch-with-a:"
                          + stuck.pid()
                          + " blocked for more than 120 seconds."));
          assertTrue(TestKernel.log(kernel).contains(" xwstall_probe [xwstall]"));
          echo(kernel, "0", "probe_hold");
          stuck.waitFor();
        });
  }

  @Test
  void biosOfOneThreadAreHeld() throws MachineFailure {
    play(
        kernel -> {
          Disk disk =
              kernel
                  .block()
                  .addDisk(
                      "sda",
                      new DeviceNumber(8, 0),
                      new DiskOptions(100, 512, 512, 2, false, false, false, false),
                      request -> request.done().completed(null));
          echo(kernel, "3.xvda-0", "vbd_hold_bio");
          AtomicInteger done = new AtomicInteger();
          submit(disk, done);
          assertEquals(1, done.get());
          Task vbd =
              kernel
                  .cpu()
                  .kthread(
                      "3.xvda-0",
                      self -> {
                        submit(disk, done);
                        submit(disk, done);
                        submit(disk, done);
                        return 0;
                      });
          vbd.wake();
          Task.sleep(SECOND);
          assertEquals(Task.State.D, vbd.state());
          assertEquals(1, done.get());
          assertFalse(TestKernel.log(kernel).isEmpty());
          echo(kernel, "", "vbd_hold_bio");
          vbd.waitFor();
          assertEquals(4, done.get());
        });
  }

  /// A mapped page that counts its users; nothing else is asked of it.
  private static MappedGrant page(int ref) {
    AtomicInteger users = new AtomicInteger(1);
    MappedGrant page = grant(ref);
    doAnswer(_ -> users.incrementAndGet()).when(page).get();
    doAnswer(_ -> users.decrementAndGet()).when(page).put();
    when(page.users()).thenAnswer(_ -> users.get());
    return page;
  }

  @Test
  void onePersistentGrantOfAVbdIsHeld() throws MachineFailure {
    play(
        kernel -> {
          MappedGrant first = page(13);
          MappedGrant other = page(14);
          kernel.stallPage("pgrant", "1.xvda-0", first);
          assertEquals(1, first.users(), "nothing is wanted yet");
          echo(kernel, "1.xvda", "vbd_hold_pgrant");
          kernel.stallPage("pgrant", "2.xvda-0", other);
          kernel.stallPage("pgrant", "1.xvdaa-0", other);
          kernel.stallPage("pgrant", "11.xvda-0", other);
          kernel.stallPage("sk_buff", "1.xvda-0", other);
          kernel.stallPage("pgrant", "1.xvda-0", first);
          kernel.stallPage("pgrant", "1.xvda-0", other);
          kernel.stallPage("pgrant", "1.xvda-1", other);
          assertEquals(2, first.users());
          assertEquals(1, other.users());
          assertEquals("1.xvda\n", kernel.files().read(FOLDER + "vbd_hold_pgrant"));
          echo(kernel, "", "vbd_hold_pgrant");
          kernel.stallPage("pgrant", "1.xvda-0", first);
          assertEquals(1, first.users());
          assertEquals("\n", kernel.files().read(FOLDER + "vbd_hold_pgrant"));
          assertEquals(
              List.of(
                  "xwstall: hold a persistent grant of 1.xvda",
                  "xwstall: hold persistent grant of 1.xvda-0: domid=1 gref=13",
                  "xwstall: release persistent grant"),
              TestKernel.log(kernel));
        });
  }

  @Test
  void onePersistentGrantOfOneRingIsHeld() throws MachineFailure {
    play(
        kernel -> {
          MappedGrant page = page(13);
          echo(kernel, "1.xvda-1", "vbd_hold_pgrant");
          kernel.stallPage("pgrant", "1.xvda-0", page);
          kernel.stallPage("pgrant", "1.xvda-10", page);
          assertEquals(1, page.users());
          kernel.stallPage("pgrant", "1.xvda-1", page);
          assertEquals(2, page.users());
        });
  }

  @Test
  void whoeverHasPagesIsAskedForThemAtOnce() throws MachineFailure {
    play(
        kernel -> {
          MappedGrant first = page(13);
          MappedGrant second = page(14);
          AtomicInteger asked = new AtomicInteger();
          Runnable vbds =
              () -> {
                asked.incrementAndGet();
                kernel.stallPage("pgrant", "1.xvda-0", first);
                kernel.stallPage("pgrant", "2.xvda-0", second);
              };
          kernel.addStallListener(vbds);
          echo(kernel, "1.xvda", "vbd_hold_pgrant");
          assertEquals(2, first.users());
          echo(kernel, "2.xvda-0", "vbd_hold_pgrant");
          assertEquals(1, first.users(), "a new name lets go of the old page");
          assertEquals(2, second.users());
          kernel.removeStallListener(vbds);
          echo(kernel, "1.xvda", "vbd_hold_pgrant");
          assertEquals(1, second.users());
          assertEquals(1, first.users(), "it waits for the first page of that vbd");
          assertEquals(2, asked.get());
        });
  }

  @Test
  void whatIsNoVbdIsInvalidAndChangesNothing() throws MachineFailure {
    play(
        kernel -> {
          echo(kernel, "1.xvda", "vbd_hold_pgrant");
          for (String name :
              List.of(
                  "vif1.0",
                  "vbd-1-51712",
                  "xvda",
                  "1.",
                  "1.xvda-",
                  "1.xvda-q0",
                  "1.xvda 2.xvda",
                  "1./dev/xvda",
                  "1.fifteen_letters",
                  "123456.xvda")) {
            assertInvalid(kernel, name, "vbd_hold_pgrant");
          }
          echo(kernel, "12345.xvdabcdef-10", "vbd_hold_pgrant");
          assertEquals("12345.xvdabcdef-10\n", kernel.files().read(FOLDER + "vbd_hold_pgrant"));
        });
  }

  /// An unmap looks at growing intervals, so that it may notice late: the machine must not take
  /// its caller for hung in between.
  @Test
  void callerOfTheUnmapIsNotTakenForHungAfterTheRelease() throws MachineFailure {
    play(
        kernel -> {
          MappedGrant page = page(13);
          echo(kernel, "1.xvda", "vbd_hold_pgrant");
          kernel.stallPage("pgrant", "1.xvda-0", page);
          AtomicBoolean isSeen = new AtomicBoolean();
          var wait = kernel.cpu().waitQueue("gnttab_unmap_refs_sync");
          Task stuck =
              kernel
                  .cpu()
                  .kthread(
                      "xenwatch",
                      self -> {
                        wait.await(Task.State.D, WaitQueue.FOREVER, isSeen::get);
                        return 0;
                      });
          stuck.wake();
          Task.sleep(239 * SECOND);
          echo(kernel, "", "vbd_hold_pgrant");
          Task.sleep(3 * SECOND / 2); // over the 240 s at which a hung task is reported
          assertEquals(Task.State.D, stuck.state());
          isSeen.set(true);
          wait.wakeAll();
          stuck.waitFor();
        });
  }

  @Test
  void unloadingTheModuleLetsGoOfEverything() throws MachineFailure {
    play(
        kernel -> {
          AtomicInteger released = new AtomicInteger();
          MappedGrant page = page(13);
          NetDevice vif = vif(kernel, "vif1.0");
          echo(kernel, "vif1.0", "vifname");
          echo(kernel, "1", "eavesdrop");
          vif.receive(packet(released, 13));
          echo(kernel, "1.xvda", "vbd_hold_pgrant");
          kernel.stallPage("pgrant", "1.xvda-0", page);
          echo(kernel, "vif", "probe_hold");
          Task probing =
              kernel
                  .cpu()
                  .kthread(
                      "xenwatch",
                      self -> {
                        kernel.stallPoint("probe", "vif");
                        return 0;
                      });
          probing.wake();
          Task.sleep(SECOND);
          assertEquals(Task.State.D, probing.state());
          assertEquals(2, page.users());

          assertEquals(Unload.DONE, kernel.modules().unload("xwstall"));
          assertEquals(0, probing.waitFor());
          assertEquals(1, page.users());
          assertEquals(1, released.get());
          assertFalse(kernel.modules().isLoaded("xwstall"));
          assertThrows(KernelException.class, () -> kernel.files().list("/sys/kernel/xwstall"));
          kernel.stallPage("pgrant", "1.xvda-0", page);
          kernel.stallPoint("probe", "vif");

          assertTrue(kernel.modules().load("xwstall"));
          assertEquals("\n", kernel.files().read(FOLDER + "vbd_hold_pgrant"));
          assertFalse(kernel.modules().load("xwstahl"));
          assertEquals(Unload.NOT_LOADED, kernel.modules().unload("xwstahl"));
        });
  }

  private static void submit(Disk disk, AtomicInteger done) {
    MemorySegment page = MemorySegment.ofArray(new byte[512]);
    disk.submit(
        new BlockRequest(
            BlockRequest.Operation.READ,
            0,
            1,
            List.of(new BlockRequest.Segment(page, 0, 512)),
            error -> done.incrementAndGet()));
  }
}

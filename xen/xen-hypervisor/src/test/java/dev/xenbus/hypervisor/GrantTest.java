package dev.xenbus.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantEntry;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.Hypercalls;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GrantTest {
  private static final int READ_ONLY = GrantOperations.MAP_READ_ONLY;
  private static final int REF = 9;
  private static final int FRAME = 40;

  /// Copies a page of another domain into frame 60 of the caller.
  static int copyIn(Hypercalls calls, Domid from, int ref) {
    GrantCopy copy = new GrantCopy().fromGrant(from.value(), ref, 0).toFrame(60, 0).length(4096);
    calls.grants().copy(List.of(copy));
    return copy.status();
  }

  static int copyOut(Hypercalls calls, Domid to, int ref) {
    GrantCopy copy = new GrantCopy().fromFrame(60, 0).toGrant(to.value(), ref, 0).length(4096);
    calls.grants().copy(List.of(copy));
    return copy.status();
  }

  private static int flagsOf(int kind) {
    return GrantEntry.PERMIT_ACCESS | kind;
  }

  @Test
  void mappedPageIsTheGrantersPage() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          MemorySegment own = world.of(guest).memory().page(FRAME);
          own.set(ValueLayout.JAVA_INT, 8, 4711);
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          int handle = world.dom0.grants().map(guest.value(), REF, 0);
          assertTrue(handle >= 0);
          assertEquals(4711, world.dom0.grants().mapped(handle).get(ValueLayout.JAVA_INT, 8));
          assertEquals(GrantStatus.OKAY, world.dom0.grants().unmap(handle));
        });
  }

  @Test
  void mapByADomainNotNamedFailsAndChangesNothing() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          Domid other = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          GrantOperations grants = world.of(other).grants();
          assertEquals(GrantStatus.GENERAL_ERROR, grants.map(guest.value(), REF, 0));
          assertEquals(flagsOf(0), world.flags(guest, REF));
          assertThrows(IllegalArgumentException.class, () -> grants.mapped(0));
          world.grant(guest, REF, other, FRAME, false);
          assertEquals(0, grants.map(guest.value(), REF, 0), "the handle was given back");
        });
  }

  @Test
  void readOnlyGrantIsNotMappedForWriting() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, true);
          int status = world.dom0.grants().map(guest.value(), REF, 0);
          assertEquals(GrantStatus.GENERAL_ERROR, status);
          assertEquals(flagsOf(GrantEntry.READ_ONLY), world.flags(guest, REF));
          assertEquals(GrantStatus.GENERAL_ERROR, copyOut(world.dom0, guest, REF));
          int handle = world.dom0.grants().map(guest.value(), REF, READ_ONLY);
          assertTrue(handle >= 0);
          assertEquals(flagsOf(GrantEntry.READ_ONLY | GrantEntry.READING), world.flags(guest, REF));
          assertEquals(
              GrantStatus.GENERAL_ERROR,
              world.dom0.grants().map(guest.value(), REF, 0),
              "the first writable map looks at the entry again");
        });
  }

  @Test
  void readingAndWritingFollowThePins() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          GrantOperations grants = world.dom0.grants();
          int reader = grants.map(guest.value(), REF, READ_ONLY);
          assertEquals(flagsOf(GrantEntry.READING), world.flags(guest, REF));
          int writer = grants.map(guest.value(), REF, 0);
          int both = GrantEntry.READING | GrantEntry.WRITING;
          assertEquals(flagsOf(both), world.flags(guest, REF));
          grants.unmap(reader);
          assertEquals(flagsOf(both), world.flags(guest, REF));
          reader = grants.map(guest.value(), REF, READ_ONLY);
          grants.unmap(writer);
          assertEquals(flagsOf(GrantEntry.READING), world.flags(guest, REF));
          grants.unmap(reader);
          assertEquals(flagsOf(0), world.flags(guest, REF));
        });
  }

  @Test
  void revokedGrantIsNotMappedOrCopied() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          int handle = world.dom0.grants().map(guest.value(), REF, READ_ONLY);
          assertFalse(world.revoke(guest, REF));
          world.dom0.grants().unmap(handle);
          assertTrue(world.revoke(guest, REF));
          assertEquals(GrantStatus.GENERAL_ERROR, world.dom0.grants().map(guest.value(), REF, 0));
          assertEquals(GrantStatus.GENERAL_ERROR, copyIn(world.dom0, guest, REF));
        });
  }

  @Test
  void handlesAreCheckedAndUsedAgain() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          GrantOperations grants = world.dom0.grants();
          int one = grants.map(guest.value(), REF, 0);
          int two = grants.map(guest.value(), REF, 0);
          assertNotEquals(one, two);
          assertEquals(GrantStatus.OKAY, grants.unmap(one));
          assertEquals(GrantStatus.BAD_HANDLE, grants.unmap(one));
          assertEquals(GrantStatus.BAD_HANDLE, grants.unmap(-1));
          assertEquals(GrantStatus.BAD_HANDLE, grants.unmap(99));
          assertEquals(GrantStatus.BAD_HANDLE, world.of(guest).grants().unmap(two));
          assertEquals(one, grants.map(guest.value(), REF, 0));
        });
  }

  @Test
  void pinsOfOneKindEndAt128() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          GrantOperations grants = world.dom0.grants();
          for (int i = 0; i < 128; i++) {
            assertEquals(i, grants.map(guest.value(), REF, 0));
          }
          assertEquals(GrantStatus.GENERAL_ERROR, grants.map(guest.value(), REF, 0));
          assertEquals(GrantStatus.GENERAL_ERROR, copyOut(world.dom0, guest, REF));
          assertEquals(GrantStatus.OKAY, copyIn(world.dom0, guest, REF), "another kind");
          assertEquals(128, grants.map(guest.value(), REF, READ_ONLY), "another kind");
          grants.unmap(5);
          assertEquals(5, grants.map(guest.value(), REF, 0));
        });
  }

  @Test
  void handlesEndAtTheLimit() throws Exception {
    Hypervisor.Options few = new Hypervisor.Options(64, 16, 1, 3, line -> {});
    World world = new World(new dev.xenbus.machine.SimulatedMachine(1), few);
    world.machine.run(
        () -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          for (int i = 0; i < 3; i++) {
            assertEquals(i, world.dom0.grants().map(guest.value(), REF, 0));
          }
          assertEquals(GrantStatus.NO_SPACE, world.dom0.grants().map(guest.value(), REF, 0));
          assertEquals(
              GrantStatus.NO_SPACE,
              world.dom0.grants().map(guest.value(), 100_000, 0),
              "checked before the reference");
          return null;
        });
  }

  @Test
  void badReferencesAndDomainsAreTold() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          GrantOperations grants = world.dom0.grants();
          assertEquals(GrantStatus.BAD_GNTREF, grants.map(guest.value(), 512, 0));
          assertEquals(GrantStatus.BAD_GNTREF, grants.map(guest.value(), -1, 0));
          assertEquals(GrantStatus.GENERAL_ERROR, grants.map(guest.value(), 511, 0));
          for (int id : new int[] {5, 0x7FF0, 0x7FF1, 0x7FF2, 0x7FF4, 0x7FF5, 0x7FFF, -1}) {
            assertEquals(GrantStatus.BAD_DOMAIN, grants.map(id, REF, 0));
          }
          world.grant(guest, REF, Domid.DOM0, 4096, false);
          assertEquals(GrantStatus.BAD_PAGE, grants.map(guest.value(), REF, 0));
          assertEquals(flagsOf(0), world.flags(guest, REF), "flags are undone");
          world.grant(guest, REF, Domid.DOM0, -1, false);
          assertEquals(GrantStatus.BAD_PAGE, grants.map(guest.value(), REF, READ_ONLY));
          assertEquals(flagsOf(0), world.flags(guest, REF), "flags are undone");
        });
  }

  @Test
  void onlyPermitAccessIsMapped() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          MemorySegment table = world.table(guest, REF);
          for (int flags : new int[] {0, 2, 3, 1 | GrantEntry.SUB_PAGE}) {
            GrantEntry.publish(table, REF, flags, 0, FRAME);
            assertEquals(GrantStatus.GENERAL_ERROR, world.dom0.grants().map(guest.value(), REF, 0));
            assertEquals(flags, world.flags(guest, REF));
          }
        });
  }

  @Test
  void frameChangedUnderAMappingRedirectsNobody() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.of(guest).memory().page(FRAME).set(ValueLayout.JAVA_INT, 0, 1);
          world.of(guest).memory().page(FRAME + 1).set(ValueLayout.JAVA_INT, 0, 2);
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          GrantOperations grants = world.dom0.grants();
          int one = grants.map(guest.value(), REF, 0);
          int flags = world.flags(guest, REF);
          GrantEntry.publish(world.table(guest, REF), REF, flags, 0, FRAME + 1);
          int two = grants.map(guest.value(), REF, 0);
          assertEquals(1, grants.mapped(two).get(ValueLayout.JAVA_INT, 0));
          copyIn(world.dom0, guest, REF);
          assertEquals(1, world.dom0.memory().page(60).get(ValueLayout.JAVA_INT, 0));
          grants.unmap(one);
          grants.unmap(two);
          copyIn(world.dom0, guest, REF);
          assertEquals(2, world.dom0.memory().page(60).get(ValueLayout.JAVA_INT, 0));
        });
  }

  @Test
  void pinnedEntryIsOneDomainsAlone() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          Domid other = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          world.dom0.grants().map(guest.value(), REF, 0);
          int flags = world.flags(guest, REF);
          GrantEntry.publish(world.table(guest, REF), REF, flags, other.value(), FRAME);
          assertEquals(
              GrantStatus.GENERAL_ERROR, world.of(other).grants().map(guest.value(), REF, 0));
          assertEquals(GrantStatus.GENERAL_ERROR, copyIn(world.of(other), guest, REF));
        });
  }

  @Test
  void copyMovesExactlyItsBytes() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          MemorySegment from = world.of(guest).memory().page(FRAME);
          for (int i = 0; i < 4096; i++) {
            from.set(ValueLayout.JAVA_BYTE, i, (byte) (i | 1));
          }
          world.grant(guest, REF, Domid.DOM0, FRAME, true);
          MemorySegment to = world.dom0.memory().page(60);
          GrantCopy copy =
              new GrantCopy().fromGrant(guest.value(), REF, 100).toFrame(60, 200).length(50);
          world.dom0.grants().copy(List.of(copy));
          assertEquals(GrantStatus.OKAY, copy.status());
          for (int i = 0; i < 4096; i++) {
            boolean inside = i >= 200 && i < 250;
            assertEquals(inside ? (byte) ((i - 100) | 1) : 0, to.get(ValueLayout.JAVA_BYTE, i));
          }
          assertEquals(flagsOf(GrantEntry.READ_ONLY), world.flags(guest, REF));
        });
  }

  private static int copyWith(World world, Domid guest, int fromOffset, int toOffset, int length) {
    GrantCopy copy =
        new GrantCopy()
            .fromGrant(guest.value(), REF, fromOffset)
            .toFrame(60, toOffset)
            .length(length);
    copy.status(99);
    world.dom0.grants().copy(List.of(copy));
    return copy.status();
  }

  @Test
  void copyRangeEndsWithThePage() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          assertEquals(GrantStatus.OKAY, copyWith(world, guest, 4000, 0, 96));
          assertEquals(GrantStatus.BAD_COPY_ARG, copyWith(world, guest, 4000, 0, 97));
          assertEquals(GrantStatus.OKAY, copyWith(world, guest, 0, 4095, 1));
          assertEquals(GrantStatus.BAD_COPY_ARG, copyWith(world, guest, 0, 4096, 1));
          assertEquals(GrantStatus.BAD_COPY_ARG, copyWith(world, guest, -1, 0, 1));
          assertEquals(GrantStatus.BAD_COPY_ARG, copyWith(world, guest, 1, 0, Integer.MAX_VALUE));
          assertEquals(flagsOf(0), world.flags(guest, REF));
        });
  }

  @Test
  void copyOfNothingIsOkayWhateverItNames() throws Exception {
    World.simulate(
        world -> {
          GrantCopy copy =
              new GrantCopy().fromGrant(0x7FFF, -1, -5).toGrant(31_000, 77, 9999).length(0);
          copy.status(99);
          world.dom0.grants().copy(List.of(copy));
          assertEquals(GrantStatus.OKAY, copy.status());
        });
  }

  @Test
  void failedCopyReleasesBothSides() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          world.grant(guest, REF + 1, Domid.DOM0, FRAME + 1, true);
          GrantCopy copy =
              new GrantCopy()
                  .fromGrant(guest.value(), REF, 0)
                  .toGrant(guest.value(), REF + 1, 0)
                  .length(10);
          world.dom0.grants().copy(List.of(copy));
          assertEquals(GrantStatus.GENERAL_ERROR, copy.status());
          assertTrue(world.revoke(guest, REF));
          assertTrue(world.revoke(guest, REF + 1));
        });
  }

  @Test
  void selfNamesAGrantMadeToOneself() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, guest, FRAME, false);
          world.of(guest).memory().page(FRAME).set(ValueLayout.JAVA_INT, 0, 3);
          assertEquals(GrantStatus.OKAY, copyIn(world.of(guest), Domid.SELF, REF));
          assertEquals(3, world.of(guest).memory().page(60).get(ValueLayout.JAVA_INT, 0));
          assertEquals(
              GrantStatus.BAD_DOMAIN,
              world.of(guest).grants().map(Domid.SELF.value(), REF, 0),
              "a map wants the real id");
        });
  }

  @Test
  void copyBetweenTwoGuestsByDom0() throws Exception {
    World.simulate(
        world -> {
          Domid one = world.guest();
          Domid two = world.guest();
          world.of(one).memory().page(FRAME).set(ValueLayout.JAVA_INT, 0, 8);
          world.grant(one, REF, Domid.DOM0, FRAME, true);
          world.grant(two, REF, Domid.DOM0, FRAME, false);
          GrantCopy copy =
              new GrantCopy().fromGrant(one.value(), REF, 0).toGrant(two.value(), REF, 0).length(4);
          world.dom0.grants().copy(List.of(copy));
          assertEquals(8, world.of(two).memory().page(FRAME).get(ValueLayout.JAVA_INT, 0));
        });
  }

  @Test
  void everyElementOfABatchHasItsOwnStatus() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          List<GrantCopy> batch = new ArrayList<>();
          int[] expected = {0, -1, 0, -3, -2, -10, 0};
          batch.add(new GrantCopy().fromGrant(guest.value(), REF, 0).toFrame(60, 0).length(8));
          batch.add(new GrantCopy().fromGrant(guest.value(), 12, 0).toFrame(60, 0).length(8));
          batch.add(new GrantCopy().fromFrame(60, 0).toGrant(guest.value(), REF, 0).length(8));
          batch.add(new GrantCopy().fromGrant(guest.value(), 999, 0).toFrame(60, 0).length(8));
          batch.add(new GrantCopy().fromGrant(77, REF, 0).toFrame(60, 0).length(8));
          batch.add(new GrantCopy().fromGrant(guest.value(), REF, 4090).toFrame(60, 0).length(8));
          batch.add(new GrantCopy().fromFrame(60, 0).toFrame(61, 0).length(8));
          batch.forEach(copy -> copy.status(55));
          world.dom0.grants().copy(batch);
          for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], batch.get(i).status(), "element " + i);
          }
        });
  }

  @Test
  void frameOperandNeverReachesAnotherDomain() throws Exception {
    // CVE-2026-102703: the page of the element before was used although its kind had changed.
    World.simulate(
        world -> {
          Domid guest = world.guest();
          world.of(guest).memory().page(REF).set(ValueLayout.JAVA_INT, 0, 0x5EC);
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          List<GrantCopy> batch = new ArrayList<>();
          batch.add(new GrantCopy().fromGrant(guest.value(), REF, 0).toFrame(60, 0).length(4));
          batch.add(new GrantCopy().fromFrame(REF, 0).toFrame(61, 0).length(4));
          world.dom0.grants().copy(batch);
          assertEquals(0, world.dom0.memory().page(61).get(ValueLayout.JAVA_INT, 0));
        });
  }

  @Test
  void copyFromABadOwnFrameFails() throws Exception {
    World.simulate(
        world -> {
          int frames = world.dom0.memory().frames();
          GrantCopy copy = new GrantCopy().fromFrame(frames, 0).toFrame(60, 0).length(8);
          world.dom0.grants().copy(List.of(copy));
          assertEquals(GrantStatus.BAD_PAGE, copy.status());
        });
  }

  @Test
  void tableGrowsAndKeepsItsFrames() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          GrantOperations grants = world.of(guest).grants();
          List<MemorySegment> one = grants.setupTable(1);
          List<MemorySegment> three = grants.setupTable(3);
          assertEquals(1, one.size());
          assertEquals(3, three.size());
          assertEquals(one.get(0), three.get(0));
          assertEquals(three, grants.setupTable(2));
          assertEquals(64, grants.tableFramesMax());
          assertEquals(64, grants.setupTable(64).size());
          assertEquals(
              Errno.ENOSPC,
              assertThrows(HypercallException.class, () -> grants.setupTable(65)).errno());
          world.grant(guest, 32_767, Domid.DOM0, FRAME, false);
          assertEquals(0, world.dom0.grants().map(guest.value(), 32_767, 0));
          assertEquals(GrantStatus.BAD_GNTREF, world.dom0.grants().map(guest.value(), 32_768, 0));
        });
  }
}

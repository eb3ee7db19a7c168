package dev.xenbus.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl.DomainSpec;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.EventOperations.PortKind;
import dev.xenbus.abi.hypercall.EventOperations.PortStatus;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.SharedInfo;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class EventTest {
  private static final int EINVAL = -22;

  private static void refuses(Errno errno, Executable call) {
    assertEquals(errno, assertThrows(HypercallException.class, call).errno());
  }

  /// Counts upcalls and takes the news, as a kernel without handlers does.
  private static int[] countUpcalls(World world, Domid domid) {
    int[] count = {0};
    SharedInfo info = world.bits(domid);
    world
        .of(domid)
        .events()
        .setUpcall(
            () -> {
              count[0]++;
              info.clearUpcallPending();
              info.takeSelector();
              for (int word = 0; info.isThreeLevel() && word < 32; word++) {
                info.takeSecondSelector(word);
              }
            });
    count[0] = 0;
    return count;
  }

  @Test
  void portsAreTheLowestFreeAndNeverZero() throws Exception {
    World.simulate(
        world -> {
          EventOperations events = world.of(world.guest()).events();
          assertEquals(3, events.allocateUnbound(Domid.DOM0), "1 and 2 are the builder's");
          assertEquals(4, events.allocateUnbound(Domid.DOM0));
          events.close(1);
          events.close(3);
          assertEquals(1, events.allocateUnbound(Domid.DOM0));
          assertEquals(3, events.allocateUnbound(Domid.DOM0));
          assertEquals(5, events.allocateUnbound(Domid.DOM0));
        });
  }

  @Test
  void portsEndAtTheDomainsLimit() throws Exception {
    World.simulate(
        world -> {
          EventOperations events = world.of(world.guest()).events();
          for (int port = 3; port <= 1023; port++) {
            assertEquals(port, events.allocateUnbound(Domid.DOM0));
          }
          refuses(Errno.ENOSPC, () -> events.allocateUnbound(Domid.DOM0));
          refuses(Errno.ENOSPC, () -> events.bindVirq(1));
          events.close(500);
          assertEquals(500, events.allocateUnbound(Domid.DOM0));
        });
  }

  @Test
  void highLimitBringsAnotherLevelOfBits() throws Exception {
    World.simulate(
        world -> {
          Domid big = world.guest(new DomainSpec(new UUID(0, 2), 16, 1, 131_071, 64));
          SharedInfo info = world.bits(big);
          assertTrue(info.isThreeLevel());
          assertFalse(world.bits(world.guest()).isThreeLevel());
          EventOperations events = world.of(big).events();
          for (int port = 3; port <= 131_071; port++) {
            assertEquals(port, events.allocateUnbound(Domid.DOM0));
          }
          refuses(Errno.ENOSPC, () -> events.allocateUnbound(Domid.DOM0));
          int[] upcalls = countUpcalls(world, big);
          int local = world.dom0.events().bindInterdomain(big, 131_071);
          assertEquals(0, world.dom0.events().send(local));
          assertTrue(info.isPending(131_071));
          assertEquals(1, upcalls[0]);
        });
  }

  @Test
  void bindMakesTheBindersPortPendingAndNotTheOther() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          int remote = world.of(guest).events().allocateUnbound(Domid.DOM0);
          int local = world.dom0.events().bindInterdomain(guest, remote);
          assertTrue(world.bits(Domid.DOM0).isPending(local));
          assertFalse(world.bits(guest).isPending(remote));
          assertEquals(
              new PortStatus(PortKind.INTERDOMAIN, guest, remote),
              world.dom0.events().status(local));
          assertEquals(
              new PortStatus(PortKind.INTERDOMAIN, Domid.DOM0, local),
              world.of(guest).events().status(remote));
        });
  }

  @Test
  void onlyTheNamedDomainBindsAndOnlyOnce() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          Domid other = world.guest();
          int port = world.of(guest).events().allocateUnbound(Domid.DOM0);
          refuses(Errno.EINVAL, () -> world.of(other).events().bindInterdomain(guest, port));
          world.dom0.events().bindInterdomain(guest, port);
          refuses(Errno.EINVAL, () -> world.dom0.events().bindInterdomain(guest, port));
          for (int bad : new int[] {0, -1, 9, 1024, 4096, Integer.MAX_VALUE}) {
            refuses(Errno.EINVAL, () -> world.dom0.events().bindInterdomain(guest, bad));
          }
          for (int id : new int[] {77, 0x7FF1, 0x7FF4, 0x7FFF}) {
            refuses(Errno.ESRCH, () -> world.dom0.events().bindInterdomain(Domid.of(id), 1));
          }
        });
  }

  @Test
  void sendsCollapseWhilePending() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          int remote = world.of(guest).events().allocateUnbound(Domid.DOM0);
          int local = world.dom0.events().bindInterdomain(guest, remote);
          int[] upcalls = countUpcalls(world, guest);
          for (int i = 0; i < 5; i++) {
            assertEquals(0, world.dom0.events().send(local));
          }
          assertEquals(1, upcalls[0]);
          world.bits(guest).clearPending(remote);
          world.dom0.events().send(local);
          assertEquals(2, upcalls[0]);
        });
  }

  @Test
  void maskedPortStaysPendingAndUnmaskDeliversOnce() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          int remote = world.of(guest).events().allocateUnbound(Domid.DOM0);
          int local = world.dom0.events().bindInterdomain(guest, remote);
          int[] upcalls = countUpcalls(world, guest);
          world.bits(guest).mask(remote);
          world.dom0.events().send(local);
          world.dom0.events().send(local);
          assertEquals(0, upcalls[0]);
          assertTrue(world.bits(guest).isPending(remote));
          world.of(guest).events().unmask(remote);
          assertEquals(1, upcalls[0]);
          world.of(guest).events().unmask(remote);
          assertEquals(1, upcalls[0], "it was not masked");
          world.bits(guest).mask(remote);
          world.bits(guest).clearPending(remote);
          world.of(guest).events().unmask(remote);
          assertEquals(1, upcalls[0], "it was not pending");
          refuses(Errno.EINVAL, () -> world.of(guest).events().unmask(100));
          refuses(Errno.EINVAL, () -> world.of(guest).events().unmask(0));
          refuses(Errno.EINVAL, () -> world.of(guest).events().unmask(-1));
        });
  }

  @Test
  void upcallThatWasPendingIsToldToWhoeverSetsIt() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          int local = world.dom0.events().bindInterdomain(guest, 1);
          world.dom0.events().send(local);
          int[] count = {0};
          world.of(guest).events().setUpcall(() -> count[0]++);
          assertEquals(1, count[0]);
        });
  }

  @Test
  void sendOnUnboundIsDroppedAndOnFreeRefused() throws Exception {
    World.simulate(
        world -> {
          EventOperations events = world.dom0.events();
          Domid guest = world.guest();
          int unbound = events.allocateUnbound(guest);
          assertEquals(0, events.send(unbound));
          for (int port : new int[] {0, -1, 50, 131_072, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertEquals(EINVAL, events.send(port));
          }
          assertEquals(EINVAL, events.send(events.bindVirq(EventOperations.VIRQ_DOM_EXC)));
        });
  }

  @Test
  void closeLeavesThePeerUnboundForTheCloserWithItsBits() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          Domid other = world.guest();
          EventOperations guestEvents = world.of(guest).events();
          int remote = guestEvents.allocateUnbound(Domid.DOM0);
          int local = world.dom0.events().bindInterdomain(guest, remote);
          world.dom0.events().send(local);
          int[] upcalls = countUpcalls(world, guest);
          world.dom0.events().close(local);
          assertEquals(0, upcalls[0]);
          assertTrue(world.bits(guest).isPending(remote));
          assertFalse(world.bits(Domid.DOM0).isPending(local), "its own bit is cleared");
          assertEquals(new PortStatus(PortKind.UNBOUND, Domid.DOM0, 0), guestEvents.status(remote));
          assertEquals(0, guestEvents.send(remote));
          refuses(Errno.EINVAL, () -> world.of(other).events().bindInterdomain(guest, remote));
          assertEquals(local, world.dom0.events().bindInterdomain(guest, remote));
          refuses(Errno.EINVAL, () -> world.dom0.events().close(999));
          refuses(Errno.EINVAL, () -> world.dom0.events().close(0));
          refuses(Errno.EINVAL, () -> world.dom0.events().close(-7));
        });
  }

  @Test
  void peerOfADeadDomainIsUnbound() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          int local = world.dom0.events().bindInterdomain(guest, 1);
          world.control.destroy(guest);
          assertEquals(
              new PortStatus(PortKind.UNBOUND, guest, 0), world.dom0.events().status(local));
          assertEquals(0, world.dom0.events().send(local));
          world.dom0.events().close(local);
        });
  }

  @Test
  void channelToOneselfWorks() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          EventOperations events = world.of(guest).events();
          int one = events.allocateUnbound(Domid.SELF);
          int other = events.bindInterdomain(Domid.SELF, one);
          world.bits(guest).clearPending(other);
          events.send(one);
          assertTrue(world.bits(guest).isPending(other));
          events.close(one);
          assertEquals(PortKind.UNBOUND, events.status(other).kind());
        });
  }

  @Test
  void virqsHaveTheirOwners() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          EventOperations events = world.of(guest).events();
          refuses(Errno.EBUSY, () -> events.bindVirq(EventOperations.VIRQ_DOM_EXC));
          refuses(Errno.EINVAL, () -> events.bindVirq(24));
          refuses(Errno.EINVAL, () -> events.bindVirq(-1));
          int timer = events.bindVirq(0);
          refuses(Errno.EEXIST, () -> events.bindVirq(0));
          assertEquals(PortKind.VIRQ, events.status(timer).kind());
          events.close(timer);
          assertEquals(timer, events.bindVirq(0));
          int domExc = world.dom0.events().bindVirq(EventOperations.VIRQ_DOM_EXC);
          refuses(Errno.EEXIST, () -> world.dom0.events().bindVirq(EventOperations.VIRQ_DOM_EXC));
          world.control.destroy(guest);
          assertTrue(world.bits(Domid.DOM0).isPending(domExc));
        });
  }

  @Test
  void guestThatFailsToBindDisturbsNoOwnerOfAVirq() throws Exception {
    // CVE-2026-42492: the error path of a bind undid somebody else's registration.
    World.simulate(
        world -> {
          int domExc = world.dom0.events().bindVirq(EventOperations.VIRQ_DOM_EXC);
          Domid guest = world.guest();
          EventOperations events = world.of(guest).events();
          for (int port = 3; port <= 1023; port++) {
            events.allocateUnbound(Domid.DOM0);
          }
          for (int i = 0; i < 100; i++) {
            refuses(Errno.ENOSPC, () -> events.bindVirq(1));
            refuses(Errno.EBUSY, () -> events.bindVirq(EventOperations.VIRQ_DOM_EXC));
          }
          world.control.destroy(world.guest());
          assertTrue(world.bits(Domid.DOM0).isPending(domExc));
        });
  }

  @Test
  void pausedDomainsBitsAreSetAllTheSame() throws Exception {
    World.simulate(
        world -> {
          Domid guest = world.guest();
          int local = world.dom0.events().bindInterdomain(guest, 1);
          world.control.pause(guest);
          assertEquals(0, world.dom0.events().send(local));
          assertTrue(world.bits(guest).isPending(1));
        });
  }

  @Test
  void statusOfWhatIsNoPortIsRefused() throws Exception {
    World.simulate(
        world -> {
          EventOperations events = world.of(world.guest()).events();
          refuses(Errno.EINVAL, () -> events.status(0));
          refuses(Errno.EINVAL, () -> events.status(-1));
          refuses(Errno.EINVAL, () -> events.status(4096));
          assertEquals(new PortStatus(PortKind.FREE, Domid.SELF, 0), events.status(4095));
        });
  }
}

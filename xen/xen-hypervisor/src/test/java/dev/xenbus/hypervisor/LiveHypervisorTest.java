package dev.xenbus.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantEntry;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.SharedInfo;
import dev.xenbus.machine.Body;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.Task;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What must hold when the two sides really run at the same time.
@Timeout(120)
class LiveHypervisorTest {
  private static final int REF = 9;

  /// Runs bodies as processes of a Cpu of their own and waits for them.
  private static void together(World world, List<Body> bodies) throws Exception {
    Cpu cpu = world.machine.cpu("test");
    List<Task> tasks = new ArrayList<>();
    for (Body body : bodies) {
      tasks.add(cpu.process("worker", body));
    }
    tasks.forEach(Task::wake);
    for (Task task : tasks) {
      assertEquals(0, task.waitFor());
    }
  }

  @Test
  void revokeAndMapExcludeEachOther() throws Exception {
    World.live(
        world -> {
          Domid guest = world.guest();
          MemorySegment table = world.table(guest, REF);
          MemorySegment page = world.of(guest).memory().page(40);
          AtomicBoolean stop = new AtomicBoolean();
          AtomicInteger maps = new AtomicInteger();
          GrantOperations grants = world.dom0.grants();
          Body granter =
              self -> {
                for (int round = 1; round <= 20_000 || maps.get() < 100; round++) {
                  page.set(ValueLayout.JAVA_INT, 0, round);
                  GrantEntry.publish(table, REF, GrantEntry.PERMIT_ACCESS, 0, 40);
                  while (!World.revoke(table, REF)) {
                    Task.relax();
                  }
                  // Ours alone again: nobody may see this value.
                  page.set(ValueLayout.JAVA_INT, 0, -round);
                }
                stop.set(true);
                return 0;
              };
          Body mapper =
              self -> {
                while (!stop.get()) {
                  int handle = grants.map(guest.value(), REF, 0);
                  if (handle >= 0) {
                    maps.incrementAndGet();
                    int seen = grants.mapped(handle).get(ValueLayout.JAVA_INT, 0);
                    int status = grants.unmap(handle);
                    if (seen < 0 || status != GrantStatus.OKAY) {
                      return 1;
                    }
                  } else if (handle != GrantStatus.GENERAL_ERROR) {
                    return 2;
                  }
                }
                return 0;
              };
          together(world, List.of(granter, mapper, mapper));
          assertTrue(maps.get() > 0);
          assertEquals(0, world.flags(guest, REF));
        });
  }

  @Test
  void mapperNeverSeesAValidTypeWithAStaleFrame() throws Exception {
    World.live(
        world -> {
          Domid guest = world.guest();
          MemorySegment table = world.table(guest, REF);
          for (int frame = 40; frame < 44; frame++) {
            world.of(guest).memory().page(frame).set(ValueLayout.JAVA_INT, 0, frame);
          }
          // The frame that the entry names is written here first.
          AtomicInteger announced = new AtomicInteger();
          AtomicBoolean stop = new AtomicBoolean();
          GrantOperations grants = world.dom0.grants();
          Body granter =
              self -> {
                for (int round = 0; round < 20_000; round++) {
                  int frame = 40 + round % 4;
                  announced.set(frame);
                  GrantEntry.publish(table, REF, GrantEntry.PERMIT_ACCESS, 0, frame);
                  while (!World.revoke(table, REF)) {
                    Task.relax();
                  }
                }
                stop.set(true);
                return 0;
              };
          Body mapper =
              self -> {
                while (!stop.get()) {
                  int handle = grants.map(guest.value(), REF, GrantOperations.MAP_READ_ONLY);
                  if (handle >= 0) {
                    int seen = grants.mapped(handle).get(ValueLayout.JAVA_INT, 0);
                    // Mapped, so it cannot be revoked: the announced frame is still this one.
                    boolean isStale = seen != announced.get();
                    grants.unmap(handle);
                    if (isStale) {
                      return 1;
                    }
                  }
                }
                return 0;
              };
          together(world, List.of(granter, mapper));
        });
  }

  @Test
  void entryThatKeepsChangingEndsInAnError() throws Exception {
    World.live(
        world -> {
          Domid guest = world.guest();
          MemorySegment table = world.table(guest, REF);
          AtomicBoolean stop = new AtomicBoolean();
          GrantOperations grants = world.dom0.grants();
          Body flipper =
              self -> {
                int flags = GrantEntry.PERMIT_ACCESS;
                while (!stop.get()) {
                  flags ^= 32;
                  GrantEntry.publish(table, REF, flags, 0, 40);
                }
                return 0;
              };
          Body mapper =
              self -> {
                int wrong = 0;
                for (int i = 0; i < 20_000; i++) {
                  int handle = grants.map(guest.value(), REF, 0);
                  if (handle >= 0) {
                    wrong += grants.unmap(handle) == GrantStatus.OKAY ? 0 : 1;
                  } else if (handle != GrantStatus.GENERAL_ERROR) {
                    wrong++;
                  }
                }
                stop.set(true);
                return wrong;
              };
          together(world, List.of(flipper, mapper));
        });
  }

  @Test
  void noHandleIsGivenTwice() throws Exception {
    World.live(
        world -> {
          Domid guest = world.guest();
          GrantOperations grants = world.dom0.grants();
          AtomicIntegerArray owners = new AtomicIntegerArray(64);
          List<Body> workers = new ArrayList<>();
          for (int worker = 0; worker < 4; worker++) {
            int ref = REF + worker;
            world.grant(guest, ref, Domid.DOM0, 40 + worker, false);
            workers.add(
                self -> {
                  for (int i = 0; i < 20_000; i++) {
                    int handle = grants.map(guest.value(), ref, 0);
                    if (handle < 0 || !owners.compareAndSet(handle, 0, ref)) {
                      return 1;
                    }
                    owners.set(handle, 0);
                    if (grants.unmap(handle) != GrantStatus.OKAY) {
                      return 2;
                    }
                  }
                  return 0;
                });
          }
          together(world, workers);
          for (int ref = REF; ref < REF + 4; ref++) {
            assertTrue(world.revoke(guest, ref));
          }
        });
  }

  @Test
  void granterMayDieInTheMiddleOfCopies() throws Exception {
    World.live(
        world -> {
          for (int round = 0; round < 30; round++) {
            Domid guest = world.guest();
            world.of(guest).memory().page(40).fill((byte) 7);
            world.grant(guest, REF, Domid.DOM0, 40, true);
            AtomicBoolean isDead = new AtomicBoolean();
            Body copier =
                self -> {
                  GrantCopy copy = new GrantCopy();
                  while (!isDead.get()) {
                    copy.fromGrant(guest.value(), REF, 0).toFrame(60, 0).length(4096);
                    world.dom0.grants().copy(List.of(copy));
                    if (copy.status() == GrantStatus.OKAY) {
                      byte seen = page(world).get(ValueLayout.JAVA_BYTE, 4095);
                      if (seen != 7) {
                        return 1;
                      }
                    }
                  }
                  return 0;
                };
            Body killer =
                self -> {
                  Task.sleep(200_000);
                  try {
                    world.control.destroy(guest);
                    return 0;
                  } catch (HypercallException e) {
                    return 3;
                  } finally {
                    isDead.set(true);
                  }
                };
            together(world, List.of(copier, killer));
            assertEquals("gone", world.state(guest));
          }
        });
  }

  private static MemorySegment page(World world) {
    try {
      return world.dom0.memory().page(60);
    } catch (HypercallException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void zombieVanishesWithTheLastOfConcurrentUnmaps() throws Exception {
    World.live(
        world -> {
          GrantOperations grants = world.dom0.grants();
          for (int round = 0; round < 50; round++) {
            Domid guest = world.guest();
            List<Body> bodies = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
              world.grant(guest, REF + i, Domid.DOM0, 40 + i, false);
              int handle = grants.map(guest.value(), REF + i, 0);
              bodies.add(self -> grants.unmap(handle));
            }
            bodies.add(
                self -> {
                  try {
                    world.control.destroy(guest);
                    return 0;
                  } catch (HypercallException e) {
                    return 1;
                  }
                });
            together(world, bodies);
            assertEquals("gone", world.state(guest));
          }
        });
  }

  @Test
  void killOfARunningMapperReleasesEverything() throws Exception {
    World.live(
        world -> {
          for (int round = 0; round < 30; round++) {
            Domid granter = world.guest();
            AtomicInteger maps = new AtomicInteger();
            Domid mapper =
                world.running(
                    start -> {
                      for (int i = 0; ; i = (i + 1) % 4) {
                        GrantOperations grants = start.hypercalls().grants();
                        int handle = grants.map(granter.value(), REF + i, 0);
                        if (handle >= 0) {
                          maps.incrementAndGet();
                          if (i % 2 == 0) {
                            grants.unmap(handle);
                          }
                        }
                      }
                    });
            for (int i = 0; i < 4; i++) {
              world.grant(granter, REF + i, mapper, 40 + i, false);
            }
            while (maps.get() < 20) {
              Task.relax();
            }
            world.control.destroy(mapper);
            assertEquals("gone", world.state(mapper));
            for (int i = 0; i < 4; i++) {
              assertTrue(world.revoke(granter, REF + i));
            }
            world.control.destroy(granter);
          }
          assertEquals("[0]", world.ids().toString());
        });
  }

  @Test
  void noNotificationIsLostUnderMasks() throws Exception {
    World.live(
        world -> {
          Domid guest = world.guest();
          int remote = world.of(guest).events().allocateUnbound(Domid.DOM0);
          EventOperations sender = world.dom0.events();
          int local = sender.bindInterdomain(guest, remote);
          EventOperations receiver = world.of(guest).events();
          SharedInfo info = world.bits(guest);
          AtomicInteger upcalls = new AtomicInteger();
          receiver.setUpcall(upcalls::incrementAndGet);
          int items = 200_000;
          AtomicInteger produced = new AtomicInteger();
          AtomicInteger consumed = new AtomicInteger();
          Body producer =
              self -> {
                for (int i = 1; i <= items; i++) {
                  produced.set(i);
                  sender.send(local);
                }
                return 0;
              };
          Body consumer =
              self -> {
                int handled = 0;
                int rounds = 0;
                while (consumed.get() < items) {
                  if (upcalls.get() == handled) {
                    Task.relax();
                    continue;
                  }
                  handled = upcalls.get();
                  do {
                    info.clearUpcallPending();
                    info.takeSelector();
                    if ((info.pendingUnmasked(remote >> 6) & 1L << remote) != 0) {
                      rounds++;
                      boolean isMasking = rounds % 3 == 0;
                      if (isMasking) {
                        info.mask(remote);
                      }
                      info.clearPending(remote);
                      consumed.set(produced.get());
                      if (isMasking && unmask(receiver, remote)) {
                        return 1;
                      }
                    }
                  } while (info.isUpcallPending());
                }
                return 0;
              };
          together(world, List.of(producer, consumer));
          assertEquals(items, consumed.get());
        });
  }

  private static boolean unmask(EventOperations receiver, int port) {
    try {
      receiver.unmask(port);
      return false;
    } catch (HypercallException e) {
      return true;
    }
  }

  @Test
  void oneOfManyBindersWins() throws Exception {
    World.live(
        world -> {
          Domid guest = world.guest();
          for (int round = 0; round < 500; round++) {
            int port = world.of(guest).events().allocateUnbound(Domid.DOM0);
            AtomicInteger wins = new AtomicInteger();
            AtomicInteger bound = new AtomicInteger();
            Body binder =
                self -> {
                  try {
                    bound.set(world.dom0.events().bindInterdomain(guest, port));
                    wins.incrementAndGet();
                  } catch (HypercallException e) {
                    // Somebody else was first.
                  }
                  return 0;
                };
            together(world, List.of(binder, binder, binder));
            assertEquals(1, wins.get());
            world.dom0.events().close(bound.get());
            world.of(guest).events().close(port);
          }
        });
  }

  @Test
  void bothEndsMayCloseAtOnce() throws Exception {
    World.live(
        world -> {
          Domid guest = world.guest();
          EventOperations guestEvents = world.of(guest).events();
          EventOperations dom0Events = world.dom0.events();
          for (int round = 0; round < 500; round++) {
            int port = guestEvents.allocateUnbound(Domid.DOM0);
            int local = dom0Events.bindInterdomain(guest, port);
            together(
                world,
                List.of(
                    self -> closes(guestEvents, port),
                    self -> closes(dom0Events, local),
                    self -> {
                      dom0Events.send(local);
                      guestEvents.send(port);
                      return 0;
                    }));
            assertEquals(EventOperations.PortKind.FREE, guestEvents.status(port).kind());
            assertEquals(EventOperations.PortKind.FREE, dom0Events.status(local).kind());
          }
        });
  }

  private static int closes(EventOperations events, int port) {
    try {
      events.close(port);
      return 0;
    } catch (HypercallException e) {
      return 1;
    }
  }

  @Test
  void pausedGuestDoesNotMove() throws Exception {
    World.live(
        world -> {
          AtomicInteger ticks = new AtomicInteger();
          Domid domid =
              world.running(
                  start -> {
                    while (true) {
                      start.hypercalls().events().send(1);
                      ticks.incrementAndGet();
                    }
                  });
          while (ticks.get() < 100) {
            Task.relax();
          }
          for (int round = 0; round < 100; round++) {
            world.control.pause(domid);
            int before = ticks.get();
            for (int i = 0; i < 100; i++) {
              Task.relax();
            }
            assertEquals(before, ticks.get());
            world.control.unpause(domid);
          }
          world.control.destroy(domid);
          assertFalse(world.control.info(domid).isPresent());
        });
  }
}

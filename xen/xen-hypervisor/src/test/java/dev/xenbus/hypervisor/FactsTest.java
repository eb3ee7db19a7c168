package dev.xenbus.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.machine.SimulatedMachine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What the hypervisor tells of grants, pages and domains: enough to keep its books again.
class FactsTest {
  private static final int REF = 8;
  private static final int FRAME = 9;

  private final List<String> told = new ArrayList<>();
  private final Map<Long, Long> owned = new HashMap<>();
  private long total;
  private long free;

  private void heard(String point, long first, long second, Object on) {
    switch (on) {
      case GrantFact fact ->
          told.add(point + " d" + fact.granter() + " " + fact.ref() + " by d" + fact.mapper());
      case XenFact fact -> {
        switch (fact) {
          case PAGES_TOTAL -> total = first;
          case PAGES_FREE -> free = first;
          case PAGES_OWNED -> owned.put(first, second);
          case DOMAIN_DEAD, DOMAIN_GONE -> told.add(point + " d" + first);
          case FRAME_TAKE, FRAME_GIVE -> {}
        }
      }
      default -> {}
    }
  }

  private void play(World.Script script) throws Exception {
    SimulatedMachine machine = new SimulatedMachine(1);
    machine.trace().listener(this::heard);
    World world = new World(machine);
    machine.run(
        () -> {
          script.run(world);
          return 0;
        });
    world.xen.checkPages();
    assertEquals(world.xen.census().pagesFree(), free);
    assertEquals(total, free + owned.values().stream().mapToLong(pages -> pages).sum());
  }

  @Test
  void mappingIsToldInsideOfItsPin() throws Exception {
    play(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, false);
          int handle = world.dom0.grants().map(guest.value(), REF, 0);
          world.dom0.grants().unmap(handle);
          world.dom0.grants().unmap(handle);
          assertEquals(
              List.of(
                  "grant_pin d1 8 by d0",
                  "grant_map d1 8 by d0",
                  "grant_unmap d1 8 by d0",
                  "grant_unpin d1 8 by d1"),
              told);
        });
  }

  @Test
  void mappingThatFailsTellsNothing() throws Exception {
    play(
        world -> {
          Domid guest = world.guest();
          world.grant(guest, REF, Domid.DOM0, FRAME, true);
          assertTrue(world.dom0.grants().map(guest.value(), REF, 0) < 0);
          assertTrue(
              world.dom0.grants().map(guest.value(), REF, GrantOperations.MAP_READ_ONLY) >= 0);
          assertEquals(List.of("grant_pin d1 8 by d0", "grant_map d1 8 by d0"), told);
        });
  }

  /// A dying domain's mappings end before it is dead; a zombie is gone with the last mapping.
  @Test
  void endsOfDomainsAreToldInOrder() throws Exception {
    play(
        world -> {
          Domid granter = world.guest();
          Domid mapper = world.guest();
          world.grant(granter, REF, mapper, FRAME, false);
          world.of(mapper).grants().map(granter.value(), REF, 0);
          world.control.destroy(granter);
          world.control.destroy(mapper);
          assertEquals(
              List.of(
                  "grant_pin d1 8 by d2",
                  "grant_map d1 8 by d2",
                  "domain_dead d1",
                  "grant_unmap d1 8 by d2",
                  "grant_unpin d1 8 by d1",
                  "domain_gone d1",
                  "domain_dead d2",
                  "domain_gone d2"),
              told);
        });
  }
}

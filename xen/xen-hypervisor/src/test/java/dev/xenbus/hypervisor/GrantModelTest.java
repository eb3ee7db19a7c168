package dev.xenbus.hypervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantEntry;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.abi.hypercall.GrantStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Random maps, unmaps, copies, grants, revokes and deaths against a small model: a list of live
/// mappings. After every step flags, handles, statuses and pages must be what the model says.
class GrantModelTest {
  private static final int REFS = 4;
  private static final int FIRST_REF = 8;

  /// A live mapping in the model.
  private record Mapped(Domid mapper, int handle, Domid granter, int ref, boolean readOnly) {}

  /// What an entry says.
  private record Granted(Domid to, boolean readOnly) {}

  private final List<Mapped> mapped = new ArrayList<>();
  private final TreeMap<String, Granted> granted = new TreeMap<>();
  private final List<Domid> alive = new ArrayList<>();

  @Test
  void randomOperationsFollowTheModel() throws Exception {
    long base = Long.getLong("seed", 1);
    for (long seed = base; seed < base + 20; seed++) {
      long chosen = seed;
      mapped.clear();
      granted.clear();
      alive.clear();
      World.simulate(chosen, world -> play(world, new Random(chosen), "seed " + chosen));
    }
  }

  private void play(World world, Random random, String seed) throws Exception {
    alive.add(Domid.DOM0);
    for (int step = 0; step < 400; step++) {
      while (alive.size() < 4) {
        alive.add(world.guest());
      }
      String where = seed + " step " + step;
      switch (random.nextInt(12)) {
        case 0, 1 -> grant(world, random);
        case 2 -> revoke(world, random, where);
        case 3, 4, 5, 6 -> map(world, random, where);
        case 7, 8 -> unmap(world, random, where);
        case 9, 10 -> copy(world, random, where);
        default -> destroy(world, random);
      }
      check(world, where);
    }
  }

  private Domid any(Random random) {
    return alive.get(random.nextInt(alive.size()));
  }

  private static String key(Domid granter, int ref) {
    return granter + "/" + ref;
  }

  private boolean isUsed(Domid granter, int ref) {
    return mapped.stream().anyMatch(m -> m.granter().equals(granter) && m.ref() == ref);
  }

  private void grant(World world, Random random) throws Exception {
    Domid granter = any(random);
    int ref = FIRST_REF + random.nextInt(REFS);
    if (!granted.containsKey(key(granter, ref))) {
      Granted entry = new Granted(any(random), random.nextBoolean());
      world.grant(granter, ref, entry.to(), 40 + ref, entry.readOnly());
      granted.put(key(granter, ref), entry);
    }
  }

  private void revoke(World world, Random random, String where) throws Exception {
    Domid granter = any(random);
    int ref = FIRST_REF + random.nextInt(REFS);
    boolean isFree = !isUsed(granter, ref);
    assertEquals(isFree, world.revoke(granter, ref), where);
    if (isFree) {
      granted.remove(key(granter, ref));
    }
  }

  private boolean isAllowed(Domid who, Domid granter, int ref, boolean readOnly) {
    Granted entry = granted.get(key(granter, ref));
    return entry != null && entry.to().equals(who) && (readOnly || !entry.readOnly());
  }

  private void map(World world, Random random, String where) throws Exception {
    Domid mapper = any(random);
    Domid granter = any(random);
    int ref = FIRST_REF + random.nextInt(REFS);
    boolean readOnly = random.nextBoolean();
    world.of(granter).grants().setupTable(1);
    int handle =
        world
            .of(mapper)
            .grants()
            .map(granter.value(), ref, readOnly ? GrantOperations.MAP_READ_ONLY : 0);
    if (isAllowed(mapper, granter, ref, readOnly)) {
      assertTrue(handle >= 0, where + " got " + handle);
      assertTrue(
          mapped.stream().noneMatch(m -> m.mapper().equals(mapper) && m.handle() == handle), where);
      mapped.add(new Mapped(mapper, handle, granter, ref, readOnly));
    } else {
      assertEquals(GrantStatus.GENERAL_ERROR, handle, where);
    }
  }

  private void unmap(World world, Random random, String where) {
    Domid mapper = any(random);
    int handle = random.nextInt(8);
    boolean isLive = mapped.removeIf(m -> m.mapper().equals(mapper) && m.handle() == handle);
    int status = world.of(mapper).grants().unmap(handle);
    assertEquals(isLive ? GrantStatus.OKAY : GrantStatus.BAD_HANDLE, status, where);
  }

  private void copy(World world, Random random, String where) throws Exception {
    Domid who = any(random);
    Domid from = any(random);
    Domid to = any(random);
    int source = FIRST_REF + random.nextInt(REFS);
    int destination = FIRST_REF + random.nextInt(REFS);
    world.of(from).grants().setupTable(1);
    world.of(to).grants().setupTable(1);
    GrantCopy element =
        new GrantCopy()
            .fromGrant(from.value(), source, 0)
            .toGrant(to.value(), destination, 64)
            .length(32);
    world.of(who).grants().copy(List.of(element));
    boolean isAllowed =
        isAllowed(who, from, source, true) && isAllowed(who, to, destination, false);
    assertEquals(isAllowed ? GrantStatus.OKAY : GrantStatus.GENERAL_ERROR, element.status(), where);
  }

  private void destroy(World world, Random random) throws Exception {
    Domid victim = any(random);
    if (victim.equals(Domid.DOM0) || random.nextInt(4) != 0) {
      return;
    }
    world.control.destroy(victim);
    alive.remove(victim);
    mapped.removeIf(m -> m.mapper().equals(victim));
    granted.keySet().removeIf(key -> key.startsWith(victim + "/"));
  }

  private void check(World world, String where) throws Exception {
    world.xen.checkPages();
    for (Domid granter : alive) {
      for (int ref = FIRST_REF; ref < FIRST_REF + REFS; ref++) {
        checkFlags(world, granter, ref, where);
      }
    }
    for (var info : world.control.list()) {
      boolean isHeld = mapped.stream().anyMatch(m -> m.granter().equals(info.domid()));
      assertEquals(!alive.contains(info.domid()), info.dying(), where);
      assertTrue(!info.dying() || isHeld, where + ": d" + info.domid() + " is held by nobody");
    }
    for (Mapped mapping : mapped) {
      world.of(mapping.mapper()).grants().mapped(mapping.handle());
      assertTrue(world.control.info(mapping.granter()).isPresent(), where);
    }
  }

  private void checkFlags(World world, Domid granter, int ref, String where) throws Exception {
    int expected = 0;
    Granted entry = granted.get(key(granter, ref));
    if (entry != null) {
      expected = GrantEntry.PERMIT_ACCESS | (entry.readOnly() ? GrantEntry.READ_ONLY : 0);
    }
    for (Mapped mapping : mapped) {
      if (mapping.granter().equals(granter) && mapping.ref() == ref) {
        expected |= GrantEntry.READING | (mapping.readOnly() ? 0 : GrantEntry.WRITING);
      }
    }
    assertEquals(expected, world.flags(granter, ref), where + " " + key(granter, ref));
  }
}

package dev.xenbus.scenarios;

import dev.xenbus.hypervisor.GrantFact;
import dev.xenbus.hypervisor.XenFact;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The hypervisor's books, kept again.
///
/// | id | what is checked |
/// |---|---|
/// | grants | no grant is in use less than never; its uses are at least its mappings; a handle is
/// live once and unmapped once; a domain that is dead maps nothing, and one that is destroyed has
/// no
/// grant in use |
/// | pages | a page in the pool is not in use through a grant, and is there once; at every step
/// free pages and those of all domains, zombies included, are all there are |
///
/// Guarded by the lock of [Invariants].
final class GrantInvariants {
  /// How one grant is in use.
  private static final class Use {
    private int readers;
    private int writers;
    private int mappings;
  }

  private final Breaches broken;

  private final Map<Long, Use> grants = new HashMap<>();
  private final Map<Long, GrantFact> mappings = new HashMap<>();
  private final Map<Long, Integer> frames = new HashMap<>();
  private final Map<Integer, Integer> mappingsOf = new TreeMap<>();
  private final Map<Long, Long> owned = new TreeMap<>();
  private final BitSet dead = new BitSet();
  private final BitSet pool = new BitSet();
  private long total;
  private long free;
  private long ownedOfAll;

  GrantInvariants(Breaches broken) {
    this.broken = broken;
  }

  private static long key(int domid, int number) {
    return (long) domid << Integer.SIZE | Integer.toUnsignedLong(number);
  }

  private static String name(GrantFact fact) {
    return "grant " + fact.ref() + " of d" + fact.granter();
  }

  // --- grants ---------------------------------------------------------------------------------

  void heard(String point, GrantFact fact) {
    switch (point) {
      case "grant_pin" -> pinned(fact);
      case "grant_unpin" -> unpinned(fact);
      case "grant_map" -> mapped(fact);
      case "grant_unmap" -> unmapped(fact);
      default -> {}
    }
  }

  private Use use(GrantFact fact) {
    return grants.computeIfAbsent(key(fact.granter(), fact.ref()), _ -> new Use());
  }

  private void pinned(GrantFact fact) {
    Use use = use(fact);
    if (fact.readOnly()) {
      use.readers++;
    } else {
      use.writers++;
    }
    frames.merge(fact.frame(), 1, Integer::sum);
    if (pool.get((int) fact.frame())) {
      broken.add("pages: " + name(fact) + " is taken into use, and its page is in the pool");
    }
  }

  private void unpinned(GrantFact fact) {
    Use use = use(fact);
    if (fact.readOnly()) {
      use.readers--;
    } else {
      use.writers--;
    }
    if (use.readers < 0 || use.writers < 0) {
      broken.add(
          "grants: "
              + name(fact)
              + " is in use by "
              + use.readers
              + " readers and "
              + use.writers
              + " writers");
    }
    if (use.mappings > use.readers + use.writers) {
      broken.add("grants: " + name(fact) + " is let go while it is mapped");
    }
    if (use.readers == 0 && use.writers == 0 && use.mappings == 0) {
      grants.remove(key(fact.granter(), fact.ref()));
    }
    frames.computeIfPresent(fact.frame(), (_, uses) -> uses == 1 ? null : uses - 1);
  }

  private void mapped(GrantFact fact) {
    @Nullable GrantFact other = mappings.put(key(fact.mapper(), fact.handle()), fact);
    if (other != null) {
      broken.add("grants: handle " + fact.handle() + " of d" + fact.mapper() + " is live twice");
    }
    Use use = use(fact);
    use.mappings++;
    if (use.mappings > use.readers + use.writers) {
      broken.add("grants: " + name(fact) + " is mapped more often than it is in use");
    }
    mappingsOf.merge(fact.mapper(), 1, Integer::sum);
    if (dead.get(fact.mapper())) {
      broken.add("grants: d" + fact.mapper() + " is dead and maps " + name(fact));
    }
  }

  private void unmapped(GrantFact fact) {
    @Nullable GrantFact was = mappings.remove(key(fact.mapper(), fact.handle()));
    if (was == null || was.granter() != fact.granter() || was.ref() != fact.ref()) {
      broken.add(
          "grants: d"
              + fact.mapper()
              + " unmaps "
              + name(fact)
              + " with handle "
              + fact.handle()
              + ", which is not live");
      return;
    }
    use(fact).mappings--;
    mappingsOf.merge(fact.mapper(), -1, Integer::sum);
  }

  // --- pages and domains ----------------------------------------------------------------------

  void heard(XenFact fact, long first, long second) {
    switch (fact) {
      case PAGES_TOTAL -> {
        total = first;
        free = first;
      }
      case PAGES_FREE -> free = first;
      case PAGES_OWNED -> {
        Long before = second == 0 ? owned.remove(first) : owned.put(first, second);
        ownedOfAll += second - (before == null ? 0 : before);
      }
      case FRAME_TAKE -> pool.clear((int) first);
      case FRAME_GIVE -> given(first);
      case DOMAIN_DEAD -> {
        dead.set((int) first);
        int left = mappingsOf.getOrDefault((int) first, 0);
        if (left != 0) {
          broken.add("grants: d" + first + " is dead and still maps " + left + " grants");
        }
      }
      case DOMAIN_GONE -> gone(first);
    }
  }

  private void given(long frame) {
    Integer uses = frames.get(frame);
    if (uses != null) {
      broken.add("pages: page " + frame + " goes to the pool with " + uses + " uses by grants");
    }
    if (pool.get((int) frame)) {
      broken.add("pages: page " + frame + " goes to the pool twice");
    }
    pool.set((int) frame);
  }

  private void gone(long domid) {
    dead.clear((int) domid);
    mappingsOf.remove((int) domid);
    if (owned.containsKey(domid)) {
      broken.add("pages: d" + domid + " is destroyed and owns " + owned.get(domid));
    }
    grants.keySet().stream()
        .filter(key -> key >>> Integer.SIZE == domid)
        .forEach(
            key ->
                broken.add(
                    "grants: d" + domid + " is gone, its grant " + key.intValue() + " in use"));
  }

  /// Checks that no page is lost.
  void checkBalance() {
    if (free + ownedOfAll != total) {
      broken.add(
          "pages: " + free + " free and " + ownedOfAll + " owned are not " + total + " in all");
    }
  }

  /// Checks that nobody maps anything, when dom0 is down.
  void checkPoweredOff() {
    mappings.values().stream()
        .sorted(
            java.util.Comparator.comparingInt(GrantFact::granter).thenComparingInt(GrantFact::ref))
        .limit(1)
        .forEach(
            fact ->
                broken.add("grants: at the end d" + fact.mapper() + " still maps " + name(fact)));
  }
}

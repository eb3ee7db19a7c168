package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.DeviceFact;
import dev.xenbus.api.DriverFact;
import dev.xenbus.api.MtwatchFact;
import dev.xenbus.api.WatchFact;
import dev.xenbus.machine.Task;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The life of a guest's thread, with the series alone: its devices and events are counted here
/// again, from what the bus and the queues tell.
///
/// | id | what is checked |
/// |---|---|
/// | W4 | a thread does not end while its guest has a device or an event, and ends soon when it has
/// none; there is one a guest |
/// | W5 | events and probes of a guest run in its own thread, which runs soon after the first event
/// |
/// | W9 | if it cannot be made, all its events go to the default thread, in order, until it ends |
///
/// Guarded by the lock of [Invariants].
final class MtwatchInvariants {
  /// A guest of a kernel.
  private record Key(Domid kernel, Domid guest) {
    @Override
    public String toString() {
      return "guest " + guest + (kernel.equals(Domid.DOM0) ? "" : " of dom" + kernel);
    }
  }

  /// A driver that came late.
  private record LateDriver(Domid kernel, String type) {}

  /// An event that waits.
  private record Waiting(String token, String path, String queue) {
    static Waiting of(WatchFact fact) {
      return new Waiting(fact.token(), fact.path(), fact.queue());
    }

    boolean is(WatchFact fact) {
      return token.equals(fact.token()) && path.equals(fact.path());
    }

    @Override
    public String toString() {
      return path + " of watch " + token;
    }
  }

  private static final class Guest {
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private int devices;
    private int running;
    private boolean exists;
    private boolean hasThread;
    private boolean fallenBack;
    private long moved;
    private long madeAt;
    private long usedAt;
    private long endedAt;

    boolean isIdle() {
      return devices == 0 && running == 0 && waiting.isEmpty();
    }

    String load() {
      return devices
          + " devices, "
          + waiting.size()
          + " waiting and "
          + running
          + " running events";
    }
  }

  /// The thread, and the queue, of what is no guest's.
  static final String DEFAULT_THREAD = "xenwatch";

  /// How the name of a guest's thread, and of its queue, begins.
  static final String GUEST_THREAD = "xen-mtwatch-";

  private final Breaches broken;
  private final boolean isUsed;
  private final Map<Key, Guest> guests = new LinkedHashMap<>();

  /// How many events wait for a kernel's default thread.
  private final Map<Domid, Long> waitingOnDefault = new LinkedHashMap<>();

  /// Drivers that came while events waited there, each with how many of these are left.
  private final Map<LateDriver, Long> lateDrivers = new LinkedHashMap<>();

  MtwatchInvariants(Breaches broken, Dispatcher dispatcher) {
    this.broken = broken;
    isUsed = dispatcher == Dispatcher.SERIES;
  }

  /// Returns whether a guest's events go to the default thread, since it has none.
  boolean hasFallenBack(Domid kernel, Domid guest) {
    Guest found = guests.get(new Key(kernel, guest));
    return found != null && found.fallenBack;
  }

  /// Returns whether a guest's thread has begun, and is not to end.
  boolean hasThread(Domid kernel, Domid guest) {
    Guest found = guests.get(new Key(kernel, guest));
    return found != null && found.hasThread;
  }

  /// Returns whether a guest may have a thread now: one that is to end may be there for a moment.
  boolean mayHaveThread(Domid kernel, Domid guest, long now) {
    Guest found = guests.get(new Key(kernel, guest));
    return !isUsed
        || (found != null
            && ((found.exists && !found.fallenBack)
                || now - found.endedAt <= Invariants.GRACE_NANOS));
  }

  static String threadOf(Domid guest) {
    return GUEST_THREAD + guest;
  }

  // --- events ---------------------------------------------------------------------------------

  void heard(String point, WatchFact fact, long now) {
    if (point.equals("watch_take")) {
      runsInItsThread(fact);
    }
    if (isUsed && fact.queue().equals(DEFAULT_THREAD)) {
      onDefault(point, fact.kernel());
    }
    if (!isUsed || fact.owner().value() == 0) {
      return;
    }
    Key key = new Key(fact.kernel(), fact.owner());
    Guest guest = guests.computeIfAbsent(key, _ -> new Guest());
    guest.usedAt = now;
    switch (point) {
      case "watch_queue" -> guest.waiting.addLast(Waiting.of(fact));
      case "watch_take" -> {
        taken(key, guest, fact);
        guest.running++;
      }
      case "watch_finish" -> guest.running--;
      case "watch_purge" -> remove(guest, fact);
      case "watch_move" -> moved(key, guest, fact);
      default -> {}
    }
  }

  /// Counts what waits for the default thread, and forgets drivers that are older than what it
  /// runs.
  private void onDefault(String point, Domid kernel) {
    switch (point) {
      case "watch_queue", "watch_move" -> waitingOnDefault.merge(kernel, 1L, Long::sum);
      case "watch_purge" -> waitingOnDefault.merge(kernel, -1L, Long::sum);
      case "watch_take" -> {
        waitingOnDefault.merge(kernel, -1L, Long::sum);
        lateDrivers
            .entrySet()
            .removeIf(
                late ->
                    late.getKey().kernel().equals(kernel)
                        && late.setValue(late.getValue() - 1) <= 0);
      }
      default -> {}
    }
  }

  /// Events that came before the driver were nobody's: they run in the default thread, and there it
  /// may meet the new driver. One of them may have its route, but no place in the queue yet.
  void heard(DriverFact fact) {
    if (isUsed && fact.routed()) {
      lateDrivers.put(
          new LateDriver(fact.kernel(), fact.type()),
          waitingOnDefault.getOrDefault(fact.kernel(), 0L) + 1);
    }
  }

  private void runsInItsThread(WatchFact fact) {
    String comm = Task.currentIfAny().map(Task::comm).orElse("nobody");
    if (!comm.equals(fact.queue())) {
      broken.add("W5: " + comm + " runs " + fact.path() + ", which waited for " + fact.queue());
    }
  }

  private void taken(Key key, Guest guest, WatchFact fact) {
    Waiting first = guest.waiting.peekFirst();
    if (first != null && first.is(fact)) {
      guest.waiting.removeFirst();
      return;
    }
    if (guest.fallenBack) {
      broken.add("W9: " + key + " has no thread, and " + Waiting.of(fact) + " overtakes " + first);
    }
    remove(guest, fact);
  }

  private static void remove(Guest guest, WatchFact fact) {
    for (Iterator<Waiting> i = guest.waiting.iterator(); i.hasNext(); ) {
      if (i.next().is(fact)) {
        i.remove();
        return;
      }
    }
  }

  /// The oldest that has not moved yet must be the one that does; it stands last then, as those
  /// that moved before it.
  private void moved(Key key, Guest guest, WatchFact fact) {
    guest.moved++;
    Waiting first = guest.waiting.peekFirst();
    if (first == null || !first.is(fact) || first.queue().equals(fact.queue())) {
      broken.add(
          "W9: " + key + " has no thread, and " + Waiting.of(fact) + " moves before " + first);
      remove(guest, fact);
    } else {
      guest.waiting.removeFirst();
    }
    guest.waiting.addLast(Waiting.of(fact));
  }

  // --- entries --------------------------------------------------------------------------------

  void heard(String point, long number, MtwatchFact fact, long now) {
    Key key = new Key(fact.kernel(), fact.guest());
    Guest guest = guests.computeIfAbsent(key, _ -> new Guest());
    switch (point) {
      case "mtwatch_entry" -> {
        if (guest.exists) {
          broken.add("W4: " + key + " has two entries");
        }
        guest.exists = true;
        guest.madeAt = now;
        guest.usedAt = now;
      }
      case "mtwatch_thread" -> {
        if (!guest.exists || guest.hasThread || guest.fallenBack) {
          broken.add(
              "W4: another "
                  + threadOf(fact.guest())
                  + (guest.exists
                      ? " begins beside the one there is"
                      : " begins without an entry"));
        }
        guest.hasThread = true;
      }
      case "mtwatch_fallback" -> fellBack(key, guest, number);
      case "mtwatch_end" -> ended(key, guest, now);
      default -> {}
    }
  }

  private void fellBack(Key key, Guest guest, long number) {
    if (guest.fallenBack || guest.hasThread) {
      broken.add("W9: " + key + " falls back though it has a thread, or has done before");
    }
    long left =
        guest.waiting.stream().filter(event -> !event.queue().equals(DEFAULT_THREAD)).count();
    if (left != 0 || number != guest.moved) {
      broken.add(
          "W9: "
              + key
              + " has no thread; "
              + guest.moved
              + " of its events went to xenwatch, "
              + number
              + " are counted, "
              + left
              + " are lost");
    }
    guest.fallenBack = true;
  }

  private void ended(Key key, Guest guest, long now) {
    if (!guest.isIdle()) {
      broken.add("W4: " + threadOf(key.guest()) + " ends though it has " + guest.load());
    }
    if (!guest.exists) {
      broken.add("W4: " + threadOf(key.guest()) + " ends twice");
    }
    guest.exists = false;
    guest.hasThread = false;
    guest.fallenBack = false;
    guest.moved = 0;
    guest.endedAt = now;
  }

  // --- devices --------------------------------------------------------------------------------

  void heard(String point, DeviceFact fact, long now) {
    if (!isUsed || !fact.routed()) {
      return;
    }
    Key key = new Key(fact.kernel(), fact.guest());
    Guest guest = guests.computeIfAbsent(key, _ -> new Guest());
    switch (point) {
      case "device_counted" -> {
        guest.devices++;
        guest.usedAt = now;
        if (!guest.exists) {
          broken.add("W4: " + key + " has " + fact.nodePath() + " and no entry");
        }
      }
      case "device_uncounted" -> {
        guest.devices--;
        guest.usedAt = now;
        if (guest.devices < 0) {
          broken.add("W4: " + fact.nodePath() + " goes though " + key + " has no device");
        }
      }
      case "device_probe" -> probed(fact, guest);
      default -> {}
    }
  }

  private void probed(DeviceFact fact, Guest guest) {
    String comm = Task.currentIfAny().map(Task::comm).orElse("nobody");
    boolean isForeign =
        comm.startsWith(GUEST_THREAD)
            ? !comm.equals(threadOf(fact.guest()))
            : comm.equals(DEFAULT_THREAD)
                && !guest.fallenBack
                && !lateDrivers.containsKey(new LateDriver(fact.kernel(), fact.type()));
    if (isForeign) {
      broken.add("W5: " + comm + " probes " + fact.nodePath() + ", not " + threadOf(fact.guest()));
    }
  }

  // --- what takes time ------------------------------------------------------------------------

  /// Checks what must have happened by now, in dom0.
  void look(long now) {
    if (!isUsed) {
      return;
    }
    for (Map.Entry<Key, Guest> each : guests.entrySet()) {
      @Nullable String late = late(each.getKey(), each.getValue(), now);
      if (late != null) {
        broken.add(late);
      }
    }
  }

  private static @Nullable String late(Key key, Guest guest, long now) {
    if (!guest.exists || !key.kernel().equals(Domid.DOM0)) {
      return null;
    }
    String thread = threadOf(key.guest());
    if (!guest.hasThread && !guest.fallenBack && now - guest.madeAt > Invariants.GRACE_NANOS) {
      return "W5: " + thread + " has not begun a second after its guest's first event or device";
    }
    if (guest.isIdle() && now - guest.usedAt > Invariants.GRACE_NANOS) {
      return "W4: " + thread + " is there though its guest has had nothing for a second";
    }
    return null;
  }
}

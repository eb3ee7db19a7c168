package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.WatchFact;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Task;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who waits for whom.
///
/// | id | what is checked |
/// |---|---|
/// | W2 | an event whose thread runs nothing is taken at once; no callback waits for a lock that a
/// callback of another guest holds while it is stuck |
/// | W7 | who unregisters a watch waits for a callback of that very watch (series alone), never in
/// a cycle, and not holding a lock that this callback waits for |
///
/// Locks are known by their class: a task waits for a stuck one if all who hold locks of the class
/// that it waits for are stuck.
///
/// Guarded by the lock of [Invariants].
final class DelayInvariants {
  /// A queue of a kernel.
  private record Place(Domid kernel, String queue) {}

  private static final class Lane {
    private final Place place;
    private int waiting;
    private @Nullable WatchFact running;
    private @Nullable Task runner;
    private long run;

    /// When the oldest could first be taken, or the running one began.
    private long since;

    Lane(Place place) {
      this.place = place;
    }
  }

  /// A wait for the end of a callback.
  private record Wait(Lane lane, long run, long since) {
    boolean isOver() {
      return lane.running == null || lane.run != run;
    }
  }

  private final Breaches broken;
  private final Dispatcher dispatcher;
  private final Machine machine;
  private final Map<Place, Lane> lanes = new LinkedHashMap<>();
  private final Map<Task, Wait> waits = new LinkedHashMap<>();

  DelayInvariants(Breaches broken, Dispatcher dispatcher, Machine machine) {
    this.broken = broken;
    this.dispatcher = dispatcher;
    this.machine = machine;
  }

  private Lane lane(Domid kernel, String queue) {
    return lanes.computeIfAbsent(new Place(kernel, queue), Lane::new);
  }

  void heard(String point, long number, WatchFact fact, long now) {
    if (point.equals("watch_gone")) {
      return;
    }
    Lane lane = lane(fact.kernel(), fact.queue());
    switch (point) {
      case "watch_queue" -> arrived(lane, now);
      case "watch_take" -> {
        lane.waiting--;
        lane.running = fact;
        lane.runner = Task.currentIfAny().orElse(null);
        lane.run = number;
        lane.since = now;
      }
      case "watch_finish" -> {
        lane.running = null;
        lane.runner = null;
        lane.since = now;
      }
      case "watch_purge" -> lane.waiting--;
      case "watch_move" -> {
        lane(fact.kernel(), MtwatchInvariants.threadOf(fact.owner())).waiting--;
        arrived(lane, now);
      }
      case "watch_wait" -> waits(lane, number, fact, now);
      case "watch_waited" -> Task.currentIfAny().ifPresent(waits::remove);
      default -> {}
    }
  }

  private static void arrived(Lane lane, long now) {
    if (lane.waiting == 0 && lane.running == null) {
      lane.since = now;
    }
    lane.waiting++;
  }

  // --- unregistering --------------------------------------------------------------------------

  private void waits(Lane lane, long run, WatchFact fact, long now) {
    Task waiter = Task.currentIfAny().orElse(null);
    WatchFact running = lane.running;
    if (waiter == null || running == null || lane.run != run) {
      return; // it has ended meanwhile
    }
    if (dispatcher == Dispatcher.SERIES && !running.token().equals(fact.token())) {
      broken.add(
          "W7: "
              + waiter.comm()
              + " unregisters "
              + fact.watchPath()
              + " and waits for a callback of "
              + running.watchPath()
              + " in "
              + fact.queue());
    }
    waits.put(waiter, new Wait(lane, run, now));
    if (closesCycle(waiter, lane)) {
      broken.add(
          "W7: "
              + waiter.comm()
              + " waits for "
              + fact.queue()
              + ", which waits for it: nobody's callback ends");
    }
  }

  private boolean closesCycle(Task waiter, Lane first) {
    Lane at = first;
    for (int links = 0; links <= waits.size(); links++) {
      Task runner = at.runner;
      if (waiter.equals(runner)) {
        return true;
      }
      Wait next = runner == null ? null : waits.get(runner);
      if (next == null || next.isOver()) {
        return false;
      }
      at = next.lane();
    }
    return false;
  }

  // --- what takes time ------------------------------------------------------------------------

  /// Checks what must have happened by now, in dom0.
  ///
  /// @return whether some callback is under way
  boolean look(long now, MtwatchInvariants mtwatch) {
    List<Lane> stuck = new ArrayList<>(0);
    boolean isBusy = false;
    for (Lane lane : lanes.values()) {
      if (!lane.place.kernel().equals(Domid.DOM0)) {
        continue;
      }
      isBusy |= lane.running != null;
      boolean isLate = now - lane.since > Invariants.GRACE_NANOS;
      if (isLate && lane.running != null) {
        stuck.add(lane);
      } else if (isLate && lane.waiting > 0 && isServed(lane, mtwatch)) {
        broken.add(
            "W2: " + lane.waiting + " events wait in " + lane.place.queue() + ", which runs none");
      }
    }
    if (!stuck.isEmpty()) {
      stuck.forEach(lane -> blockedByAnother(lane, stuck));
      waits.forEach((waiter, wait) -> blockedByWaiter(waiter, wait, now));
    }
    return isBusy;
  }

  /// Returns whether there is a thread; one that has not begun is told by W5.
  private boolean isServed(Lane lane, MtwatchInvariants mtwatch) {
    String queue = lane.place.queue();
    return dispatcher != Dispatcher.SERIES
        || queue.equals(MtwatchInvariants.DEFAULT_THREAD)
        || mtwatch.hasThread(
            lane.place.kernel(),
            Domid.of(Integer.parseInt(queue.substring(queue.lastIndexOf('-') + 1))));
  }

  private void blockedByAnother(Lane lane, List<Lane> stuck) {
    Task task = lane.runner;
    WatchFact running = lane.running;
    if (dispatcher != Dispatcher.SERIES || task == null || running == null) {
      return;
    }
    List<Task> holders = holdersOfWhatBlocks(task);
    List<Lane> guilty =
        stuck.stream()
            .filter(other -> other != lane && other.runner != null)
            .filter(other -> holders.contains(other.runner))
            .toList();
    if (!holders.isEmpty() && guilty.size() == holders.size()) {
      broken.add(
          "W2: "
              + task.comm()
              + " runs "
              + running.path()
              + " and waits for "
              + task.wchan()
              + ", which "
              + guilty.getFirst().place.queue()
              + " holds");
    }
  }

  private void blockedByWaiter(Task waiter, Wait wait, long now) {
    Task runner = wait.lane().runner;
    if (wait.isOver() || runner == null || now - wait.since() <= Invariants.GRACE_NANOS) {
      return;
    }
    List<Task> holders = holdersOfWhatBlocks(runner);
    if (holders.equals(List.of(waiter))) {
      broken.add(
          "W7: "
              + waiter.comm()
              + " waits for the end of a callback in "
              + wait.lane().place.queue()
              + ", which waits for "
              + runner.wchan()
              + " that "
              + waiter.comm()
              + " holds");
    }
  }

  /// Returns who holds locks of the class that a task waits for; nobody if it waits for no lock.
  private List<Task> holdersOfWhatBlocks(Task task) {
    if (task.state() != Task.State.D) {
      return List.of();
    }
    String wchan = task.wchan();
    return machine.tasks().stream()
        .filter(other -> !other.equals(task))
        .filter(other -> other.heldLocks().stream().anyMatch(held -> held.name().equals(wchan)))
        .toList();
  }
}

package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.SuspendFact;
import dev.xenbus.api.WatchFact;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The contract of watch events, at each fact that a kernel tells of one.
///
/// | id | what is checked |
/// |---|---|
/// | W1 | callbacks of one watch for one guest run one at a time and in the order of arrival |
/// | W3 | an event that was routed to a guest is not on the default list (series alone) |
/// | W6 | once a watch is unregistered its callback does not start any more |
/// | W8 | of the state of a device's other end at most one event waits in a queue |
/// | W10 | no callback begins or ends while its kernel is suspended, but the one that suspends |
/// | lost | an event that was queued in dom0 is run or withdrawn before the machine stops |
final class WatchInvariants {
  /// What a backend watches of its frontend.
  private static final Pattern OTHER_END =
      Pattern.compile("/local/domain/[0-9]+/device/[a-z]+/[0-9]+/state");

  /// A watch.
  private record Watch(Domid kernel, String token) {
    @Override
    public String toString() {
      return "dom" + kernel + " watch " + token;
    }
  }

  /// What is in order: a watch's events for one guest.
  private record Lane(Watch watch, Domid owner) {
    @Override
    public String toString() {
      return watch + " for " + owner;
    }
  }

  private final Breaches broken;
  private final Dispatcher dispatcher;
  private final MtwatchInvariants mtwatch;
  private final Map<Lane, ArrayDeque<String>> waiting = new LinkedHashMap<>();
  private final Map<Lane, String> running = new LinkedHashMap<>();
  private final Set<Watch> gone = new HashSet<>();
  private final Set<Domid> suspended = new TreeSet<>();

  WatchInvariants(Breaches broken, Dispatcher dispatcher, MtwatchInvariants mtwatch) {
    this.broken = broken;
    this.dispatcher = dispatcher;
    this.mtwatch = mtwatch;
  }

  /// Checks that nothing was lost, when all is over.
  void checkEnd() {
    waiting.forEach(
        (lane, paths) -> {
          // A guest that is destroyed takes its events with it.
          if (!paths.isEmpty() && lane.watch().kernel().equals(Domid.DOM0)) {
            broken.add("lost: " + lane + " has never run " + paths);
          }
        });
  }

  void heard(String point, long number, WatchFact fact) {
    if (dispatcher == Dispatcher.SUMMIT
        && fact.queue().equals(MtwatchInvariants.DEFAULT_THREAD)
        && isRouted(fact)) {
      return; // it is on its way: the default thread hands it out
    }
    Watch watch = new Watch(fact.kernel(), fact.token());
    if (point.equals("watch_gone")) {
      gone.add(watch);
      return;
    }
    Lane lane = new Lane(watch, fact.owner());
    switch (point) {
      case "watch_queue" -> queued(lane, number, fact);
      case "watch_take" -> taken(lane, fact);
      case "watch_finish" -> {
        awake(lane, fact);
        running.remove(lane);
      }
      case "watch_purge" -> waiting.computeIfPresent(lane, (_, paths) -> without(paths, fact));
      default -> {}
    }
  }

  void heard(String point, SuspendFact fact) {
    boolean changed =
        switch (point) {
          case "xs_suspend" -> suspended.add(fact.kernel());
          case "xs_resume" -> suspended.remove(fact.kernel());
          default -> true;
        };
    if (!changed) {
      broken.add("W10: " + fact + " is told twice");
    }
  }

  private void queued(Lane lane, long number, WatchFact fact) {
    waiting.computeIfAbsent(lane, _ -> new ArrayDeque<>()).addLast(fact.path());
    if (dispatcher == Dispatcher.SERIES
        && isRouted(fact)
        && fact.queue().equals(MtwatchInvariants.DEFAULT_THREAD)
        && !mtwatch.hasFallenBack(fact.kernel(), fact.owner())) {
      broken.add("W3: " + fact.path() + " of guest " + fact.owner() + " is on the default list");
    }
    if (number > 1 && OTHER_END.matcher(fact.watchPath()).matches()) {
      broken.add("W8: " + number + " events of " + fact.watchPath() + " wait in " + fact.queue());
    }
  }

  private static boolean isRouted(WatchFact fact) {
    return fact.owner().value() != 0;
  }

  private void taken(Lane lane, WatchFact fact) {
    awake(lane, fact);
    if (gone.contains(lane.watch())) {
      broken.add("W6: " + lane + " runs " + fact.path() + " though it is unregistered");
    }
    ArrayDeque<String> paths = waiting.get(lane);
    String first = paths == null ? null : paths.pollFirst();
    if (!fact.path().equals(first)) {
      broken.add("W1: " + lane + " runs " + fact.path() + " where " + first + " is next");
    }
    String other = running.put(lane, fact.queue());
    if (other != null) {
      broken.add("W1: " + lane + " runs in " + fact.queue() + " while it runs in " + other);
    }
  }

  private void awake(Lane lane, WatchFact fact) {
    if (suspended.contains(fact.kernel())) {
      broken.add("W10: " + lane + " runs " + fact.path() + " while its kernel is suspended");
    }
  }

  private static ArrayDeque<String> without(ArrayDeque<String> paths, WatchFact fact) {
    paths.removeFirstOccurrence(fact.path());
    return paths;
  }
}

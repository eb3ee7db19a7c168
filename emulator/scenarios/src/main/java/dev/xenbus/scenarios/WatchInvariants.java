package dev.xenbus.scenarios;

import dev.xenbus.abi.Domid;
import dev.xenbus.api.StateFact;
import dev.xenbus.api.SuspendFact;
import dev.xenbus.api.WatchFact;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.RawSpinLock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The contract of watch events and of device states, checked while a scenario runs: at each fact
/// that a kernel tells, and, by the machine, at every step.
///
/// Threads: on a live machine facts come from several tasks at once; `lock` is taken for each.
///
/// | id | what is checked |
/// |---|---|
/// | W1 | callbacks of one watch for one guest run one at a time and in the order of arrival |
/// | W3 | an event that was routed to a guest is not on the default list (series alone) |
/// | W6 | once a watch is unregistered its callback does not start any more |
/// | W10 | no callback begins or ends while its kernel is suspended, but the one that suspends |
/// | W8 | of the state of a device's other end at most one event waits in a queue |
/// | states | drivers publish the states of their devices in a legal order |
/// | lost | an event that was queued in dom0 is run or withdrawn before the machine stops |
final class WatchInvariants {
  /// What a backend watches of its frontend.
  private static final Pattern OTHER_END =
      Pattern.compile("/local/domain/[0-9]+/device/[a-z]+/[0-9]+/state");

  private static final String DOM0 = "dom0 ";

  private final Dispatcher dispatcher;
  private final RawSpinLock lock = new RawSpinLock();
  private final Map<String, ArrayDeque<String>> waiting = new TreeMap<>();
  private final Map<String, String> running = new TreeMap<>();
  private final Set<String> gone = new TreeSet<>();
  private final Set<Domid> suspended = new TreeSet<>();
  private final List<String> broken = new ArrayList<>();

  private WatchInvariants(Dispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  /// Starts to check a machine, before dom0 boots.
  static WatchInvariants of(Machine machine, Dispatcher dispatcher) {
    WatchInvariants invariants = new WatchInvariants(dispatcher);
    machine
        .trace()
        .listener(
            (point, _, number, on) -> {
              if (on instanceof WatchFact || on instanceof SuspendFact || on instanceof StateFact) {
                invariants.heard(point, number, on);
              }
            });
    machine.invariant("the contract of watch events and states", invariants.broken::isEmpty);
    return invariants;
  }

  /// Returns what did not hold, a line each.
  List<String> broken() {
    return List.copyOf(broken);
  }

  /// Checks that nothing was lost, when all is over.
  void checkEnd() {
    waiting.forEach(
        (key, paths) -> {
          // A guest that is destroyed takes its events with it.
          if (!paths.isEmpty() && key.startsWith(DOM0)) {
            broken.add("lost: " + key + " has never run " + paths);
          }
        });
  }

  private void heard(String point, long number, Object on) {
    lock.lock();
    try {
      switch (on) {
        case WatchFact fact -> heard(point, number, fact);
        case SuspendFact fact -> heard(fact);
        case StateFact fact -> StateInvariants.broken(fact).ifPresent(broken::add);
        default -> {}
      }
    } finally {
      lock.unlock();
    }
  }

  private void heard(String point, long number, WatchFact fact) {
    if (dispatcher == Dispatcher.SUMMIT && fact.queue().equals("xenwatch") && isRouted(fact)) {
      return; // it is on its way: the default thread hands it out
    }
    String watch = "dom" + fact.kernel() + " watch " + fact.token();
    if (point.equals("watch_gone")) {
      gone.add(watch);
      return;
    }
    String key = watch + " for " + fact.owner();
    switch (point) {
      case "watch_queue" -> queued(key, number, fact);
      case "watch_take" -> taken(key, fact);
      case "watch_finish" -> {
        awake(key, fact);
        running.remove(key);
      }
      case "watch_purge" -> waiting.computeIfPresent(key, (_, paths) -> without(paths, fact));
      default -> {}
    }
  }

  private void heard(SuspendFact fact) {
    boolean changed =
        fact.isSuspended() ? suspended.add(fact.kernel()) : suspended.remove(fact.kernel());
    if (!changed) {
      broken.add("W10: " + fact + " is told twice");
    }
  }

  private void queued(String key, long number, WatchFact fact) {
    waiting.computeIfAbsent(key, _ -> new ArrayDeque<>()).addLast(fact.path());
    if (dispatcher == Dispatcher.SERIES && isRouted(fact) && fact.queue().equals("xenwatch")) {
      broken.add("W3: " + fact.path() + " of guest " + fact.owner() + " is on the default list");
    }
    if (number > 1 && OTHER_END.matcher(fact.watchPath()).matches()) {
      broken.add("W8: " + number + " events of " + fact.watchPath() + " wait in " + fact.queue());
    }
  }

  private static boolean isRouted(WatchFact fact) {
    return fact.owner().value() != 0;
  }

  private void taken(String key, WatchFact fact) {
    awake(key, fact);
    if (gone.contains("dom" + fact.kernel() + " watch " + fact.token())) {
      broken.add("W6: " + key + " runs " + fact.path() + " though it is unregistered");
    }
    ArrayDeque<String> paths = waiting.get(key);
    String first = paths == null ? null : paths.pollFirst();
    if (!fact.path().equals(first)) {
      broken.add("W1: " + key + " runs " + fact.path() + " where " + first + " is next");
    }
    String other = running.put(key, fact.queue());
    if (other != null) {
      broken.add("W1: " + key + " runs in " + fact.queue() + " while it runs in " + other);
    }
  }

  private void awake(String key, WatchFact fact) {
    if (suspended.contains(fact.kernel())) {
      broken.add("W10: " + key + " runs " + fact.path() + " while its kernel is suspended");
    }
  }

  private static ArrayDeque<String> without(ArrayDeque<String> paths, WatchFact fact) {
    paths.removeFirstOccurrence(fact.path());
    return paths;
  }
}

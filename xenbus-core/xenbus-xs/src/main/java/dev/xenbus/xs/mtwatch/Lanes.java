package dev.xenbus.xs.mtwatch;

import dev.xenbus.abi.Domid;
import dev.xenbus.xs.watch.QueuedEvent;
import dev.xenbus.xs.watch.RegisteredWatch;
import java.util.LinkedHashMap;
import java.util.Map;

/// Keeps a lane of a watch on the queue where its events wait or run: only an idle lane moves, so
/// that nothing overtakes when a driver that changes the routing is loaded or unloaded (W1). Lanes
/// without events take no memory.
///
/// Lock: the dispatcher's `mtwatch_domain_lock` around every method.
final class Lanes {
  /// A lane of a watch.
  ///
  /// @param watch whose
  /// @param name as [dev.xenbus.api.WatchOptions.Owner#laneOf] gives it
  private record Lane(RegisteredWatch watch, String name) {}

  /// What a lane has.
  ///
  /// @param owner the guest on whose queue they are, `DOM0` for the default one
  /// @param events how many wait or run
  private record Load(Domid owner, int events) {}

  private final Map<Lane, Load> loads = new LinkedHashMap<>();

  private static String nameOf(RegisteredWatch watch, String path) {
    return watch.options().owner().laneOf(path);
  }

  /// Returns whether an event belongs to a lane.
  static boolean has(QueuedEvent event) {
    return !nameOf(event.watch(), event.path()).isEmpty();
  }

  /// Returns where an event must go: with those of its lane, else where its routing says.
  Domid ownerOf(RegisteredWatch watch, String path, Domid wanted) {
    String name = nameOf(watch, path);
    Load load = name.isEmpty() ? null : loads.get(new Lane(watch, name));
    return load == null ? wanted : load.owner();
  }

  /// An event was put on its owner's queue.
  void queued(QueuedEvent event) {
    String name = nameOf(event.watch(), event.path());
    if (!name.isEmpty()) {
      loads.merge(
          new Lane(event.watch(), name),
          new Load(event.owner(), 1),
          (old, one) -> new Load(old.owner(), old.events() + 1));
    }
  }

  /// An event has ended, or was purged.
  void done(QueuedEvent event) {
    loads.computeIfPresent(
        new Lane(event.watch(), nameOf(event.watch(), event.path())),
        (lane, load) -> load.events() == 1 ? null : new Load(load.owner(), load.events() - 1));
  }
}

package dev.xenbus.api;

import dev.xenbus.abi.Domid;

/// How the events of a watch are taken in (`struct xenbus_watch`).
///
/// @param willHandle asked for each event, in the thread that reads the ring: must not sleep
/// @param owner asked for each event which guest's thread must run it, in the thread that reads the
///     ring: must not sleep. `DOM0` means the default thread. Mirrors `get_domid` of mtwatch
public record WatchOptions(WillHandle willHandle, Owner owner) {
  /// Takes every event, in the default thread.
  public static final WatchOptions DEFAULT =
      new WatchOptions((path, pending) -> true, new OwnedBy(Domid.DOM0));

  /// Takes an event only if none of the watch waits already: so that a peer that writes its state
  /// in a loop cannot fill the queue (XSA-349). Mirrors `frontend_will_handle`.
  public static final WillHandle ONE_PENDING = (path, pending) -> pending == 0;

  /// Returns these options with another filter.
  public WatchOptions with(WillHandle filter) {
    return new WatchOptions(filter, owner);
  }

  /// Returns these options with another routing.
  public WatchOptions with(Owner routing) {
    return new WatchOptions(willHandle, routing);
  }

  /// Whether an event is taken.
  @FunctionalInterface
  public interface WillHandle {
    /// Returns whether the event is queued.
    ///
    /// @param path what changed
    /// @param pending how many events of this watch wait on the queue that it would join
    boolean test(String path, int pending);
  }

  /// Whose thread runs an event.
  @FunctionalInterface
  public interface Owner {
    /// Returns the guest, or `DOM0` for the default thread. Pure, but for what was loaded
    /// meanwhile.
    Domid of(String path);

    /// Returns what must stay in order of what this watch reports: events of one lane run one at a
    /// time and in the order of arrival, even if [#of] changes its answer meanwhile, as it
    /// does when a driver is loaded. Empty for a watch whose answer never changes.
    default String laneOf(String path) {
      return "";
    }
  }

  /// One guest's thread runs all events of the watch: unregistering it need look at one queue only.
  /// Mirrors `owner_id` of mtwatch.
  ///
  /// @param domid the guest, or `DOM0` for the default thread
  public record OwnedBy(Domid domid) implements Owner {
    @Override
    public Domid of(String path) {
      return domid;
    }
  }
}

package dev.xenbus.xs.watch;

import dev.xenbus.abi.Domid;
import dev.xenbus.machine.NoThread;
import java.util.List;

/// Decides which thread runs an event, and nothing else does.
public interface WatchDispatcher {
  /// Starts the thread `xenwatch`, and registers the watches that the design has for itself. The
  /// store can be asked already.
  ///
  /// @throws NoThread if it cannot be made
  void start() throws NoThread;

  /// Queues an event, or drops it if the watch's filter says so. Called in the thread that reads
  /// the ring, under `watches_lock`: does not sleep. Mirrors `xs_watch_msg`.
  void dispatch(RegisteredWatch watch, String path);

  /// Purges the queued events of a watch that is in no list any more, and waits for its callback as
  /// far as the contract of [dev.xenbus.api.XenbusWatch#close] asks. May be called twice.
  void drain(RegisteredWatch watch);

  /// Returns whether a driver's events go to its guests' threads.
  ///
  /// @param supportsMtwatch what the driver says
  boolean routesEventsOf(boolean supportsMtwatch);

  /// Counts a device of a driver with mtwatch: its guest's thread stays for as long.
  void deviceAdded(Domid guest);

  /// Undoes one [#deviceAdded].
  void deviceRemoved(Domid guest);

  /// Returns the queues that exist now, the default one first.
  List<EventQueue> queues();

  /// Returns what keeps callbacks from beginning.
  Freezer freezer();

  /// Asks the threads to end once what they run now has ended, and waits for them.
  ///
  /// @param timeoutNanos at most how long for each
  /// @return the names of those that did not end in time
  List<String> close(long timeoutNanos);
}

package dev.xenbus.xs;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.xs.watch.RegisteredWatch;
import dev.xenbus.xs.watch.WatchDispatcher;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The registered watches, oldest first, and by what the store calls them. Mirrors the list
/// `watches`.
///
/// Lock: `watches_lock`.
final class WatchTable {
  private final SpinLock watchesLock;

  @GuardedBy("watchesLock")
  private final LinkedHashMap<String, RegisteredWatch> watches = new LinkedHashMap<>();

  @GuardedBy("watchesLock")
  private final Map<String, RegisteredWatch> byStoreToken = new LinkedHashMap<>();

  @GuardedBy("watchesLock")
  private long tokens;

  WatchTable(Kernel kernel) {
    watchesLock = kernel.cpu().spinLock(LockClass.of("watches_lock"));
  }

  /// Returns a token that no other watch of this kernel has.
  ///
  /// Differs: the real one is the address of the watch; ours counts, so that a run can be repeated.
  String newToken() {
    watchesLock.lock();
    try {
      tokens++;
      return Long.toHexString(tokens).toUpperCase(Locale.ROOT);
    } finally {
      watchesLock.unlock();
    }
  }

  void add(RegisteredWatch watch) {
    watchesLock.lock();
    try {
      RegisteredWatch other = watches.put(watch.token(), watch);
      Bug.unless(other == null, "watch registered twice: " + watch);
      byStoreToken.put(watch.storeToken(), watch);
    } finally {
      watchesLock.unlock();
    }
  }

  /// Takes a watch out: no event is queued for it any more.
  void remove(RegisteredWatch watch) {
    watchesLock.lock();
    try {
      watches.remove(watch.token(), watch);
      byStoreToken.remove(watch.storeToken(), watch);
    } finally {
      watchesLock.unlock();
    }
  }

  /// Events of another token are for a watch too.
  void alias(String storeToken, RegisteredWatch watch) {
    watchesLock.lock();
    try {
      byStoreToken.put(storeToken, watch);
    } finally {
      watchesLock.unlock();
    }
  }

  /// Events of a token are for nobody any more.
  void forget(String storeToken) {
    watchesLock.lock();
    try {
      byStoreToken.remove(storeToken);
    } finally {
      watchesLock.unlock();
    }
  }

  /// Hands an event over; one of an unknown token is dropped. Mirrors `xs_watch_msg`.
  void deliver(String path, String token, WatchDispatcher dispatcher) {
    watchesLock.lock();
    try {
      RegisteredWatch watch = byStoreToken.get(token);
      if (watch != null) {
        dispatcher.dispatch(watch, path);
      }
    } finally {
      watchesLock.unlock();
    }
  }

  /// Returns the watches, those registered last first.
  List<RegisteredWatch> newestFirst() {
    watchesLock.lock();
    try {
      return List.copyOf(watches.sequencedValues().reversed());
    } finally {
      watchesLock.unlock();
    }
  }

  int size() {
    watchesLock.lock();
    try {
      return watches.size();
    } finally {
      watchesLock.unlock();
    }
  }
}

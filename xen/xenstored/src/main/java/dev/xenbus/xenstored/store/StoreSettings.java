package dev.xenbus.xenstored.store;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What a store is to be, where there is a choice.
///
/// @param dialect which real daemon it answers like
/// @param quotas limits other than the dialect's (`-Q name=n`); 0 is none
/// @param softMemory bytes from which a domain is logged to use much (`-q memory=n`)
/// @param watchEventNanos after so long an event that a guest does not take is dropped
///     (`-w watch-event=seconds`); 0 is never
/// @param keepOrphans whether the nodes of a dead domain are given to domain 0 (`-K`); they are
///     removed otherwise
public record StoreSettings(
    Dialect dialect,
    Map<Quota, Integer> quotas,
    Optional<Integer> softMemory,
    long watchEventNanos,
    boolean keepOrphans) {
  /// What a daemon without options has.
  public static final StoreSettings USUAL =
      new StoreSettings(Dialect.C, Map.of(), Optional.empty(), Events.TIMEOUT_NANOS, false);

  /// Copies.
  public StoreSettings {
    quotas = java.util.Collections.unmodifiableMap(new TreeMap<>(quotas));
  }

  /// Returns the usual settings, but for the dialect.
  public static StoreSettings of(Dialect dialect) {
    return new StoreSettings(dialect, Map.of(), Optional.empty(), USUAL.watchEventNanos, false);
  }
}

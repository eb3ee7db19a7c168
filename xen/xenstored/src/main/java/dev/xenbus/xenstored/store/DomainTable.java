package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Domains as they come and go: which exist, which were introduced, and what is left to do when one
/// stops or dies.
final class DomainTable {
  private final Domains domains;
  private final Tree tree;
  private final Events events;
  private final DirectView direct;
  private final WatchRequests watches;
  private final StoreHost host;
  private final StoreSettings settings;

  DomainTable(
      Domains domains,
      Tree tree,
      Events events,
      DirectView direct,
      WatchRequests watches,
      StoreHost host,
      StoreSettings settings) {
    this.domains = domains;
    this.tree = tree;
    this.events = events;
    this.direct = direct;
    this.watches = watches;
    this.host = host;
    this.settings = settings;
  }

  /// Every feature bit of this store.
  int features() {
    return dialect().features();
  }

  Dialect dialect() {
    return settings.dialect();
  }

  Domains domains() {
    return domains;
  }

  /// The record of a domain that exists, or null. Asks the hypervisor of one not met before.
  @Nullable Domain know(int domid) {
    Domain domain = domains.findKnown(domid);
    if (domain != null) {
      return domain;
    }
    Optional<StoreHost.DomainStatus> status = host.status(domid);
    if (status.isEmpty() || status.get().dying()) {
      return null;
    }
    Domain fresh = domains.account(domid);
    long since = dialect().trustsFutureDomains() ? 0 : tree.nextGeneration();
    fresh.setKnown(since, status.get().uuid(), features());
    return fresh;
  }

  /// The record of an introduced domain.
  ///
  /// @throws Refused `ENOENT` if it is not
  Domain introduced(int domid) throws Refused {
    Domain domain = domains.findKnown(domid);
    if (domain == null || !domain.isIntroduced()) {
      throw dialect().unknownDomain();
    }
    return domain;
  }

  /// Forgets what a client had open and everything that waits for it.
  void reset(Client client) {
    watches.dropAll(client);
    client.restartTransactionIds();
    client.out().clear();
  }

  /// Ends a client: nothing is sent to it any more.
  void disconnect(Client client) {
    if (client.isGone()) {
      return;
    }
    watches.dropAll(client);
    client.out().clear();
    client.setGone();
    client.domain().removeClient(client);
  }

  /// Looks for domains that stopped or are gone since the last time.
  void scan() {
    boolean stopped = false;
    List<Domain> dead = new ArrayList<>();
    for (Domain domain = domains.next(1);
        domain != null;
        domain = domains.next(domain.domid() + 1)) {
      if (!domain.isKnown()) {
        continue;
      }
      Optional<StoreHost.DomainStatus> status = host.status(domain.domid());
      if (status.isEmpty() || status.get().dying() || !domain.is(status.get().uuid())) {
        dead.add(domain);
      } else if (status.get().stopped()
          && (!domain.isShutdown() || dialect().repeatsShutdowns())
          && domain.isIntroduced()) {
        domain.setShutdown(true);
        events.fireSpecial(Events.RELEASE_DOMAIN, domain.domid());
        stopped = true;
      }
    }
    if (stopped) {
      events.fireSpecial(Events.RELEASE_DOMAIN);
    }
    for (Domain domain : dead) {
      destroy(domain);
    }
  }

  /// Whether the number of a known domain belongs to another one by now.
  boolean isStale(Domain domain) {
    Optional<StoreHost.DomainStatus> status = host.status(domain.domid());
    return status.isEmpty() || status.get().dying() || !domain.is(status.get().uuid());
  }

  /// A domain is no more: its connections, its nodes and its entries go, and those who watch for it
  /// are told. The order is that of the C daemon.
  void destroy(Domain domain) {
    boolean introduced = domain.isIntroduced();
    for (Client client : List.copyOf(domain.clients())) {
      disconnect(client);
      host.disconnected(client);
    }
    domain.forget();
    boolean silent = dialect().forgetsSilently();
    events.mute(silent);
    new DomainCleaner(tree, direct, domain, settings.keepOrphans()).run();
    events.mute(false);
    if (introduced) {
      events.fireSpecial(Events.RELEASE_DOMAIN);
      events.fireSpecial(Events.RELEASE_DOMAIN, domain.domid());
    }
    domains.dropIfUnused(domain);
  }
}

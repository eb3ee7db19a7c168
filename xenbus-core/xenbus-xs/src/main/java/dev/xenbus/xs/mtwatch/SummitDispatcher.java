package dev.xenbus.xs.mtwatch;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.api.Xenbus;
import dev.xenbus.api.XenbusTransaction;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.NoThread;
import dev.xenbus.xs.watch.EventQueue;
import dev.xenbus.xs.watch.QueuedEvent;
import dev.xenbus.xs.watch.RegisteredWatch;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The version of the summit of June 2018, kept for comparison: every event goes to the default
/// list, and the default thread hands it on to the thread of the guest that it concerns. A thread
/// is made when dom0 finds an unknown id below `/local/domain` after `@introduceDomain`, and ends
/// when the id is found gone after `@releaseDomain`.
///
/// Faults kept on purpose: one domain is found for each such event, however many came (MT-2);
/// unregistering a watch without an owner waits for whatever callback runs for any guest (MT-6);
/// driver domains have no threads (MT-10); a callback that blocks the default thread stops the
/// distribution.
///
/// Differs: the published version holds `domain_mutex` around taking an event and its callback, and
/// unregistering takes it; here unregistering waits for the callback that runs now, which is the
/// same for everybody but those who would wait for each other for ever (MT-5). A domain that is
/// introduced again while the old one is drained goes on with its thread (MT-3, MT-4).
final class SummitDispatcher extends DomainDispatcher<SummitDomain> {
  private static final String DOMAINS = "/local/domain";

  private final Xenbus xenbus;

  SummitDispatcher(Kernel kernel, Xenbus xenbus) {
    super(kernel);
    this.xenbus = xenbus;
  }

  @Override
  public void start() throws NoThread {
    super.start();
    if (kernel.domid().equals(Domid.DOM0)) {
      // Before anybody else uses the store, so that no guest is made without it.
      watchDomains();
    }
  }

  private void watchDomains() {
    try {
      xenbus.watch("@introduceDomain", path -> findIntroduced());
      xenbus.watch("@releaseDomain", path -> findReleased());
    } catch (XenstoreException e) {
      kernel.printk().error("xen_mtwatch: cannot watch for domains: " + e.getMessage());
    }
  }

  private Optional<Set<Domid>> listDomains() {
    Set<Domid> found = new LinkedHashSet<>();
    try {
      for (String name : xenbus.directory(XenbusTransaction.NONE, DOMAINS, "")) {
        parse(name).ifPresent(found::add);
      }
      return Optional.of(found);
    } catch (XenstoreException e) {
      kernel.printk().warn("xen_mtwatch: cannot list domains: " + e.getMessage());
      return Optional.empty();
    }
  }

  private static Optional<Domid> parse(String name) {
    try {
      int number = Integer.parseInt(name);
      return number > 0 && number < Domid.FIRST_RESERVED
          ? Optional.of(Domid.of(number))
          : Optional.empty();
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  /// Takes one id that is not known (MT-2: one, however many there are).
  private void findIntroduced() {
    for (Domid domid : listDomains().orElse(Set.of())) {
      if (introduce(domid)) {
        return;
      }
    }
  }

  private boolean introduce(Domid domid) {
    SummitDomain fresh;
    domainLock.lock();
    try {
      SummitDomain known = domains.get(domid);
      if (known != null) {
        boolean revived = !known.isUp();
        known.up(true);
        return revived;
      }
      fresh = new SummitDomain(kernel, domid, freezer);
    } finally {
      domainLock.unlock();
    }
    try {
      fresh.thread().start(self -> mtwatchThread(self, fresh));
    } catch (NoThread e) {
      kernel.printk().warn(fresh.queue().comm() + " cannot be started, its events go to xenwatch");
      return true;
    }
    domainLock.lock();
    try {
      domains.put(domid, fresh);
    } finally {
      domainLock.unlock();
    }
    return true;
  }

  /// Takes one known id that is gone down.
  private void findReleased() {
    Optional<Set<Domid>> listed = listDomains();
    if (listed.isEmpty()) {
      return;
    }
    domainLock.lock();
    try {
      for (SummitDomain domain : domains.values()) {
        if (domain.isUp() && !listed.get().contains(domain.domid())) {
          domain.up(false);
          domain.queue().kick();
          return;
        }
      }
    } finally {
      domainLock.unlock();
    }
  }

  @Override
  public void dispatch(RegisteredWatch watch, String path) {
    Domid owner = watch.options().owner().of(path);
    defaultQueue.offer(new QueuedEvent(watch, path, owner, kernel.clock().nanos()));
  }

  @Override
  void runOnDefault(QueuedEvent event) {
    if (!handOn(event)) {
      defaultQueue.run(event);
    }
    defaultQueue.finish();
  }

  /// Hands an event on to its guest's thread, if it has one.
  private boolean handOn(QueuedEvent event) {
    domainLock.lock();
    try {
      SummitDomain domain = domains.get(event.owner());
      if (domain == null) {
        return false;
      }
      if (!event.watch().isClosed()) {
        domain.queue().offer(event);
      }
      return true;
    } finally {
      domainLock.unlock();
    }
  }

  /// Purges and waits: for the owner's thread and the default one, or, without an owner, for all
  /// (MT-6).
  @Override
  public void drain(RegisteredWatch watch) {
    List<EventQueue> places = new ArrayList<>();
    // The default thread first: it may hold an event that it is about to hand on.
    places.add(defaultQueue);
    places.addAll(guestQueuesOf(watch));
    for (EventQueue place : places) {
      place.purge(watch);
      long run = place.isCallersOwn() ? 0 : place.currentRun();
      if (run != 0) {
        waits.await(place, run, watch);
      }
      place.purge(watch);
    }
  }

  @Override
  public boolean routesEventsOf(boolean supportsMtwatch) {
    return true;
  }

  @Override
  public void deviceAdded(Domid guest) {}

  @Override
  public void deviceRemoved(Domid guest) {}
}

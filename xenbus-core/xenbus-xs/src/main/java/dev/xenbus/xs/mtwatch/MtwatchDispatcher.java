package dev.xenbus.xs.mtwatch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.api.MtwatchFact;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.machine.Bug;
import dev.xenbus.machine.NoThread;
import dev.xenbus.xs.watch.EventQueue;
import dev.xenbus.xs.watch.QueuedEvent;
import dev.xenbus.xs.watch.RegisteredWatch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The series of September 2018: an event is put at once on the queue of the guest that it
/// concerns, and that guest's thread runs it.
///
/// A guest's entry is made by its first event or device, in a context that may not sleep; a work
/// then starts the thread. Both end when devices, waiting events and running event are none. If the
/// thread cannot be made, the entry's events go to the default thread, in order, until the entry
/// ends.
///
/// Unregistering waits for callbacks of that very watch: the mark that says where one runs is
/// [EventQueue#running]. There is no lock that is held around callbacks.
final class MtwatchDispatcher extends DomainDispatcher<MtwatchDomain> {
  /// Where a lane has events that wait or run, so that it does not move before they have ended.
  @GuardedBy("domainLock")
  private final Lanes lanes = new Lanes();

  MtwatchDispatcher(Kernel kernel) {
    super(kernel);
  }

  private static boolean isGuest(Domid domid) {
    return domid.value() != 0 && !domid.isReserved();
  }

  @Override
  public void dispatch(RegisteredWatch watch, String path) {
    Domid wanted = watch.options().owner().of(path);
    long now = kernel.clock().nanos();
    @Nullable MtwatchDomain fresh = null;
    domainLock.lock();
    try {
      Domid owner = lanes.ownerOf(watch, path, isGuest(wanted) ? wanted : Domid.DOM0);
      QueuedEvent event = new QueuedEvent(watch, path, owner, now);
      if (!isGuest(owner)) {
        if (defaultQueue.offer(event)) {
          lanes.queued(event);
        }
        return;
      }
      MtwatchDomain domain = domains.get(owner);
      if (domain == null) {
        domain = new MtwatchDomain(kernel, owner, freezer);
        if (domain.queue().offer(event)) {
          put(domain);
          fresh = domain;
          lanes.queued(event);
        }
      } else if (!domain.hasFallenBack()) {
        if (domain.queue().offer(event)) {
          lanes.queued(event);
        }
      } else if (defaultQueue.offer(event)) {
        domain.eventsOnDefault(domain.eventsOnDefault() + 1);
        lanes.queued(event);
      }
    } finally {
      domainLock.unlock();
    }
    if (fresh != null) {
      startSoon(fresh);
    }
  }

  @GuardedBy("domainLock")
  private void put(MtwatchDomain domain) {
    domains.put(domain.domid(), domain);
    tell("mtwatch_entry", domain, 0);
  }

  @Override
  void left(MtwatchDomain domain) {
    tell("mtwatch_end", domain, 0);
  }

  private void tell(String point, MtwatchDomain domain, long number) {
    var trace = kernel.cpu().machine().trace();
    if (trace.isHeard()) {
      MtwatchFact fact = new MtwatchFact(kernel.domid(), domain.domid());
      trace.emit(point, domain.domid().value(), number, fact);
    }
  }

  private void startSoon(MtwatchDomain domain) {
    reaper.soon(() -> startThread(domain));
  }

  /// Starts the thread of an entry that was made for something; in a worker.
  private void startThread(MtwatchDomain domain) {
    if (removeIfOver(domain)) {
      return;
    }
    try {
      domain
          .thread()
          .start(
              self -> {
                tell("mtwatch_thread", domain, 0);
                return mtwatchThread(self, domain);
              });
    } catch (NoThread e) {
      fallBack(domain);
      kernel.printk().warn(domain.queue().comm() + " cannot be started, its events go to xenwatch");
    }
  }

  private void fallBack(MtwatchDomain domain) {
    domainLock.lock();
    try {
      domain.fallBack();
      domain.eventsOnDefault(domain.queue().moveTo(defaultQueue));
      tell("mtwatch_fallback", domain, domain.eventsOnDefault());
    } finally {
      domainLock.unlock();
    }
    removeIfOver(domain);
  }

  @Override
  void runOnDefault(QueuedEvent event) {
    defaultQueue.run(event);
    defaultQueue.finish();
    endedOnDefault(event);
  }

  /// Counts an event out that the default thread has run, or that was purged, for a guest that has
  /// no thread.
  private void endedOnDefault(QueuedEvent event) {
    ended(event);
    if (!isGuest(event.owner())) {
      return;
    }
    domainLock.lock();
    try {
      MtwatchDomain domain = domains.get(event.owner());
      Bug.unless(domain != null, "event of " + event.owner() + " on the default list");
      if (domain != null) {
        domain.eventsOnDefault(domain.eventsOnDefault() - 1);
        removeIfOverLocked(domain);
      }
    } finally {
      domainLock.unlock();
    }
  }

  /// Counts an event out of its lane, if its watch has lanes.
  @Override
  void ended(QueuedEvent event) {
    if (!Lanes.has(event)) {
      return;
    }
    domainLock.lock();
    try {
      lanes.done(event);
    } finally {
      domainLock.unlock();
    }
  }

  @Override
  public void drain(RegisteredWatch watch) {
    List<EventQueue> places = new ArrayList<>(guestQueuesOf(watch));
    // The default one last, since events move there from the others.
    places.add(defaultQueue);
    for (EventQueue place : places) {
      for (QueuedEvent event : place.purge(watch)) {
        if (place == defaultQueue) {
          endedOnDefault(event);
        } else {
          ended(event);
        }
      }
      place.kick();
    }
    for (EventQueue place : places) {
      long run = place.isCallersOwn() ? 0 : place.runOf(watch);
      if (run != 0 && !waits.await(place, run, watch)) {
        // Two callbacks that each unregister the other's watch: neither may wait for ever. The
        // callback runs on, and never starts again, since no event of the watch is left.
        kernel.cpu().machine().trace().emit("watch_cycle", 0, run, watch.path());
      }
    }
  }

  @Override
  public boolean routesEventsOf(boolean supportsMtwatch) {
    return supportsMtwatch;
  }

  @Override
  public void deviceAdded(Domid guest) {
    if (!isGuest(guest)) {
      return;
    }
    boolean fresh;
    MtwatchDomain domain;
    domainLock.lock();
    try {
      MtwatchDomain known = domains.get(guest);
      fresh = known == null;
      domain = known == null ? new MtwatchDomain(kernel, guest, freezer) : known;
      domain.devices(domain.devices() + 1);
      if (fresh) {
        put(domain);
      }
    } finally {
      domainLock.unlock();
    }
    if (fresh) {
      startSoon(domain);
    }
  }

  @Override
  public void deviceRemoved(Domid guest) {
    if (!isGuest(guest)) {
      return;
    }
    domainLock.lock();
    try {
      MtwatchDomain domain = domains.get(guest);
      Bug.unless(domain != null && domain.devices() > 0, "no device of domain " + guest);
      if (domain != null) {
        domain.devices(domain.devices() - 1);
        if (domain.hasFallenBack()) {
          removeIfOverLocked(domain);
        }
        domain.queue().kick();
      }
    } finally {
      domainLock.unlock();
    }
  }
}

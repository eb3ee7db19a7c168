package dev.xenbus.hypervisor;

import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.machine.Cpu;

/// The end of a domain, step by step (`domain_kill`, `domain_relinquish_resources`). Every step may
/// be run again, by the same caller or by another one, and goes on where it stopped.
///
/// A domain is ALIVE; then DYING: its threads stop, its mappings of others' pages go, its ports,
/// its own pages; then DEAD, which `VIRQ_DOM_EXC` tells; and with the last reference to it or to a
/// page of it it is gone, which that tells again.
///
/// Long steps go in slices with a scheduling point between them, so that the end of a big domain
/// does not stop the world.
final class DomainKiller {
  private static final int HANDLES_A_SLICE = 256;
  private static final int PORTS_A_SLICE = 256;
  private static final int LEAVES_A_SLICE = 64;

  private final Hypervisor xen;
  private final Domain domain;

  DomainKiller(Hypervisor xen, Domain domain) {
    this.xen = xen;
    this.domain = domain;
  }

  /// Kills. Succeeds even if others still map pages of the domain. Killing a zombie does nothing.
  void kill() {
    if (domain.phase().compareTo(Domain.Phase.DEAD) >= 0) {
      return;
    }
    stop();
    releaseMappings();
    closePorts();
    releasePages();
    if (markDead()) {
      EventCalls.raiseVirq(xen.dom0Domain(), EventOperations.VIRQ_DOM_EXC);
    }
    xen.reap(domain);
  }

  private void stop() {
    SavedGuest saved = domain.saved();
    if (saved != null) {
      saved.detach();
    }
    Cpu cpu = domain.life().cpu();
    if (cpu != null && domain.life().shutdown() == null) {
      cpu.pause(); // Nothing of it runs any more when this returns.
    }
    domain.memoryLock.lock();
    try {
      if (!domain.isDying()) {
        domain.phase(Domain.Phase.DYING);
      }
    } finally {
      domain.memoryLock.unlock();
    }
    domain.barrier();
    Hypervisor.stopVcpus(domain);
  }

  private void releaseMappings() {
    int made = domain.maptrack().made();
    for (int handle = 0; handle < made; handle++) {
      GrantCalls.unmap(xen, domain, handle);
      relaxAfter(handle, HANDLES_A_SLICE);
    }
  }

  private void closePorts() {
    for (int port = 1; port < domain.events().end(); port++) {
      EventCalls.close(domain, port);
      relaxAfter(port, PORTS_A_SLICE);
    }
  }

  private void releasePages() {
    boolean isMore = true;
    while (isMore) {
      domain.memoryLock.lock();
      try {
        isMore = domain.frames().relinquish(LEAVES_A_SLICE);
      } finally {
        domain.memoryLock.unlock();
      }
      xen.machine().relax();
    }
  }

  private boolean markDead() {
    domain.memoryLock.lock();
    try {
      boolean isFirst = domain.phase() == Domain.Phase.DYING;
      if (isFirst) {
        domain.phase(Domain.Phase.DEAD);
        xen.pool().facts().tell(XenFact.DOMAIN_DEAD, domain.id(), 0);
      }
      return isFirst;
    } finally {
      domain.memoryLock.unlock();
    }
  }

  private void relaxAfter(int done, int slice) {
    if (done % slice == slice - 1) {
      xen.machine().relax();
    }
  }
}

package dev.xenbus.hypervisor;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.XenPage;
import dev.xenbus.abi.hypercall.GrantCopy;
import dev.xenbus.abi.hypercall.GrantOperations;
import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.hypervisor.Maptrack.Mapping;
import dev.xenbus.machine.CpuGone;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Grant table operations of one domain (`do_grant_table_op`, `xen/common/grant_table.c`).
final class GrantCalls implements GrantOperations {
  private final Hypervisor xen;
  private final Current current;

  GrantCalls(Hypervisor xen, Current current) {
    this.xen = xen;
    this.current = current;
  }

  @Override
  public List<MemorySegment> setupTable(int frames) throws HypercallException {
    Domain domain = DomainCalls.enter(xen, current);
    domain.memoryLock.lock();
    try {
      if (domain.isDying()) {
        throw new CpuGone("dom" + domain.id());
      }
      return domain.grants().setup(frames);
    } finally {
      domain.memoryLock.unlock();
    }
  }

  @Override
  public int tableFramesMax() {
    return current.domain().grants().framesMax();
  }

  /// Checks in the order of `map_grant_ref`: domain, handle, and then what [GrantTable#acquire]
  /// checks; a failure behind the handle gives it back.
  @Override
  public int map(int granterDomid, int ref, int flags) {
    Domain domain = DomainCalls.enter(xen, current);
    Domain granter = xen.domains().find(granterDomid);
    if (granter == null) {
      return GrantStatus.BAD_DOMAIN;
    }
    int handle = domain.maptrack().reserve();
    if (handle == Maptrack.NONE) {
      return GrantStatus.NO_SPACE;
    }
    boolean readOnly = (flags & MAP_READ_ONLY) != 0;
    int status;
    Frame frame = null;
    granter.memoryLock.lock();
    try {
      status = acquireLocked(domain, granter, ref, readOnly, false);
      if (status == GrantStatus.OKAY) {
        frame = granter.grants().pinned(ref);
      }
    } finally {
      granter.memoryLock.unlock();
    }
    if (frame == null) {
      domain.maptrack().cancel(handle);
      return status;
    }
    if (!domain.maptrack().publish(handle, granter, ref, readOnly, frame)) {
      release(granter, ref, readOnly);
      throw new CpuGone("dom" + domain.id());
    }
    return handle;
  }

  @Override
  public MemorySegment mapped(int handle) {
    Domain domain = current.domain();
    Frame frame = domain.maptrack().frame(handle);
    if (frame == null) {
      throw new IllegalArgumentException("d" + domain.id() + " has no handle " + handle);
    }
    return frame.memory();
  }

  @Override
  public int unmap(int handle) {
    Domain domain = DomainCalls.enter(xen, current);
    return unmap(xen, domain, handle);
  }

  /// Ends a mapping, on behalf of its owner or of Xen when the owner dies. The handle is dead
  /// before the pin goes, and the pin goes before the handle can be given out again.
  static int unmap(Hypervisor xen, Domain mapper, int handle) {
    Mapping mapping = mapper.maptrack().beginUnmap(handle);
    if (mapping == null) {
      return GrantStatus.BAD_HANDLE;
    }
    Domain granter = mapping.granter();
    release(granter, mapping.ref(), mapping.isReadOnly());
    mapper.maptrack().finishUnmap(mapping);
    xen.reap(granter);
    return GrantStatus.OKAY;
  }

  /// Each element stands alone: nothing is remembered from the one before (CVE-2026-102703 was a
  /// page remembered although kind or domain had changed).
  @Override
  public void copy(List<GrantCopy> batch) {
    Domain domain = DomainCalls.enter(xen, current);
    for (int i = 0; i < batch.size(); i++) {
      GrantCopy element = batch.get(i);
      element.status(copyOne(domain, element));
    }
  }

  private int copyOne(Domain domain, GrantCopy copy) {
    int length = copy.length();
    if (length == 0) {
      return GrantStatus.OKAY;
    }
    Domain source = side(domain, copy.sourceIsGrant(), copy.sourceDomid());
    Domain destination = side(domain, copy.destinationIsGrant(), copy.destinationDomid());
    if (source == null || destination == null) {
      return GrantStatus.BAD_DOMAIN;
    }
    boolean fromGrant = copy.sourceIsGrant();
    boolean toGrant = copy.destinationIsGrant();
    int from = copy.source();
    int to = copy.destination();
    int status = begin(domain, source, from, fromGrant, true);
    if (status != GrantStatus.OKAY) {
      return status;
    }
    Frame fromFrame = held(source, from, fromGrant);
    status = begin(domain, destination, to, toGrant, false);
    if (status == GrantStatus.OKAY) {
      Frame toFrame = held(destination, to, toGrant);
      status = move(fromFrame, copy.sourceOffset(), toFrame, copy.destinationOffset(), length);
      end(destination, to, toFrame, toGrant, false);
    }
    end(source, from, fromFrame, fromGrant, true);
    return status;
  }

  /// Returns the domain of one side. A grant of SELF is one that the caller made to itself; a frame
  /// is always the caller's.
  private @Nullable Domain side(Domain domain, boolean isGrant, int domid) {
    boolean isSelf = !isGrant || domid == Domid.SELF.value();
    return isSelf ? domain : xen.domains().find(domid);
  }

  /// Pins one side: a reference as in a mapping, a frame with a reference to its page.
  private static int begin(
      Domain domain, Domain owner, int number, boolean isGrant, boolean readOnly) {
    owner.memoryLock.lock();
    try {
      if (isGrant) {
        return acquireLocked(domain, owner, number, readOnly, true);
      }
      if (owner.isDying() || !owner.frames().contains(number)) {
        return GrantStatus.BAD_PAGE;
      }
      owner.frames().populated(number).get();
      return GrantStatus.OKAY;
    } catch (HypercallException e) {
      return GrantStatus.BAD_PAGE;
    } finally {
      owner.memoryLock.unlock();
    }
  }

  private static Frame held(Domain owner, int number, boolean isGrant) {
    owner.memoryLock.lock();
    try {
      return isGrant ? owner.grants().pinned(number) : owner.frames().populated(number);
    } catch (HypercallException e) {
      throw new IllegalStateException("a frame that is referred to is populated", e);
    } finally {
      owner.memoryLock.unlock();
    }
  }

  private void end(Domain owner, int number, Frame frame, boolean isGrant, boolean readOnly) {
    if (isGrant) {
      release(owner, number, readOnly);
    } else {
      owner.memoryLock.lock();
      try {
        owner.frames().put(frame);
      } finally {
        owner.memoryLock.unlock();
      }
    }
    xen.reap(owner);
  }

  private static int move(Frame from, int fromOffset, Frame to, int toOffset, int length) {
    if (!isInPage(fromOffset, length) || !isInPage(toOffset, length)) {
      return GrantStatus.BAD_COPY_ARG;
    }
    MemorySegment.copy(from.memory(), fromOffset, to.memory(), toOffset, length);
    return GrantStatus.OKAY;
  }

  private static boolean isInPage(int offset, int length) {
    return offset >= 0 && length >= 0 && (long) offset + length <= XenPage.BYTES;
  }

  private static int acquireLocked(
      Domain domain, Domain granter, int ref, boolean readOnly, boolean forCopy) {
    if (granter.phase() == Domain.Phase.DESTROYED) {
      return GrantStatus.BAD_DOMAIN; // Found in the table a moment before it went.
    }
    return granter.grants().acquire(domain.id(), ref, readOnly, forCopy);
  }

  private static void release(Domain granter, int ref, boolean readOnly) {
    granter.memoryLock.lock();
    try {
      granter.grants().release(ref, readOnly);
    } finally {
      granter.memoryLock.unlock();
    }
  }
}

package dev.xenbus.hypervisor;

import dev.xenbus.machine.Trace;

/// Tells whoever listens to the machine's trace what happens to pages, grants and domains. Nothing
/// happens unless somebody does.
///
/// Threads: any; told under the lock that guards what changed.
final class Facts {
  /// The handle of a pin, which has none.
  private static final int NO_HANDLE = -1;

  private final Trace trace;

  Facts(Trace trace) {
    this.trace = trace;
  }

  void tell(XenFact fact, long first, long second) {
    if (trace.isHeard()) {
      trace.emit(fact.point(), first, second, fact);
    }
  }

  void pinned(int caller, int granter, int ref, boolean readOnly, Frame frame) {
    tellGrant("grant_pin", caller, NO_HANDLE, granter, ref, readOnly, frame);
  }

  void unpinned(int granter, int ref, boolean readOnly, Frame frame) {
    tellGrant("grant_unpin", granter, NO_HANDLE, granter, ref, readOnly, frame);
  }

  void mapped(int mapper, int handle, int granter, int ref, boolean readOnly, Frame frame) {
    tellGrant("grant_map", mapper, handle, granter, ref, readOnly, frame);
  }

  void unmapped(int mapper, int handle, int granter, int ref, boolean readOnly, Frame frame) {
    tellGrant("grant_unmap", mapper, handle, granter, ref, readOnly, frame);
  }

  private void tellGrant(
      String point, int mapper, int handle, int granter, int ref, boolean readOnly, Frame frame) {
    if (trace.isHeard()) {
      GrantFact fact = new GrantFact(mapper, handle, granter, ref, readOnly, frame.number());
      trace.emit(point, granter, ref, fact);
    }
  }
}

package dev.xenbus.xs.mtwatch;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.xs.watch.Freezer;

/// One guest in the version of the summit: `MTWATCH_DOMAIN_UP` from the guest's introduction until
/// it is found gone, then `MTWATCH_DOMAIN_DOWN` until its queue is empty.
///
/// `up`: written under `mtwatch_domain_lock`.
final class SummitDomain extends WatchDomain {
  private volatile boolean up = true;

  SummitDomain(Kernel kernel, Domid domid, Freezer freezer) {
    super(kernel, domid, freezer);
  }

  boolean isUp() {
    return up;
  }

  void up(boolean isUp) {
    up = isUp;
  }

  @Override
  boolean isOver() {
    return !up && queue().size() == 0;
  }
}

package dev.xenbus.xs.mtwatch;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.xs.watch.Freezer;

/// One guest in the series: its thread stays as long as it has devices, or events on either thread.
///
/// Fields: written under `mtwatch_domain_lock`.
final class MtwatchDomain extends WatchDomain {
  private volatile int devices;
  private boolean fallenBack;
  private int eventsOnDefault;

  MtwatchDomain(Kernel kernel, Domid domid, Freezer freezer) {
    super(kernel, domid, freezer);
  }

  @Override
  boolean isOver() {
    return devices == 0 && eventsOnDefault == 0 && queue().size() == 0;
  }

  int devices() {
    return devices;
  }

  void devices(int count) {
    devices = count;
  }

  /// Returns whether there is no thread, and the default one runs its events.
  boolean hasFallenBack() {
    return fallenBack;
  }

  void fallBack() {
    fallenBack = true;
  }

  /// Returns how many of its events wait or run on the default thread.
  int eventsOnDefault() {
    return eventsOnDefault;
  }

  void eventsOnDefault(int count) {
    eventsOnDefault = count;
  }
}

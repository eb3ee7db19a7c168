package dev.xenbus.xs.mtwatch;

import dev.xenbus.api.Xenbus;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.xs.watch.WatchDispatcher;

/// The door to this package: whoever does not call it loads no class of mtwatch.
public final class MtwatchDispatchers {
  private MtwatchDispatchers() {}

  /// Makes a dispatcher, not started.
  ///
  /// @param xenbus the kernel's way to the store, which the summit version asks for domains
  /// @param summit whether it is the version of the summit, else the series
  public static WatchDispatcher make(Kernel kernel, Xenbus xenbus, boolean summit) {
    return summit ? new SummitDispatcher(kernel, xenbus) : new MtwatchDispatcher(kernel);
  }
}

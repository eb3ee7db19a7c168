package dev.xenbus.api.spi;

import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;

/// A backend driver; found by [java.util.ServiceLoader].
public interface BackendDriver extends XenbusDriver {
  /// Returns whether its devices' events may run in a thread for each guest
  /// (`xenbus_driver.use_mtwatch`).
  boolean supportsMtwatch();

  /// Returns whether a driver may be bound again to the surviving store folder after an unbind:
  /// then a removal leaves the published state as it is (`allow_rebind`).
  default boolean allowsRebind() {
    return false;
  }

  /// Takes on a device. Called by the bus in the thread that found the device; may sleep.
  ///
  /// @return the device's instance
  /// @throws KernelException if the device cannot be served; the bus reports it
  Instance probe(XenbusDevice device, DriverContext context) throws KernelException;

  /// One device's life. The bus calls its methods one at a time, never under a lock that the
  /// instance may want.
  interface Instance {
    /// The other end's state may have changed; states may be skipped or repeated. Called in
    /// `xenwatch` or in the guest's own thread.
    ///
    /// @param state the state of the other end, read now
    void otherEndChanged(dev.xenbus.abi.XenbusState state);

    /// The same, with the number that was read. This is what the bus calls; a driver that has a
    /// use for the number of a state that is none overrides it.
    ///
    /// @param state the state of the other end, INVALID if the number is no state
    /// @param code the number
    default void otherEndChanged(dev.xenbus.abi.XenbusState state, int code) {
      otherEndChanged(state);
    }

    /// The device goes: releases everything. No `otherEndChanged` runs or starts any more, unless
    /// this is called from inside of one.
    void remove();

    /// Memory is short: gives back what can be spared (`reclaim_memory`).
    default void reclaimMemory() {}

    /// Returns the variables of the device's uevents, as `NAME=value`.
    default java.util.List<String> uevent() {
      return java.util.List.of();
    }
  }
}

package dev.xenbus.api.spi;

import dev.xenbus.api.DriverContext;
import dev.xenbus.api.XenbusDevice;
import dev.xenbus.linux.api.KernelException;

/// A frontend driver; found by [java.util.ServiceLoader].
public interface FrontendDriver extends XenbusDriver {
  /// Returns whether the boot need not wait for its devices (`not_essential`).
  default boolean isNotEssential() {
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
    /// The other end's state may have changed; states may be skipped or repeated.
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

    /// The device goes: releases everything.
    void remove();

    /// Returns whether the device can be used (`is_ready`).
    default boolean isReady() {
      return true;
    }

    /// The guest is about to be suspended.
    default void suspend() {}

    /// The guest was resumed elsewhere: connects anew.
    ///
    /// @throws KernelException if it cannot
    default void resume() throws KernelException {}
  }
}

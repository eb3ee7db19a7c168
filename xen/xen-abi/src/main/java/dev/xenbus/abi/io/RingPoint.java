package dev.xenbus.abi.io;

/// Called before each load and store of a shared ring index, so that a simulated machine can let
/// the other end run in between. This module knows no machine; whoever makes a ring hands it in.
@FunctionalInterface
public interface RingPoint {
  /// Does nothing: for tests and for ends whose other side never runs at the same time.
  RingPoint NONE = () -> {};

  /// May hand over to another task. Must not touch the ring.
  void point();
}

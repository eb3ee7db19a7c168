package dev.xenbus.linux.api;

/// What a block driver does.
@FunctionalInterface
public interface DiskOperations {
  /// Starts a request that holds a tag; its `done` gives the tag back. Must not sleep for long.
  void queue(BlockRequest request);
}

package dev.xenbus.linux.api;

import dev.xenbus.abi.Domid;
import java.lang.foreign.MemorySegment;

/// A mapped page of another domain. Its count of users is the page count of the kernel: 1 for the
/// mapping, and one for each packet fragment or block request that still refers to it.
public interface MappedGrant extends AutoCloseable {
  /// Returns the domain whose page it is.
  Domid granter();

  /// Returns the reference in that domain's table.
  int ref();

  /// Returns the page.
  ///
  /// @throws IllegalStateException if it was unmapped
  MemorySegment page();

  /// Adds a user (`get_page`).
  void get();

  /// Drops a user (`put_page`).
  void put();

  /// Returns the number of users, the mapping included.
  int users();

  /// Unmaps at once, whoever uses it. May be called twice.
  @Override
  void close();
}

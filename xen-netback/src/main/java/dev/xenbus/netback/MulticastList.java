package dev.xenbus.netback;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.SpinLock;
import java.util.TreeSet;

/// The groups whose packets a guest wants, if it asked for a filter.
///
/// Mirrors `xenvif_mcast_add` and its kin (`drivers/net/xen-netback/netback.c`).
final class MulticastList {
  /// Most groups (`XEN_NETBK_MCAST_MAX`).
  static final int GROUPS_MAX = 64;

  private final SpinLock lock;

  @GuardedBy("lock")
  private final TreeSet<Long> groups = new TreeSet<>();

  @GuardedBy("lock")
  private boolean isOpen;

  MulticastList(Cpu cpu) {
    this.lock = cpu.spinLock(LockClass.of("vif->lock"));
  }

  /// Lets groups be added.
  void open() {
    lock.lock();
    try {
      isOpen = true;
    } finally {
      lock.unlock();
    }
  }

  /// Adds a group; one that is there already counts as added.
  ///
  /// @return false if there is no room
  boolean add(long address) {
    lock.lock();
    try {
      return groups.contains(address)
          || (isOpen && groups.size() < GROUPS_MAX && groups.add(address));
    } finally {
      lock.unlock();
    }
  }

  /// Removes a group, if it is there.
  void remove(long address) {
    lock.lock();
    try {
      groups.remove(address);
    } finally {
      lock.unlock();
    }
  }

  /// Returns whether a group is there.
  boolean contains(long address) {
    lock.lock();
    try {
      return groups.contains(address);
    } finally {
      lock.unlock();
    }
  }

  /// Forgets all groups and takes no more. Called once nothing polls any more.
  void close() {
    lock.lock();
    try {
      isOpen = false;
      groups.clear();
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many groups there are.
  int size() {
    lock.lock();
    try {
      return groups.size();
    } finally {
      lock.unlock();
    }
  }
}

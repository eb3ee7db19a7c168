package dev.xenbus.netback;

import dev.xenbus.linux.api.MappedGrant;
import org.jspecify.annotations.Nullable;

/// The private copies of a queue's tx requests that are not answered yet, by pending index (0 to
/// 255): what the guest wrote into its slots is read once, into here (`pending_tx_info`).
///
/// A slot is free, or owned by the polling thread, or by the packet that holds its page, or by the
/// dealloc ring; it goes from one to the next, so that its fields need no lock. The list of free
/// slots is guarded by the response lock of [TxResponder], which is its only user.
final class PendingSlots {
  /// How many there are: one for each slot of the ring (`MAX_PENDING_REQS`).
  static final int COUNT = 256;

  final int[] gref = new int[COUNT];
  final int[] offset = new int[COUNT];
  final int[] flags = new int[COUNT];
  final int[] id = new int[COUNT];
  final int[] size = new int[COUNT];

  /// Extra-info slots that came behind the request and are answered with it.
  final int[] extras = new int[COUNT];

  /// The mapping of the request's page, while there is one.
  final @Nullable MappedGrant[] grant = new @Nullable MappedGrant[COUNT];

  private final short[] free = new short[COUNT];
  private int freeProd = COUNT;
  private int freeCons;

  PendingSlots() {
    for (int index = 0; index < COUNT; index++) {
      free[index] = (short) index;
    }
  }

  /// Returns how many are free.
  int available() {
    return freeProd - freeCons;
  }

  /// Returns how many wait for their answer (`nr_pending_reqs`).
  int pending() {
    return COUNT - available();
  }

  int takeLocked() {
    int index = free[freeCons & (COUNT - 1)];
    freeCons++;
    return index;
  }

  void giveLocked(int index) {
    free[freeProd & (COUNT - 1)] = (short) index;
    freeProd++;
  }
}

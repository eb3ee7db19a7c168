package dev.xenbus.netback;

import dev.xenbus.abi.hypercall.GrantStatus;
import dev.xenbus.abi.io.netif.ExtraInfoLayout;

/// One packet on its way from the tx ring into this kernel: which requests make it up, and what
/// became of each. Exclusive to the polling thread.
final class TxPacket {
  /// Pending indices of its data slots, in order.
  final short[] slots;

  /// How many there are.
  int count;

  /// Flags of its first slot.
  int flags;

  /// Kind of segmentation left to do, as the wire has it.
  int gsoType = ExtraInfoLayout.GSO_NONE;

  /// Payload bytes of each segment.
  int gsoSize;

  /// Whether a GSO extra came.
  boolean hasGso;

  /// How many bytes are copied to the head; the rest is mapped.
  int headBytes;

  /// Where the head is staged.
  int headPlace;

  /// Of each slot, how many bytes are copied to the head.
  final int[] copied;

  /// Of each slot, the first grant status that was not okay.
  final int[] status;

  /// Makes an empty one.
  ///
  /// @param slotsMax how many data slots it may have
  TxPacket(int slotsMax) {
    slots = new short[slotsMax];
    copied = new int[slotsMax];
    status = new int[slotsMax];
  }

  void add(int pendingIndex) {
    slots[count] = (short) pendingIndex;
    count++;
  }

  void failed(int position, int grantStatus) {
    if (status[position] == GrantStatus.OKAY) {
      status[position] = grantStatus;
    }
  }

  boolean hasFailed() {
    for (int position = 0; position < count; position++) {
      if (status[position] != GrantStatus.OKAY) {
        return true;
      }
    }
    return false;
  }
}

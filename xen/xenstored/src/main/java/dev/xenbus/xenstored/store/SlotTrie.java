package dev.xenbus.xenstored.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// An immutable array that grows at its end, may have gaps, and knows at each level how many bytes
/// the names below have: a tree whose branches are 32 wide.
final class SlotTrie {
  private static final int BITS = 5;
  private static final int WIDTH = 1 << BITS;

  /// One branch; what it holds are branches, or at the lowest level nodes and gaps.
  private static final class Branch {
    final @Nullable Object[] slots;
    final int nameBytes;

    Branch(@Nullable Object[] slots, int nameBytes) {
      this.slots = slots;
      this.nameBytes = nameBytes;
    }

    Branch with(int index, @Nullable Object item, int moreBytes) {
      @Nullable Object[] changed = Arrays.copyOf(slots, Math.max(slots.length, index + 1));
      changed[index] = item;
      return new Branch(changed, nameBytes + moreBytes);
    }
  }

  private static final Branch NO_BRANCH = new Branch(new Object[0], 0);

  static final SlotTrie EMPTY = new SlotTrie(NO_BRANCH, 0, 0);

  private final Branch top;
  private final int length;
  private final int shift;

  private SlotTrie(Branch top, int length, int shift) {
    this.top = top;
    this.length = length;
    this.shift = shift;
  }

  int length() {
    return length;
  }

  int nameBytes() {
    return top.nameBytes;
  }

  @Nullable Node get(int slot) {
    Branch branch = top;
    for (int level = shift; level > 0; level -= BITS) {
      branch = branchAt(branch, slot >>> level & WIDTH - 1);
    }
    return (Node) branch.slots[slot & WIDTH - 1];
  }

  Node require(int slot) {
    Node node = get(slot);
    if (node == null) {
      throw new IllegalArgumentException("slot " + slot + " is a gap");
    }
    return node;
  }

  SlotTrie append(Node node) {
    int bytes = node.name().length + 1;
    if (length == WIDTH << shift) {
      Branch taller = NO_BRANCH.with(0, top, top.nameBytes);
      return new SlotTrie(set(taller, shift + BITS, length, node, bytes), length + 1, shift + BITS);
    }
    return new SlotTrie(set(top, shift, length, node, bytes), length + 1, shift);
  }

  SlotTrie replace(int slot, Node node) {
    return new SlotTrie(set(top, shift, slot, node, 0), length, shift);
  }

  SlotTrie remove(int slot) {
    int bytes = require(slot).name().length + 1;
    return new SlotTrie(set(top, shift, slot, null, -bytes), length, shift);
  }

  // Recursion is as deep as the tree is high: 7 at most.
  private static Branch set(
      @Nullable Branch branch, int level, int slot, @Nullable Node node, int moreBytes) {
    Branch from = branch == null ? NO_BRANCH : branch;
    int index = slot >>> level & WIDTH - 1;
    if (level == 0) {
      return from.with(index, node, moreBytes);
    }
    Branch below = index < from.slots.length ? (Branch) from.slots[index] : null;
    return from.with(index, set(below, level - BITS, slot, node, moreBytes), moreBytes);
  }

  int slotAtByte(int offset) {
    int left = offset;
    int slot = 0;
    Branch branch = top;
    for (int level = shift; level > 0; level -= BITS) {
      int index = 0;
      Branch below = branchAt(branch, index);
      while (left >= below.nameBytes) {
        left -= below.nameBytes;
        below = branchAt(branch, ++index);
      }
      branch = below;
      slot |= index << level;
    }
    int index = 0;
    for (int bytes = bytesAt(branch, index); left >= bytes; bytes = bytesAt(branch, index)) {
      left -= bytes;
      index++;
    }
    return slot | index;
  }

  int byteOfSlot(int slot) {
    int bytes = 0;
    Branch branch = top;
    for (int level = shift; level > 0; level -= BITS) {
      int index = slot >>> level & WIDTH - 1;
      for (int i = 0; i < index; i++) {
        bytes += branchAt(branch, i).nameBytes;
      }
      branch = branchAt(branch, index);
    }
    for (int i = 0; i < (slot & WIDTH - 1); i++) {
      bytes += bytesAt(branch, i);
    }
    return bytes;
  }

  private static Branch branchAt(Branch branch, int index) {
    Branch below = (Branch) branch.slots[index];
    return below == null ? NO_BRANCH : below;
  }

  private static int bytesAt(Branch branch, int index) {
    Node node = (Node) branch.slots[index];
    return node == null ? 0 : node.name().length + 1;
  }
}

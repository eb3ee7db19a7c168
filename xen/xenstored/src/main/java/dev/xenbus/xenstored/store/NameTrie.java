package dev.xenbus.xenstored.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// An immutable map from names to slots: a hash trie that keeps slot numbers alone and asks a
/// [SlotTrie] for the names.
///
/// Each branch looks at five bits of the hash. `slotBits` says which of its 32 places hold a slot,
/// `branchBits` which hold a further branch; both arrays are dense. Where the hash has no bits
/// left,
/// a branch is a plain list of the slots whose hashes are equal.
final class NameTrie {
  private static final int BITS = 5;
  private static final int MASK = (1 << BITS) - 1;
  private static final int HASH_BITS = Integer.SIZE;
  private static final int[] NO_SLOTS = {};
  private static final NameTrie[] NO_BRANCHES = {};

  static final NameTrie EMPTY = new NameTrie(0, 0, NO_SLOTS, NO_BRANCHES);

  private final int slotBits;
  private final int branchBits;
  private final int[] slots;
  private final NameTrie[] branches;

  private NameTrie(int slotBits, int branchBits, int[] slots, NameTrie[] branches) {
    this.slotBits = slotBits;
    this.branchBits = branchBits;
    this.slots = slots;
    this.branches = branches;
  }

  int find(SlotTrie nodes, byte[] bytes, int start, int end, int hash) {
    NameTrie branch = this;
    int spread = Bytes.spread(hash);
    for (int shift = 0; shift < HASH_BITS; shift += BITS) {
      int bit = 1 << (spread >>> shift & MASK);
      if ((branch.slotBits & bit) != 0) {
        int slot = branch.slots[place(branch.slotBits, bit)];
        return isNamed(nodes.get(slot), bytes, start, end, hash) ? slot : -1;
      }
      if ((branch.branchBits & bit) == 0) {
        return -1;
      }
      branch = branch.branches[place(branch.branchBits, bit)];
    }
    for (int slot : branch.slots) {
      if (isNamed(nodes.get(slot), bytes, start, end, hash)) {
        return slot;
      }
    }
    return -1;
  }

  private static boolean isNamed(@Nullable Node node, byte[] bytes, int start, int end, int hash) {
    return node != null && node.isNamed(bytes, start, end, hash);
  }

  /// Adds a slot whose name is not there yet.
  NameTrie add(SlotTrie nodes, int hash, int slot) {
    return add(nodes, Bytes.spread(hash), slot, 0);
  }

  private NameTrie add(SlotTrie nodes, int spread, int slot, int shift) {
    if (shift >= HASH_BITS) {
      return new NameTrie(0, 0, inserted(slots, slots.length, slot), NO_BRANCHES);
    }
    int bit = 1 << (spread >>> shift & MASK);
    if ((branchBits & bit) != 0) {
      int at = place(branchBits, bit);
      NameTrie[] changed = branches.clone();
      changed[at] = branches[at].add(nodes, spread, slot, shift + BITS);
      return new NameTrie(slotBits, branchBits, slots, changed);
    }
    int at = place(slotBits, bit);
    if ((slotBits & bit) == 0) {
      return new NameTrie(slotBits | bit, branchBits, inserted(slots, at, slot), branches);
    }
    int other = slots[at];
    int otherSpread = Bytes.spread(nodes.require(other).hash());
    NameTrie below =
        EMPTY.add(nodes, otherSpread, other, shift + BITS).add(nodes, spread, slot, shift + BITS);
    return new NameTrie(
        slotBits & ~bit,
        branchBits | bit,
        removed(slots, at),
        inserted(branches, place(branchBits, bit), below));
  }

  /// Removes a slot that is there.
  NameTrie remove(int hash, int slot) {
    return remove(Bytes.spread(hash), slot, 0);
  }

  private NameTrie remove(int spread, int slot, int shift) {
    if (shift >= HASH_BITS) {
      int at = 0;
      while (slots[at] != slot) {
        at++;
      }
      return new NameTrie(0, 0, removed(slots, at), NO_BRANCHES);
    }
    int bit = 1 << (spread >>> shift & MASK);
    if ((slotBits & bit) != 0) {
      return new NameTrie(
          slotBits & ~bit, branchBits, removed(slots, place(slotBits, bit)), branches);
    }
    int at = place(branchBits, bit);
    NameTrie below = branches[at].remove(spread, slot, shift + BITS);
    if (below.branches.length > 0 || below.slots.length > 1) {
      NameTrie[] changed = branches.clone();
      changed[at] = below;
      return new NameTrie(slotBits, branchBits, slots, changed);
    }
    // One slot is left below: it moves up, so that a trie looks as if the others had never been.
    return new NameTrie(
        slotBits | bit,
        branchBits & ~bit,
        inserted(slots, place(slotBits, bit), below.slots[0]),
        removed(branches, at));
  }

  private static int place(int bits, int bit) {
    return Integer.bitCount(bits & bit - 1);
  }

  private static int[] inserted(int[] from, int at, int item) {
    int[] longer = new int[from.length + 1];
    System.arraycopy(from, 0, longer, 0, at);
    longer[at] = item;
    System.arraycopy(from, at, longer, at + 1, from.length - at);
    return longer;
  }

  private static int[] removed(int[] from, int at) {
    int[] shorter = new int[from.length - 1];
    System.arraycopy(from, 0, shorter, 0, at);
    System.arraycopy(from, at + 1, shorter, at, shorter.length - at);
    return shorter;
  }

  private static NameTrie[] inserted(NameTrie[] from, int at, NameTrie item) {
    NameTrie[] longer = Arrays.copyOf(from, from.length + 1);
    System.arraycopy(from, at, longer, at + 1, from.length - at);
    longer[at] = item;
    return longer;
  }

  private static NameTrie[] removed(NameTrie[] from, int at) {
    NameTrie[] shorter = Arrays.copyOf(from, from.length - 1);
    System.arraycopy(from, at + 1, shorter, at, shorter.length - at);
    return shorter;
  }
}

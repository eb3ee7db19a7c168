package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// Any number of children: a [SlotTrie] keeps them in order, a [NameTrie] finds the slot of a name.
/// Each change costs the logarithm of their number; replacing a child leaves the names alone.
final class ManyChildren extends Children {
  static final ManyChildren EMPTY = new ManyChildren(SlotTrie.EMPTY, NameTrie.EMPTY, 0);

  /// With fewer children than this they become [FewChildren] again; less than
  /// [FewChildren#MAX], so that a folder on the border does not change its form each time.
  private static final int MIN = FewChildren.MAX / 2;

  /// Gaps that are tolerated beside one gap for each child.
  private static final int GAPS_FREE = 32;

  private final SlotTrie slots;
  private final NameTrie names;
  private final int size;

  private ManyChildren(SlotTrie slots, NameTrie names, int size) {
    this.slots = slots;
    this.names = names;
    this.size = size;
  }

  @Override
  int size() {
    return size;
  }

  @Override
  int nameBytes() {
    return slots.nameBytes();
  }

  @Override
  int find(byte[] bytes, int start, int end, int hash) {
    return names.find(slots, bytes, start, end, hash);
  }

  @Override
  int slots() {
    return slots.length();
  }

  @Override
  @Nullable Node at(int slot) {
    return slots.get(slot);
  }

  @Override
  Children replace(int slot, Node child) {
    return new ManyChildren(slots.replace(slot, child), names, size);
  }

  @Override
  ManyChildren append(Node child) {
    SlotTrie longer = slots.append(child);
    return new ManyChildren(longer, names.add(longer, child.hash(), slots.length()), size + 1);
  }

  @Override
  Children remove(int slot) {
    Node gone = slots.require(slot);
    NameTrie fewer = names.remove(gone.hash(), slot);
    ManyChildren rest = new ManyChildren(slots.remove(slot), fewer, size - 1);
    boolean small = rest.size < MIN;
    boolean sparse = slots.length() > 2 * rest.size + GAPS_FREE;
    return small || sparse ? rest.rebuilt(small) : rest;
  }

  private Children rebuilt(boolean small) {
    Children fresh = small ? FewChildren.NONE : EMPTY;
    for (int slot = 0; slot < slots.length(); slot++) {
      Node node = slots.get(slot);
      if (node != null) {
        fresh = fresh.append(node);
      }
    }
    return fresh;
  }

  @Override
  int slotAtByte(int offset) {
    return slots.slotAtByte(offset);
  }

  @Override
  int byteOfSlot(int slot) {
    return slots.byteOfSlot(slot);
  }
}

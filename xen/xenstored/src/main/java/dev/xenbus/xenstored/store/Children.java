package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// The children of a node in order of creation, immutable. A child is found by its name, and then
/// known by its slot; slots keep their order, and have gaps where children were removed.
abstract sealed class Children permits FewChildren, ManyChildren {
  /// How many children there are.
  abstract int size();

  /// The bytes of all names, each with a NUL behind it.
  abstract int nameBytes();

  /// The slot of the child with the given name, or -1.
  abstract int find(byte[] bytes, int start, int end, int hash);

  /// One more than the highest slot in use or ever used.
  abstract int slots();

  /// The child in a slot, or null if that is a gap.
  abstract @Nullable Node at(int slot);

  /// The same with another node of the same name in a slot that is in use.
  abstract Children replace(int slot, Node child);

  /// The same with a new child at the end.
  abstract Children append(Node child);

  /// The same without the child in a slot that is in use. Slots may be counted anew.
  abstract Children remove(int slot);

  /// The slot of the child whose name covers the given byte of the list of names, as DIRECTORY_PART
  /// counts: 0 or more and less than [#nameBytes].
  abstract int slotAtByte(int offset);

  /// The place of the first byte of a child's name in the list of names.
  abstract int byteOfSlot(int slot);
}

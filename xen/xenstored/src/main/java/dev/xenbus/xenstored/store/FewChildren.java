package dev.xenbus.xenstored.store;

import java.util.Arrays;

/// A handful of children in an array without gaps: searched through, copied as a whole.
final class FewChildren extends Children {
  /// More than this many become [ManyChildren].
  static final int MAX = 16;

  static final FewChildren NONE = new FewChildren(new Node[0], 0);

  private final Node[] nodes;
  private final int nameBytes;

  FewChildren(Node[] nodes, int nameBytes) {
    this.nodes = nodes;
    this.nameBytes = nameBytes;
  }

  @Override
  int size() {
    return nodes.length;
  }

  @Override
  int nameBytes() {
    return nameBytes;
  }

  @Override
  int find(byte[] bytes, int start, int end, int hash) {
    for (int i = 0; i < nodes.length; i++) {
      if (nodes[i].isNamed(bytes, start, end, hash)) {
        return i;
      }
    }
    return -1;
  }

  @Override
  int slots() {
    return nodes.length;
  }

  @Override
  Node at(int slot) {
    return nodes[slot];
  }

  @Override
  Children replace(int slot, Node child) {
    Node[] changed = nodes.clone();
    changed[slot] = child;
    return new FewChildren(changed, nameBytes);
  }

  @Override
  Children append(Node child) {
    if (nodes.length == MAX) {
      ManyChildren many = ManyChildren.EMPTY;
      for (Node node : nodes) {
        many = many.append(node);
      }
      return many.append(child);
    }
    Node[] longer = Arrays.copyOf(nodes, nodes.length + 1);
    longer[nodes.length] = child;
    return new FewChildren(longer, nameBytes + child.name().length + 1);
  }

  @Override
  Children remove(int slot) {
    if (nodes.length == 1) {
      return NONE;
    }
    Node[] shorter = new Node[nodes.length - 1];
    System.arraycopy(nodes, 0, shorter, 0, slot);
    System.arraycopy(nodes, slot + 1, shorter, slot, shorter.length - slot);
    return new FewChildren(shorter, nameBytes - nodes[slot].name().length - 1);
  }

  @Override
  int slotAtByte(int offset) {
    int left = offset;
    int slot = 0;
    while (left > nodes[slot].name().length) {
      left -= nodes[slot].name().length + 1;
      slot++;
    }
    return slot;
  }

  @Override
  int byteOfSlot(int slot) {
    int bytes = 0;
    for (int i = 0; i < slot; i++) {
      bytes += nodes[i].name().length + 1;
    }
    return bytes;
  }
}

package dev.xenbus.xenstored.store;

/// A node with everything below it, immutable: a change makes a new node and new ancestors and
/// shares the rest.
///
/// Its generation is the number of the last change to its value, its permissions or the list of its
/// children; a change further down leaves it alone.
final class Node {
  /// What the node itself counts for, beside entries, value and names of children, against the
  /// quota `node-size` (`struct node_hdr` of 16 bytes).
  private static final int SIZE_FIXED = 16;

  private static final int SIZE_ENTRY = 8;

  /// What a node costs in memory beside its bytes: measured, two arrays and the slot in its parent.
  private static final int MEMORY_FIXED = 120;

  private final byte[] name;
  private final int hash;
  private final byte[] value;
  private final Perms perms;
  private final Children children;
  private final long generation;

  Node(byte[] name, byte[] value, Perms perms, Children children, long generation) {
    this(name, Bytes.hash(name, 0, name.length), value, perms, children, generation);
  }

  private Node(
      byte[] name, int hash, byte[] value, Perms perms, Children children, long generation) {
    this.name = name;
    this.hash = hash;
    this.value = value;
    this.perms = perms;
    this.children = children;
    this.generation = generation;
  }

  /// Not to be changed.
  byte[] name() {
    return name;
  }

  int hash() {
    return hash;
  }

  /// Not to be changed.
  byte[] value() {
    return value;
  }

  Perms perms() {
    return perms;
  }

  Children children() {
    return children;
  }

  long generation() {
    return generation;
  }

  boolean isNamed(byte[] bytes, int start, int end, int nameHash) {
    return hash == nameHash && Bytes.equal(name, bytes, start, end);
  }

  /// What it counts for against the quota `node-size`.
  int size() {
    return size(perms.size(), value.length, children.nameBytes());
  }

  static int size(int entries, int valueBytes, int nameBytes) {
    return SIZE_FIXED + SIZE_ENTRY * entries + valueBytes + nameBytes;
  }

  /// What it counts for against the quota `memory`.
  int memory() {
    return memoryOf(perms.size(), name.length, value.length);
  }

  static int memoryOf(int entries, int nameBytes, int valueBytes) {
    return MEMORY_FIXED + SIZE_ENTRY * entries + nameBytes + valueBytes;
  }

  /// Whether value and permissions are the very same objects.
  @SuppressWarnings("ReferenceEquality") // what was set anew is another object, even if equal
  boolean sharesContent(Node other) {
    return value == other.value && perms == other.perms;
  }

  Node withValue(byte[] newValue, long newGeneration) {
    return new Node(name, hash, newValue, perms, children, newGeneration);
  }

  Node withPerms(Perms newPerms, long newGeneration) {
    return new Node(name, hash, value, newPerms, children, newGeneration);
  }

  Node withContent(byte[] newValue, Perms newPerms, long newGeneration) {
    return new Node(name, hash, newValue, newPerms, children, newGeneration);
  }

  /// A change of the list of children: a new generation.
  Node withChildren(Children newChildren, long newGeneration) {
    return new Node(name, hash, value, perms, newChildren, newGeneration);
  }

  /// A change further down: the same generation.
  Node withChildReplaced(int slot, Node child) {
    return new Node(name, hash, value, perms, children.replace(slot, child), generation);
  }
}

package dev.xenbus.xenstored.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The store's nodes: two immutable trees, the one below `/` and the one of the names with `@`,
/// which nobody can list.
///
/// [#find] leaves the way that it went in [#nodes]; the operations that change something follow it
/// back from the leaf to the root.
final class Tree {
  private static final byte[] ROOT_NAME = Bytes.EMPTY;

  private final NodeCounts domains;
  private Node root;
  private Node specials;
  private long generation;

  // The way that the last find() went: nodes[0] is a root, slots[i] is the place of nodes[i] in
  // nodes[i - 1], and restStart is where the part of the path begins for which there is no node.
  private Node[] nodes;
  private int[] slots = new int[64];
  private int depth;
  private int restStart;

  Tree(NodeCounts domains) {
    this.domains = domains;
    Perms dom0 = Perms.of(Perms.entry(0, 0));
    this.root = new Node(ROOT_NAME, Bytes.EMPTY, dom0, FewChildren.NONE, nextGeneration());
    this.specials = new Node(ROOT_NAME, Bytes.EMPTY, dom0, FewChildren.NONE, nextGeneration());
    domains.nodeAdded(root);
    this.nodes = new Node[64];
    this.nodes[0] = root;
  }

  private Tree(NodeCounts counts, Tree from) {
    this.domains = counts;
    this.root = from.root;
    this.specials = from.specials;
    this.generation = from.generation;
    this.nodes = new Node[16];
    this.nodes[0] = root;
  }

  /// A tree that begins as this one is now, and goes its own way.
  Tree fork(NodeCounts counts) {
    return new Tree(counts, this);
  }

  Node root() {
    return root;
  }

  /// The parent of the names with `@`.
  Node specials() {
    return specials;
  }

  /// The number of the last change.
  long generation() {
    return generation;
  }

  long nextGeneration() {
    return ++generation;
  }

  boolean find(PathRef path) {
    return find(path.bytes(), path.start(), path.end());
  }

  /// Looks for a node.
  ///
  /// @return whether there is one: [#found]; otherwise there is its nearest ancestor, [#ancestor]
  boolean find(byte[] bytes, int start, int end) {
    boolean special = bytes[start] == '@';
    Node node = special ? specials : root;
    int at = special ? start : start + 1;
    depth = 0;
    nodes[0] = node;
    while (at < end) {
      int hash = 0;
      int stop = at;
      while (stop < end && bytes[stop] != '/') {
        hash = Bytes.extend(hash, bytes[stop]);
        stop++;
      }
      int slot = node.children().find(bytes, at, stop, hash);
      Node child = slot < 0 ? null : node.children().at(slot);
      if (child == null) {
        restStart = at;
        return false;
      }
      node = child;
      push(slot, child);
      at = stop + 1;
    }
    restStart = end;
    return true;
  }

  private void push(int slot, Node node) {
    if (++depth == nodes.length) {
      nodes = Arrays.copyOf(nodes, 2 * depth);
      slots = Arrays.copyOf(slots, 2 * depth);
    }
    nodes[depth] = node;
    slots[depth] = slot;
  }

  /// The node that the last [#find] found.
  Node found() {
    return nodes[depth];
  }

  /// The nearest existing ancestor, strictly above, of what the last [#find] looked for; null of
  /// the
  /// root.
  @Nullable Node ancestor(boolean found) {
    int at = found ? depth - 1 : depth;
    if (at < 0) {
      return null;
    }
    return at == 0 ? root : nodes[at];
  }

  /// Puts another node of the same name in the place of the one that was found.
  void replace(Node changed) {
    domains.nodeChanged(nodes[depth], changed);
    replaceAt(depth, changed);
  }

  private void replaceAt(int level, Node changed) {
    Node node = changed;
    for (int i = level; i > 0; i--) {
      node = nodes[i - 1].withChildReplaced(slots[i], node);
    }
    if (isInSpecials()) {
      specials = node;
    } else {
      root = node;
    }
  }

  private boolean isInSpecials() {
    return nodes[0] == specials;
  }

  /// How many nodes [#create] would make.
  int missing(byte[] bytes, int end) {
    int count = 1;
    for (int i = restStart; i < end; i++) {
      count += bytes[i] == '/' ? 1 : 0;
    }
    return count;
  }

  /// Makes the node that the last [#find] did not find, and the ancestors that are missing, with
  /// empty values.
  void create(byte[] bytes, int end, byte[] value, Perms perms) {
    long now = nextGeneration();
    Children below = FewChildren.NONE;
    byte[] content = value;
    int stop = end;
    while (true) {
      int at = stop;
      while (at > restStart && bytes[at - 1] != '/') {
        at--;
      }
      Node made = new Node(Arrays.copyOfRange(bytes, at, stop), content, perms, below, now);
      domains.nodeAdded(made);
      if (at == restStart) {
        Node parent = nodes[depth];
        replaceAt(depth, parent.withChildren(parent.children().append(made), now));
        return;
      }
      below = FewChildren.NONE.append(made);
      content = Bytes.EMPTY;
      stop = at - 1;
    }
  }

  /// Removes the node that was found and everything below it.
  void remove() {
    Node parent = nodes[depth - 1];
    SubtreeWalk walk = new SubtreeWalk(nodes[depth], Bytes.EMPTY, 0, 0);
    while (walk.next()) {
      if (walk.isLeaving()) {
        domains.nodeRemoved(walk.node());
      }
    }
    replaceAt(
        depth - 1, parent.withChildren(parent.children().remove(slots[depth]), nextGeneration()));
  }

  /// The node at a path below some root, or null.
  static @Nullable Node nodeAt(Node top, byte[] path) {
    Node node = top;
    for (int at = 1; at < path.length; ) {
      int stop = at;
      while (stop < path.length && path[stop] != '/') {
        stop++;
      }
      int slot = node.children().find(path, at, stop, Bytes.hash(path, at, stop));
      Node child = slot < 0 ? null : node.children().at(slot);
      if (child == null) {
        return null;
      }
      node = child;
      at = stop + 1;
    }
    return node;
  }

  /// Becomes what a fork of it became.
  void adopt(Tree fork) {
    generation = Math.max(generation, fork.generation);
    adopt(fork.root);
  }

  /// Takes over what a fork of it has at a path; there is something at that path in both.
  void graft(Tree fork, byte[] path) {
    generation = Math.max(generation, fork.generation) + 1;
    Node node = nodeAt(fork.root, path);
    if (node == null || !find(path, 0, path.length)) {
      throw new IllegalStateException("nothing at " + Bytes.text(path));
    }
    count(nodes[depth], node);
    replaceAt(depth, node);
  }

  /// Gets another root.
  void adopt(Node changed) {
    generation++;
    count(root, changed);
    root = changed;
  }

  /// Accounts for the difference; what is shared is not looked at.
  private void count(Node from, Node to) {
    if (from == to) {
      return;
    }
    domains.nodeChanged(from, to);
    for (int slot = 0; slot < to.children().slots(); slot++) {
      Node child = to.children().at(slot);
      Node other = child == null ? null : childLike(from, child);
      if (child != null && other == null) {
        countAll(child, true);
      } else if (child != null && other != null) {
        count(other, child);
      }
    }
    for (int slot = 0; slot < from.children().slots(); slot++) {
      Node child = from.children().at(slot);
      if (child != null && childLike(to, child) == null) {
        countAll(child, false);
      }
    }
  }

  private static @Nullable Node childLike(Node parent, Node child) {
    byte[] name = child.name();
    int slot = parent.children().find(name, 0, name.length, child.hash());
    return slot < 0 ? null : parent.children().at(slot);
  }

  private void countAll(Node top, boolean added) {
    SubtreeWalk walk = new SubtreeWalk(top, Bytes.EMPTY, 0, 0);
    while (walk.next()) {
      if (walk.isLeaving() && added) {
        domains.nodeAdded(walk.node());
      } else if (walk.isLeaving()) {
        domains.nodeRemoved(walk.node());
      }
    }
  }

  /// Adds to the list of hidden names, at start only.
  void addSpecial(String name, Perms perms) {
    Node node = new Node(Bytes.of(name), Bytes.EMPTY, perms, FewChildren.NONE, nextGeneration());
    domains.nodeAdded(node);
    specials = specials.withChildren(specials.children().append(node), generation);
  }
}

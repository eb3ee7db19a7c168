package dev.xenbus.xenstored.store;

import java.util.Arrays;

/// Goes through a node and everything below it without recursion, however deep it is: each node is
/// met on the way down and, after its children, once more on the way up. Knows the path of the node
/// that it is at.
final class SubtreeWalk {
  private Node[] nodes = new Node[16];
  private int[] nextSlot = new int[16];
  private int[] pathEnds = new int[16];
  private int depth = -1;
  private boolean leaving;
  private byte[] path;
  private final Node top;

  /// Starts above `top`.
  ///
  /// @param topPath path of the top, from `start` to `end`
  SubtreeWalk(Node top, byte[] topPath, int start, int end) {
    this.top = top;
    this.path = new byte[Math.max(64, 2 * (end - start))];
    System.arraycopy(topPath, start, path, 0, end - start);
    this.pathEnds[0] = end - start;
  }

  /// Goes on.
  ///
  /// @return false once the whole has been walked
  boolean next() {
    if (depth < 0 && !leaving) {
      enter(top);
      return true;
    }
    if (leaving) {
      depth--;
      if (depth < 0) {
        return false;
      }
    }
    Children children = nodes[depth].children();
    while (nextSlot[depth] < children.slots()) {
      Node child = children.at(nextSlot[depth]++);
      if (child != null) {
        enter(child);
        return true;
      }
    }
    leaving = true;
    return true;
  }

  private void enter(Node node) {
    depth++;
    if (depth == nodes.length) {
      nodes = Arrays.copyOf(nodes, 2 * depth);
      nextSlot = Arrays.copyOf(nextSlot, 2 * depth);
      pathEnds = Arrays.copyOf(pathEnds, 2 * depth);
    }
    nodes[depth] = node;
    nextSlot[depth] = 0;
    leaving = false;
    if (depth > 0) {
      appendName(node.name());
    }
  }

  private void appendName(byte[] name) {
    int end = pathEnds[depth - 1];
    if (path.length < end + 1 + name.length) {
      path = Arrays.copyOf(path, 2 * (end + 1 + name.length));
    }
    boolean belowRoot = end == 1 && path[0] == '/';
    if (!belowRoot && end > 0) {
      path[end++] = '/';
    }
    System.arraycopy(name, 0, path, end, name.length);
    pathEnds[depth] = end + name.length;
  }

  /// Leaves out what is below the node just entered.
  void skipChildren() {
    nextSlot[depth] = nodes[depth].children().slots();
  }

  Node node() {
    return nodes[depth];
  }

  /// Whether the node's children are done with; otherwise it was just entered.
  boolean isLeaving() {
    return leaving;
  }

  boolean isAtTop() {
    return depth == 0;
  }

  /// Only the first [#pathLength] bytes count.
  byte[] path() {
    return path;
  }

  byte[] pathCopy() {
    return Arrays.copyOf(path, pathLength());
  }

  int pathLength() {
    return pathEnds[depth];
  }
}

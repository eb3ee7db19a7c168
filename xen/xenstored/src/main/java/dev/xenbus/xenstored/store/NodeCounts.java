package dev.xenbus.xenstored.store;

/// Keeps account of the nodes of a [Tree], as they come and go.
interface NodeCounts {
  void nodeAdded(Node node);

  void nodeRemoved(Node node);

  /// Another node of the same name stands in the place of the first.
  void nodeChanged(Node from, Node to);
}

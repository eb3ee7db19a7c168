package dev.xenbus.xenstored.store;

import java.util.Map;
import java.util.TreeMap;

/// How many nodes each domain would own more or less once a transaction is committed.
final class NodeDelta implements NodeCounts {
  private final Map<Integer, Integer> byOwner = new TreeMap<>();

  int of(int domid) {
    return byOwner.getOrDefault(domid, 0);
  }

  @Override
  public void nodeAdded(Node node) {
    byOwner.merge(node.perms().owner(), 1, Integer::sum);
  }

  @Override
  public void nodeRemoved(Node node) {
    byOwner.merge(node.perms().owner(), -1, Integer::sum);
  }

  @Override
  public void nodeChanged(Node from, Node to) {
    nodeAdded(to);
    nodeRemoved(from);
  }
}

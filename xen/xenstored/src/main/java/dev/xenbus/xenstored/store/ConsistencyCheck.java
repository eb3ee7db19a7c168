package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// Counts the tree anew and compares with the accounts (CONTROL `check`).
final class ConsistencyCheck {
  private static final class Count {
    int nodes;
    int memory;
    int mentions;
  }

  private final Tree tree;
  private final Domains domains;
  private final List<String> faults = new ArrayList<>();
  private final TreeMap<Integer, Count> counts = new TreeMap<>();

  ConsistencyCheck(Tree tree, Domains domains) {
    this.tree = tree;
    this.domains = domains;
  }

  /// One line for each fault.
  List<String> run() {
    walk(tree.root(), Bytes.of("/"));
    walk(tree.specials(), Bytes.EMPTY);
    for (Domain domain = domains.next(0);
        domain != null;
        domain = domains.next(domain.domid() + 1)) {
      Count count = counts.getOrDefault(domain.domid(), new Count());
      compare(domain, "nodes", domain.use(Quota.NODES), count.nodes);
      compare(domain, "mentions", domain.mentions(), count.mentions);
      if (domain.domid() == 0) {
        compare(domain, "memory", domain.use(Quota.MEMORY), count.memory);
      }
      counts.remove(domain.domid());
    }
    counts.keySet().forEach(domid -> faults.add("domain " + domid + " has no account"));
    return faults;
  }

  private void compare(Domain domain, String what, int accounted, int counted) {
    if (accounted != counted) {
      faults.add(
          "domain " + domain.domid() + ": " + what + " " + accounted + ", counted " + counted);
    }
  }

  private void walk(Node top, byte[] topPath) {
    SubtreeWalk walk = new SubtreeWalk(top, topPath, 0, topPath.length);
    while (walk.next()) {
      if (!walk.isLeaving()) {
        Node node = walk.node();
        if (!walk.isAtTop() || topPath.length > 0) {
          count(node);
        }
        checkChildren(node, walk);
      }
    }
  }

  private void count(Node node) {
    Perms perms = node.perms();
    Count owner = counts.computeIfAbsent(perms.owner(), domid -> new Count());
    owner.nodes++;
    owner.memory += node.memory();
    if (!perms.isDom0Only()) {
      for (int i = 0; i < perms.size(); i++) {
        counts.computeIfAbsent(Perms.domid(perms.entryAt(i)), domid -> new Count()).mentions++;
      }
    }
  }

  private void checkChildren(Node node, SubtreeWalk walk) {
    Children children = node.children();
    int size = 0;
    int nameBytes = 0;
    for (int slot = 0; slot < children.slots(); slot++) {
      Node child = children.at(slot);
      if (child != null) {
        size++;
        nameBytes += child.name().length + 1;
        if (children.find(child.name(), 0, child.name().length, child.hash()) != slot) {
          faults.add(Bytes.text(walk.pathCopy()) + ": child not found by its name");
        }
      }
    }
    if (size != children.size() || nameBytes != children.nameBytes()) {
      faults.add(Bytes.text(walk.pathCopy()) + ": children miscounted");
    }
  }
}

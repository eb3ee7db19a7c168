package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;

/// Removes from the tree what a dead domain left: the nodes that it owned, with everything below
/// and with events, and its entries in the permissions of other nodes, without. With `-K` its nodes
/// are given to domain 0 instead.
///
/// The account says how many entries there are, so that the walk ends with the last of them; mostly
/// the toolstack has removed everything, and there is no walk at all.
final class DomainCleaner {
  @SuppressWarnings("ArrayRecordComponent") // lives for one run; nobody compares it
  private record Find(byte[] path, boolean owned) {}

  private final Tree tree;
  private final DirectView view;
  private final Domain domain;
  private final boolean keepOrphans;

  DomainCleaner(Tree tree, DirectView view, Domain domain, boolean keepOrphans) {
    this.keepOrphans = keepOrphans;
    this.tree = tree;
    this.view = view;
    this.domain = domain;
  }

  void run() {
    int left = domain.mentions();
    List<Find> finds = new ArrayList<>();
    if (left > 0) {
      left -= collect(tree.specials(), Bytes.EMPTY, left, finds);
    }
    if (left > 0) {
      collect(tree.root(), Bytes.of("/"), left, finds);
    }
    PathRef path = new PathRef();
    for (Find find : finds) {
      path.set(find.path(), 0, find.path().length);
      Node node = view.find(path);
      if (node != null && find.owned()) {
        view.remove();
      } else if (node != null) {
        tree.replace(node.withPerms(node.perms().without(domain.domid()), tree.nextGeneration()));
      }
    }
  }

  private int collect(Node top, byte[] topPath, int most, List<Find> finds) {
    int count = 0;
    int ownedDepth = -1;
    int depth = 0;
    SubtreeWalk walk = new SubtreeWalk(top, topPath, 0, topPath.length);
    while (count < most && walk.next()) {
      if (walk.isLeaving()) {
        ownedDepth = depth == ownedDepth ? -1 : ownedDepth;
        depth--;
        continue;
      }
      depth++;
      int entries = walk.node().perms().count(domain.domid());
      count += entries;
      if (entries > 0 && ownedDepth < 0) {
        boolean owned =
            !keepOrphans
                && walk.node().perms().owner() == domain.domid()
                && !isFixed(walk, topPath);
        finds.add(new Find(walk.pathCopy(), owned));
        ownedDepth = owned ? depth : -1;
      }
    }
    return count;
  }

  /// The roots and the names with `@` stay, whoever owns them.
  private static boolean isFixed(SubtreeWalk walk, byte[] topPath) {
    return walk.isAtTop() || topPath.length == 0;
  }
}

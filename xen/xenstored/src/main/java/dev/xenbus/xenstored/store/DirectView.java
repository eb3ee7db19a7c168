package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// The nodes of the store: changes take effect, and fire, at once.
final class DirectView extends View {
  private final Tree tree;
  private final Events events;
  private final Holds holds;
  private PathRef path = new PathRef();
  private boolean found;

  DirectView(Tree tree, Events events, Holds holds) {
    this.tree = tree;
    this.events = events;
    this.holds = holds;
  }

  @Override
  @Nullable Node find(PathRef wanted) {
    path = wanted;
    found = tree.find(wanted);
    return found ? tree.found() : null;
  }

  @Override
  @Nullable Node findToChange(PathRef wanted, Client client) throws Refused {
    holds.change(client, wanted);
    return find(wanted);
  }

  @Override
  @Nullable Node ancestor() {
    return tree.ancestor(found);
  }

  @Override
  int missing() {
    return tree.missing(path.bytes(), path.end());
  }

  @Override
  void setValue(byte[] value) {
    tree.replace(tree.found().withValue(value, tree.nextGeneration()));
    fireUp(null);
  }

  @Override
  void setPerms(Perms perms) {
    Node before = tree.found();
    tree.replace(before.withPerms(perms, tree.nextGeneration()));
    fireUp(before);
  }

  @Override
  void create(byte[] value, Perms perms) {
    tree.create(path.bytes(), path.end(), value, perms);
    fireUp(null);
  }

  private void fireUp(@Nullable Node before) {
    events.fireUp(path.bytes(), path.start(), path.end(), before);
  }

  /// Fires for the leaves first, for the node itself last, while the nodes are still there to say
  /// who may know of them.
  @Override
  void remove() {
    SubtreeWalk walk = new SubtreeWalk(tree.found(), path.bytes(), path.start(), path.end());
    while (walk.next()) {
      if (walk.isLeaving() && !walk.isAtTop()) {
        events.fireExact(walk.path(), 0, walk.pathLength(), null);
      }
    }
    fireUp(null);
    tree.find(path);
    tree.remove();
  }

  @Override
  void fail() {}

  @Override
  int pendingNodes(int domid) {
    return 0;
  }
}

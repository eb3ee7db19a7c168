package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// Decides who hears of a change as oxenstored does: from the root down, of the watches on one
/// path the newest first; when a subtree is removed every watch below it too, whether there was a
/// node or not, each with its own path.
///
/// A client hears of a path if it may read the node or its parent; domain 0 if there is a parent at
/// all, so that nobody hears of a change of `/` itself.
final class OcamlEvents {
  private final WatchTable table;
  private final Events events;

  OcamlEvents(WatchTable table, Events events) {
    this.table = table;
    this.events = events;
  }

  /// Fires for a change.
  ///
  /// @param after the root after it
  void fire(OcamlChange change, Node after) {
    if (table.isEmpty()) {
      return;
    }
    @Nullable Node before =
        switch (change.kind()) {
          case WRITE, MKDIR -> null;
          case RM, SET_PERMS -> change.before();
        };
    @Nullable Node now = change.kind() == OcamlChange.Kind.RM ? null : after;
    byte[] path = change.path();
    Sight sight = new Sight(before, now, path);
    fire(table.at(Bytes.of("/")), path, sight);
    for (int end = 2; end <= path.length; end++) {
      if (end == path.length || path[end] == '/') {
        fire(table.at(path, 0, end, Bytes.hash(path, 0, end)), path, sight);
      }
    }
    if (change.kind() == OcamlChange.Kind.RM) {
      for (WatchList list : table.below(path)) {
        fire(list, list.path(), new Sight(before, now, list.path()));
      }
    }
  }

  private void fire(@Nullable WatchList list, byte[] path, Sight sight) {
    for (int i = list == null ? 0 : list.size(); list != null && i > 0; i--) {
      if (sight.isSeenBy(list.get(i - 1).client())) {
        events.tell(list.get(i - 1), path);
      }
    }
  }

  /// What decides who may hear of a path: its node and the parent, before and after.
  private static final class Sight {
    private final @Nullable Node[] nodes;
    private final boolean hasParent;

    Sight(@Nullable Node before, @Nullable Node after, byte[] path) {
      int slash = path.length - 1;
      while (path[slash] != '/') {
        slash--;
      }
      byte[] above = java.util.Arrays.copyOf(path, Math.max(slash, 1));
      nodes = new @Nullable Node[4];
      boolean isRoot = path.length == 1;
      if (before != null && !isRoot) {
        nodes[0] = Tree.nodeAt(before, above);
        nodes[1] = Tree.nodeAt(before, path);
      }
      if (after != null && !isRoot) {
        nodes[2] = Tree.nodeAt(after, above);
        nodes[3] = Tree.nodeAt(after, path);
      }
      hasParent = nodes[0] != null || nodes[2] != null;
    }

    boolean isSeenBy(Client client) {
      if (client.mayDoAll()) {
        return hasParent;
      }
      for (Node node : nodes) {
        if (node != null && (node.perms().rights(client, node.generation()) & Perms.READ) != 0) {
          return true;
        }
      }
      return false;
    }
  }
}

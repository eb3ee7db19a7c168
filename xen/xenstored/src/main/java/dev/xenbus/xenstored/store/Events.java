package dev.xenbus.xenstored.store;

import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/// Decides who hears of a change, and puts the events into their outboxes.
///
/// A guest hears of a node only if it may read it or its parent (XSA-115).
final class Events {
  static final String INTRODUCE_DOMAIN = "@introduceDomain";
  static final String RELEASE_DOMAIN = "@releaseDomain";

  /// How long an event waits for a guest that does not read, in nanoseconds (`-w watch-event`).
  static final long TIMEOUT_NANOS = 20_000_000_000L;

  private static final Comparator<Watch> REGISTRATION = Comparator.comparingLong(Watch::sequence);

  private final WatchTable table;
  private final Tree tree;
  private final boolean ocaml;
  private final boolean namesDomains;
  private final long timeoutNanos;
  private long deadlineNanos;
  private boolean muted;

  private @Nullable Blame blame;
  private @Nullable Journal journal;

  // What fire() found: lists of watches on the way from the root, with their levels.
  private @Nullable WatchList[] lists = new WatchList[16];
  private int[] levels = new int[16];
  private int listCount;
  private @Nullable Watch[] merged = new Watch[16];

  // What fire() is about, and what is known of it once somebody unprivileged is in the way.
  private byte[] path = Bytes.EMPTY;
  private int pathStart;
  private int pathEnd;
  private @Nullable Node before;
  private boolean looked;
  private @Nullable Node node;
  private @Nullable Node parent;

  Events(WatchTable table, Tree tree, Dialect dialect, long timeoutNanos) {
    this.table = table;
    this.tree = tree;
    this.namesDomains = dialect == Dialect.C;
    this.ocaml = dialect.mergesTransactions();
    this.timeoutNanos = timeoutNanos == 0 ? Long.MAX_VALUE : timeoutNanos;
  }

  /// Notes who is to blame for the events that follow, and the time.
  void begin(@Nullable Blame whose, long nowNanos) {
    blame = whose;
    deadlineNanos = timeoutNanos == Long.MAX_VALUE ? Long.MAX_VALUE : nowNanos + timeoutNanos;
  }

  /// Sets who hears of every event; null for nobody.
  void tell(@Nullable Journal listener) {
    journal = listener;
  }

  /// Fires for a node and its ancestors.
  ///
  /// @param wasBefore the node before the change, if who could read it then is to hear of it too
  void fireUp(byte[] bytes, int start, int end, @Nullable Node wasBefore) {
    if (table.isEmpty() || muted) {
      return;
    }
    listCount = 0;
    int level = collectUp(bytes, start, end);
    if (listCount > 0) {
      about(bytes, start, end, wasBefore);
      deliverLists(level);
    }
  }

  /// Fires for the watches on the node itself alone.
  void fireExact(byte[] bytes, int start, int end, @Nullable Node wasBefore) {
    if (table.isEmpty() || muted) {
      return;
    }
    listCount = 0;
    collect(table.at(bytes, start, end, Bytes.hash(bytes, start, end)), 0);
    if (listCount > 0) {
      about(bytes, start, end, wasBefore);
      deliverLists(0);
    }
  }

  private int collectUp(byte[] bytes, int start, int end) {
    int hash = 0;
    int level = 0;
    for (int i = start; i < end; i++) {
      if (bytes[i] == '/') {
        if (i > start) {
          collect(table.at(bytes, start, i, hash), level);
        } else {
          collect(table.at(bytes, start, i + 1, '/'), 0);
        }
        level++;
      }
      hash = Bytes.extend(hash, bytes[i]);
    }
    if (end - start > 1) {
      collect(table.at(bytes, start, end, hash), level);
      return level;
    }
    return 0;
  }

  private void collect(@Nullable WatchList list, int level) {
    if (list == null) {
      return;
    }
    if (listCount == lists.length) {
      lists = Arrays.copyOf(lists, 2 * listCount);
      levels = Arrays.copyOf(levels, 2 * listCount);
    }
    lists[listCount] = list;
    levels[listCount++] = level;
  }

  private void about(byte[] bytes, int start, int end, @Nullable Node wasBefore) {
    path = bytes;
    pathStart = start;
    pathEnd = end;
    before = wasBefore;
    looked = false;
    node = null;
    parent = null;
  }

  private void deliverLists(int level) {
    if (listCount > 1) {
      deliverMerged(level);
      return;
    }
    WatchList list = lists[0];
    for (int i = 0; list != null && i < list.size(); i++) {
      deliverIf(list.get(i), level - levels[0]);
    }
  }

  /// Watches of one client must hear in order of registration, whatever paths they are on.
  private void deliverMerged(int level) {
    int count = 0;
    for (int l = 0; l < listCount; l++) {
      WatchList list = lists[l];
      for (int i = 0; list != null && i < list.size(); i++) {
        if (list.get(i).reaches(level - levels[l])) {
          if (count == merged.length) {
            merged = Arrays.copyOf(merged, 2 * count);
          }
          merged[count++] = list.get(i);
        }
      }
    }
    Arrays.sort(merged, 0, count, REGISTRATION);
    for (int i = 0; i < count; i++) {
      Watch watch = merged[i];
      merged[i] = null;
      if (watch != null) {
        deliverIf(watch, 0);
      }
    }
  }

  private void deliverIf(Watch watch, int levelsBelow) {
    if (watch.reaches(levelsBelow) && (watch.client().isPrivileged() || maySee(watch.client()))) {
      deliver(watch);
    }
  }

  /// Tells a watch of a path, whoever may see it.
  void tell(Watch watch, byte[] changed) {
    about(changed, 0, changed.length, null);
    deliver(watch);
  }

  private void deliver(Watch watch) {
    Client to = watch.client();
    Blame charged = blame == null || blame.client() == to ? null : blame;
    watch
        .client()
        .out()
        .addEvent(
            watch,
            path,
            pathStart,
            pathEnd,
            to.isPrivileged() ? Long.MAX_VALUE : deadlineNanos,
            charged);
    if (journal != null) {
      journal.event(to, path, pathStart, pathEnd, watch.token());
    }
  }

  /// Fires nothing until told otherwise.
  void mute(boolean on) {
    muted = on;
  }

  private boolean maySee(Client client) {
    if (!looked) {
      looked = true;
      if (tree.find(path, pathStart, pathEnd)) {
        node = tree.found();
        parent = tree.ancestor(true);
      }
    }
    return mayRead(client, before) || mayRead(client, node) || mayRead(client, parent);
  }

  private static boolean mayRead(Client client, @Nullable Node node) {
    return node != null && (node.perms().rights(client, node.generation()) & Perms.READ) != 0;
  }

  /// The event that tells a new watch that it is there: always sent, also for what does not exist.
  void fireInitial(Watch watch) {
    byte[] watched = watch.list().path();
    about(watched, 0, watched.length, null);
    deliver(watch);
  }

  /// Something happened to some domain; who asked for a depth is not told.
  void fireSpecial(String name) {
    byte[] plain = Bytes.of(name);
    WatchList list = table.at(plain);
    if (list != null) {
      aboutSpecial(plain, plain);
      for (int i = 0; i < list.size(); i++) {
        Watch watch = list.get(ocaml ? list.size() - 1 - i : i);
        if (!watch.hasDepth()) {
          deliverIf(watch, 0);
        }
      }
    }
  }

  /// Something happened to the given domain; who asked for it alone or for a depth is told.
  void fireSpecial(String name, int domid) {
    if (!namesDomains) {
      return;
    }
    byte[] plain = Bytes.of(name);
    byte[] named = Bytes.of(name + "/" + domid);
    WatchList list = table.at(plain);
    if (list != null) {
      aboutSpecial(named, plain);
      for (int i = 0; i < list.size(); i++) {
        if (list.get(i).hasDepth()) {
          deliverIf(list.get(i), 1);
        }
      }
    }
    WatchList own = table.at(named);
    if (own != null) {
      aboutSpecial(named, plain);
      for (int i = 0; i < own.size(); i++) {
        deliverIf(own.get(i), 0);
      }
    }
  }

  private void aboutSpecial(byte[] fired, byte[] plain) {
    about(fired, 0, fired.length, null);
    looked = true;
    parent = tree.root();
    byte[] kept = ocaml ? Bytes.of("/" + Bytes.text(plain)) : plain;
    node = tree.find(kept, 0, kept.length) ? tree.found() : null;
  }
}

package dev.xenbus.xenstored.store;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Lets transactions that would conflict take turns.
///
/// The protocol knows conflicts alone: of many clients that read and then write one node, one
/// commits and the others do it all again. So once a commit failed over a node, that node is hot:
/// the
/// first transaction of a privileged client that touches it holds it, and whoever else wants to
/// touch
/// it in a transaction, or to write it, is answered only when that transaction has ended. Nobody
/// waits longer than [#HOLD_NANOS], and guests never make others wait. Nothing but the time of an
/// answer differs.
final class Holds {
  /// Longest time that one transaction makes others wait: hundreds of round trips.
  static final long HOLD_NANOS = 2_000_000;

  /// After so many holds for which nobody waited, a node is hot no longer.
  private static final int HEAT = 64;

  /// So many nodes are hot at once; others just conflict.
  private static final int NODES_MAX = 1024;

  private final PathMap<HotNode> nodes = new PathMap<>();
  private final ArrayDeque<Client> resumed = new ArrayDeque<>();
  private long nowNanos;

  void begin(long now) {
    nowNanos = now;
  }

  /// A commit failed since this node had changed.
  void conflict(Touched entry) {
    byte[] path = entry.path();
    HotNode node = nodes.find(path, 0, path.length, entry.hash());
    if (node == null && nodes.size() < NODES_MAX) {
      node = new HotNode(path, entry.hash());
      nodes.put(node);
    }
    if (node != null) {
      node.setHeat(HEAT);
    }
  }

  /// A transaction is about to touch a node for the first time.
  ///
  /// @throws Refused [Refused#HELD] if another one has it: to be tried again later
  void touch(Transaction transaction, PathRef path, int hash) throws Refused {
    if (nodes.isEmpty()) {
      return;
    }
    HotNode node = nodes.find(path.bytes(), path.start(), path.end(), hash);
    if (node == null) {
      return;
    }
    waitFor(node, transaction.client());
    if (transaction.client().isPrivileged() && node.holder() == null && cooled(node)) {
      node.hold(transaction, nowNanos + HOLD_NANOS);
      transaction.holds().add(node);
    }
  }

  /// A node is about to be changed outside of transactions.
  ///
  /// @throws Refused [Refused#HELD] if another client's transaction has it: to be tried again later
  void change(Client client, PathRef path) throws Refused {
    if (!nodes.isEmpty()) {
      HotNode node = nodes.find(path.bytes(), path.start(), path.end(), path.hash());
      if (node != null) {
        waitFor(node, client);
      }
    }
  }

  private void waitFor(HotNode node, Client client) throws Refused {
    Transaction holder = node.holder();
    if (holder == null || client.equals(holder.client())) {
      return;
    }
    if (node.untilNanos() <= nowNanos) {
      // The holder is slow, or waits for us somewhere else: it is left to conflict.
      drop(node);
      return;
    }
    node.setHeat(HEAT);
    node.waiters().add(client);
    client.setHeldUntil(node.untilNanos());
    throw Refused.HELD;
  }

  /// Counts down; whether the node is still hot.
  private boolean cooled(HotNode node) {
    node.setHeat(node.heat() - 1);
    if (node.heat() <= 0) {
      drop(node);
      return false;
    }
    return true;
  }

  private void drop(HotNode node) {
    nodes.remove(node);
    Transaction holder = node.holder();
    if (holder != null) {
      holder.holds().remove(node);
      node.hold(null, 0);
    }
    resumed.addAll(node.waiters());
    node.waiters().clear();
  }

  /// A transaction ended: the next one gets what it held.
  void ended(Transaction transaction) {
    for (HotNode node : transaction.holds()) {
      node.hold(null, 0);
      resumeNext(node);
    }
    transaction.holds().clear();
  }

  private void resumeNext(HotNode node) {
    Client next = node.waiters().poll();
    while (next != null && next.isGone()) {
      next = node.waiters().poll();
    }
    if (next != null) {
      resumed.add(next);
    }
  }

  /// The next client whose request may be tried again, or null.
  @Nullable Client nextResumed() {
    Client client = resumed.poll();
    if (client != null) {
      client.setHeldUntil(Client.NOT_HELD);
    }
    return client;
  }
}

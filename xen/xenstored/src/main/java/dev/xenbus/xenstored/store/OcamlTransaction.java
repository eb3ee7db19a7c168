package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A transaction as oxenstored has it: a tree of its own, and a list of what was asked and
/// answered.
///
/// It commits if it changed nothing, or nobody changed anything meanwhile, or nothing that it read
/// or wrote lies where others changed something; otherwise all its requests are executed again on
/// the store as it is now, and it commits if each has the same reply as the first time.
final class OcamlTransaction implements OpenTransaction {
  private final int id;
  private final Client client;
  private final Domains domains;
  private final Node base;
  private final OcamlNodes nodes;
  private final List<Played> played = new ArrayList<>();
  private int requests;
  private boolean repeatable = true;

  /// @param frame the request, header included
  /// @param failed whether it failed
  /// @param reply its reply's payload
  @SuppressWarnings("ArrayRecordComponent") // nobody compares it
  private record Played(byte[] frame, boolean failed, byte[] reply) {}

  OcamlTransaction(int id, Client client, Tree tree, Domains domains) {
    this.id = id;
    this.client = client;
    this.domains = domains;
    this.base = tree.root();
    this.nodes = fork(tree);
    if (!client.isPrivileged()) {
      client.domain().add(Quota.TRANSACTIONS, 1);
    }
  }

  private OcamlNodes fork(Tree tree) {
    NodeDelta delta = new NodeDelta();
    return new OcamlNodes(tree.fork(delta), domains, delta);
  }

  @Override
  public int id() {
    return id;
  }

  @Override
  public Client client() {
    return client;
  }

  @Override
  public void release() {
    if (!client.isPrivileged()) {
      client.domain().add(Quota.TRANSACTIONS, -1);
    }
  }

  /// Counts a request, of whatever kind.
  ///
  /// @param isRepeatable whether it is given to [#answer], or ends the transaction; others cannot
  ///     be executed again
  /// @throws Refused `EQUOTA` if there were too many, also of the one that would end it
  void count(boolean isRepeatable) throws Refused {
    if (!client.mayDoAll() && requests >= client.limits().hard(Quota.TRANSACTION_NODES)) {
      throw Refused.EQUOTA;
    }
    requests++;
    repeatable &= isRepeatable;
  }

  /// Executes a request in it.
  byte[] answer(Request request) throws Refused {
    try {
      byte[] reply = nodes.answer(request);
      played.add(new Played(request.frame(), false, reply));
      return reply;
    } catch (Refused e) {
      played.add(new Played(request.frame(), true, e.wireName()));
      throw e;
    }
  }

  /// What it changed, in order.
  List<OcamlChange> changes() {
    return nodes.changes();
  }

  /// The root as it was when it began.
  Node base() {
    return base;
  }

  /// The root as it is in the transaction.
  Node root() {
    return nodes.tree().root();
  }

  /// Puts what it changed into the store.
  ///
  /// @param scratch a request that may be set to others
  /// @return false if that cannot be done: nothing happened
  boolean commit(Tree tree, Request scratch) {
    if (changes().isEmpty()) {
      return true;
    }
    Node now = tree.root();
    if (now == base) {
      tree.adopt(nodes.tree());
      return true;
    }
    byte[] written = nodes.lowestWritten();
    if (written != null && isUntouched(now, nodes.lowestRead()) && isUntouched(now, written)) {
      tree.graft(nodes.tree(), written);
      return true;
    }
    Tree replayed = repeatable ? replay(tree, scratch) : null;
    if (replayed != null) {
      tree.adopt(replayed);
    }
    return replayed != null;
  }

  private boolean isUntouched(Node now, byte @Nullable [] path) {
    return path == null || (Tree.nodeAt(base, path) == Tree.nodeAt(now, path) && isThere(path));
  }

  private boolean isThere(byte[] path) {
    return Tree.nodeAt(base, path) != null;
  }

  private @Nullable Tree replay(Tree tree, Request scratch) {
    OcamlNodes again = fork(tree);
    for (Played one : played) {
      scratch.repeat(client, one.frame());
      byte[] reply;
      boolean failed = false;
      try {
        reply = again.answer(scratch);
      } catch (Refused e) {
        failed = true;
        reply = e.wireName();
      }
      if (failed != one.failed() || !Arrays.equals(reply, one.reply())) {
        return null;
      }
    }
    return again.tree();
  }
}

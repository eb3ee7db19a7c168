package dev.xenbus.xenstored.store;

/// The requests that oxenstored answers in its own way, but for those about transactions, watches
/// and domains: those on nodes, inside of a transaction and outside.
final class OcamlRequests {
  private final Tree tree;
  private final Domains domains;
  private final OcamlNodes direct;
  private final OcamlEvents events;
  private final Request scratch;

  OcamlRequests(Tree tree, Domains domains, OcamlEvents events, Request scratch) {
    this.tree = tree;
    this.domains = domains;
    this.direct = new OcamlNodes(tree, domains, null);
    this.events = events;
    this.scratch = scratch;
  }

  /// READ, WRITE and the others of [OcamlNodes]. What they cause is told behind their reply; what a
  /// commit causes, before.
  void node(Request request) throws Refused {
    if (request.transaction() instanceof OcamlTransaction transaction) {
      request.reply(transaction.answer(request));
      return;
    }
    direct.changes().clear();
    byte[] reply = direct.answer(request);
    request.reply(reply);
    for (OcamlChange change : direct.changes()) {
      events.fire(change, tree.root());
    }
    direct.changes().clear();
  }

  OpenTransaction begin(int id, Client client) {
    return new OcamlTransaction(id, client, tree, domains);
  }

  /// @throws Refused `EAGAIN` if others changed what it saw
  void commit(OcamlTransaction transaction) throws Refused {
    if (!transaction.commit(tree, scratch)) {
      throw Refused.EAGAIN;
    }
    for (OcamlChange change : transaction.changes()) {
      events.fire(
          new OcamlChange(change.kind(), change.path(), transaction.base()), transaction.root());
    }
  }
}

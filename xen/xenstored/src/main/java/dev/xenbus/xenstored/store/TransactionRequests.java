package dev.xenbus.xenstored.store;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The requests about transactions: TRANSACTION_START, TRANSACTION_END.
final class TransactionRequests {
  private final Tree tree;
  private final Domains domains;
  private final Events events;
  private final WriteRate writeRate;
  private final Holds holds;
  private final @Nullable OcamlRequests ocaml;
  private int open;
  private long nowNanos;

  TransactionRequests(
      Tree tree,
      Domains domains,
      Events events,
      WriteRate writeRate,
      Holds holds,
      @Nullable OcamlRequests ocaml) {
    this.ocaml = ocaml;
    this.tree = tree;
    this.domains = domains;
    this.events = events;
    this.writeRate = writeRate;
    this.holds = holds;
  }

  void begin(long now) {
    nowNanos = now;
  }

  /// How many transactions are open, of all clients.
  int open() {
    return open;
  }

  void start(Request request) throws Refused {
    Client client = request.client();
    if (request.transaction() != null) {
      throw Refused.EBUSY;
    }
    if (!client.isPrivileged() && client.domain().isFull(Quota.TRANSACTIONS)) {
      throw client.limits().dialect().quotaError(Quota.TRANSACTIONS);
    }
    int id = client.nextTransactionId();
    client.transactions().add(begin(id, client));
    open++;
    Outbox out = request.begin();
    out.putNumber(Integer.toUnsignedLong(id));
    out.put(0);
    request.finish();
  }

  private OpenTransaction begin(int id, Client client) {
    return ocaml != null
        ? ocaml.begin(id, client)
        : new Transaction(id, client, tree, holds, nowNanos);
  }

  void end(Request request) throws Refused {
    int end = ocaml != null ? firstEnd(request) : request.onlyString();
    boolean commit = request.buffer()[request.start()] == 'T';
    if (end != request.start() + 1 || (!commit && request.buffer()[request.start()] != 'F')) {
      throw Refused.EINVAL;
    }
    OpenTransaction transaction = request.transaction();
    if (transaction == null) {
      throw Refused.ENOENT;
    }
    Client client = request.client();
    client.transactions().remove(transaction);
    forget(transaction);
    try {
      if (commit) {
        commit(client, transaction);
      }
    } finally {
      endHolds(transaction);
    }
    request.ok();
  }

  /// oxenstored looks at what stands before the first NUL, if there is one.
  private static int firstEnd(Request request) {
    int nul = request.nul(request.start());
    return nul < 0 ? request.end() : nul;
  }

  private void endHolds(OpenTransaction transaction) {
    if (transaction instanceof Transaction holder) {
      holds.ended(holder);
    }
  }

  private void commit(Client client, OpenTransaction transaction) throws Refused {
    switch (transaction) {
      case Transaction conflicting -> commit(client, conflicting);
      case OcamlTransaction merging -> Objects.requireNonNull(ocaml).commit(merging);
    }
  }

  private void commit(Client client, Transaction transaction) throws Refused {
    if (transaction.isFailed()) {
      throw Refused.ENOMEM;
    }
    checkOwners(transaction);
    if (transaction.conflicts()) {
      throw Refused.EAGAIN;
    }
    if (!transaction.isModifying()) {
      return;
    }
    if (!client.isPrivileged() && open > 0) {
      writeRate.charge(client.domain(), nowNanos);
    }
    transaction.apply();
    transaction.fire(events);
  }

  /// The quota of nodes is tested once more, for the net result of each owner.
  private void checkOwners(Transaction transaction) throws Refused {
    Map<Integer, Integer> more = new TreeMap<>();
    for (Touched entry : transaction.touched()) {
      if (entry.isModified() && (isForeign(entry.seen()) || isForeign(entry.current()))) {
        count(more, entry.seen(), -1);
        count(more, entry.current(), 1);
      }
    }
    for (Map.Entry<Integer, Integer> owner : more.entrySet()) {
      Domain domain = domains.find(owner.getKey());
      int net = owner.getValue();
      if (domain != null
          && net > 0
          && domain.use(Quota.NODES) + net >= domain.limits().hard(Quota.NODES)) {
        throw domain.limits().dialect().quotaError(Quota.NODES);
      }
    }
  }

  private static boolean isForeign(@Nullable Node node) {
    return node != null && node.perms().owner() != 0;
  }

  private static void count(Map<Integer, Integer> more, @Nullable Node node, int sign) {
    if (node != null && isForeign(node)) {
      more.merge(node.perms().owner(), sign, Integer::sum);
    }
  }

  void dropAll(Client client) {
    for (OpenTransaction transaction : client.transactions()) {
      forget(transaction);
      endHolds(transaction);
    }
    client.transactions().clear();
  }

  private void forget(OpenTransaction transaction) {
    transaction.release();
    open--;
  }
}

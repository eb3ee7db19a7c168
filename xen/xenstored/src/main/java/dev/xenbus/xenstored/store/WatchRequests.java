package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.XenstoreRing;

/// The requests about watches: WATCH, UNWATCH, RESET_WATCHES.
final class WatchRequests {
  private final WatchTable table;
  private final Events events;
  private final TransactionRequests transactions;

  WatchRequests(WatchTable table, Events events, TransactionRequests transactions) {
    this.table = table;
    this.events = events;
    this.transactions = transactions;
  }

  void watch(Request request) throws Refused {
    Client client = request.client();
    int strings = request.strings();
    boolean deep = strings == 3;
    if (strings != 2 && !(deep && client.domain().hasFeature(XenstoreRing.FEATURE_WATCH_DEPTH))) {
      throw Refused.EINVAL;
    }
    boolean limitFirst = client.limits().dialect().mergesTransactions();
    if (limitFirst && !request.endsWithNul()) {
      throw Refused.EINVAL;
    }
    int pathEnd = request.firstString();
    int tokenEnd = request.nul(pathEnd + 1);
    int depth = Watch.NO_DEPTH;
    if (deep) {
      depth = depth(request, tokenEnd + 1);
    }
    PathRef path = request.path(request.start(), pathEnd, true);
    byte[] bytes = request.buffer();
    if (limitFirst) {
      checkRoom(client, 0);
    }
    if (table.find(client, path, bytes, pathEnd + 1, tokenEnd) != null) {
      throw Refused.EEXIST;
    }
    checkRoom(client, Watch.memory(path.length(), tokenEnd - pathEnd - 1));
    Watch watch = table.add(client, path, request.copy(pathEnd + 1, tokenEnd), depth);
    request.ok();
    events.fireInitial(watch);
  }

  private static int depth(Request request, int start) throws Refused {
    long depth = Numbers.leading(request.buffer(), start, request.nul(start));
    if (depth < 0) {
      throw Refused.EINVAL;
    }
    return (int) depth;
  }

  private static void checkRoom(Client client, int bytes) throws Refused {
    if (client.isPrivileged()) {
      return;
    }
    if (client.domain().isFull(Quota.WATCHES)) {
      throw client.limits().dialect().quotaError(Quota.WATCHES);
    }
    if (client.domain().lacksMemory(bytes)) {
      throw Refused.ENOMEM;
    }
  }

  void unwatch(Request request) throws Refused {
    if (request.strings() != 2) {
      throw Refused.EINVAL;
    }
    int pathEnd = request.firstString();
    int tokenEnd = request.nul(pathEnd + 1);
    PathRef path = request.path(request.start(), pathEnd, true);
    Watch watch = table.find(request.client(), path, request.buffer(), pathEnd + 1, tokenEnd);
    if (watch == null) {
      throw Refused.ENOENT;
    }
    table.remove(watch);
    request.ok();
  }

  void resetWatches(Request request) throws Refused {
    dropAll(request.client());
    request.ok();
  }

  /// Drops all watches and transactions of a client.
  void dropAll(Client client) {
    table.removeAll(client);
    transactions.dropAll(client);
  }
}

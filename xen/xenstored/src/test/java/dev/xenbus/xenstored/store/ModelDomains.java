package dev.xenbus.xenstored.store;

import java.util.Map;
import java.util.TreeMap;

/// Who the model's clients are, which domains there are, and what is limited.
final class ModelDomains {
  /// Small limits, so that random requests meet them.
  static final Map<Quota, Integer> QUOTAS =
      Map.of(
          Quota.NODES, 6,
          Quota.WATCHES, 4,
          Quota.TRANSACTIONS, 3,
          Quota.TRANSACTION_NODES, 9,
          Quota.NODE_PERMISSIONS, 4,
          Quota.NODE_SIZE, 48);

  private final int[] domids;
  private final Map<Integer, Integer> targets = new TreeMap<>();

  /// @param domids the domain of each client; those of domain 0 are privileged
  ModelDomains(int... domids) {
    this.domids = domids;
  }

  int clients() {
    return domids.length;
  }

  int domidOf(int client) {
    return domids[client];
  }

  boolean isPrivileged(int client) {
    return domids[client] == 0;
  }

  /// Says whether a domain is there: its target is its own id, or another one's.
  boolean exists(int domid) {
    return domid == 0 || targets.containsKey(domid);
  }

  void born(int domid) {
    targets.put(domid, domid);
  }

  void died(int domid) {
    targets.remove(domid);
  }

  void setTarget(int domid, int target) {
    targets.put(domid, target);
  }

  int targetOf(int domid) {
    return targets.getOrDefault(domid, domid);
  }

  /// Whether so much is too much for a client.
  boolean exceeds(int client, Quota quota, int use) {
    return !isPrivileged(client) && use >= limit(quota);
  }

  static int limit(Quota quota) {
    return QUOTAS.getOrDefault(quota, Integer.MAX_VALUE);
  }
}

package dev.xenbus.xenstored.store;

import org.jspecify.annotations.Nullable;

/// The table of domains by id, and the accounting of nodes: every entry of every node counts for
/// the
/// domain that it names, every node and its bytes for its owner.
final class Domains implements NodeCounts {
  private static final int GROUP = 256;

  private final @Nullable Domain[][] groups = new @Nullable Domain[GROUP][];
  private final Limits general;
  private final Domain dom0;

  Domains(Dialect dialect) {
    general = new Limits(dialect);
    dom0 = account(0);
  }

  /// The limits of domains that have none of their own.
  Limits general() {
    return general;
  }

  /// The record of a domain, or null if nothing ever named it.
  @Nullable Domain find(int domid) {
    @Nullable Domain[] group = groups[domid / GROUP];
    return group == null ? null : group[domid % GROUP];
  }

  /// The record of a domain that exists as far as the store was told, or null.
  @Nullable Domain findKnown(int domid) {
    Domain domain = find(domid);
    return domain != null && domain.isKnown() ? domain : null;
  }

  /// The record of a domain, made if needed.
  Domain account(int domid) {
    @Nullable Domain[] group = groups[domid / GROUP];
    if (group == null) {
      group = new @Nullable Domain[GROUP];
      groups[domid / GROUP] = group;
    }
    Domain domain = group[domid % GROUP];
    if (domain == null) {
      domain = new Domain(domid, general);
      group[domid % GROUP] = domain;
    }
    return domain;
  }

  /// Drops the record of a domain that nothing names any more.
  void dropIfUnused(Domain domain) {
    if (!domain.isKnown() && domain.mentions() == 0 && domain != dom0) {
      @Nullable Domain[] group = groups[domain.domid() / GROUP];
      if (group != null) {
        group[domain.domid() % GROUP] = null;
      }
    }
  }

  /// The first record with at least the given id, or null.
  @Nullable Domain next(int fromDomid) {
    for (int domid = fromDomid; domid < GROUP * GROUP; domid++) {
      if (groups[domid / GROUP] == null) {
        domid |= GROUP - 1;
      } else {
        Domain domain = find(domid);
        if (domain != null) {
          return domain;
        }
      }
    }
    return null;
  }

  @Override
  public void nodeAdded(Node node) {
    count(node, 1);
  }

  @Override
  public void nodeRemoved(Node node) {
    count(node, -1);
  }

  private void count(Node node, int sign) {
    Perms perms = node.perms();
    if (perms.isDom0Only()) {
      count(dom0, node, sign);
      return;
    }
    for (int i = 0; i < perms.size(); i++) {
      Domain domain = account(Perms.domid(perms.entryAt(i)));
      domain.addMentions(sign);
      if (i == 0) {
        count(domain, node, sign);
      }
      dropIfUnused(domain);
    }
  }

  private static void count(Domain owner, Node node, int sign) {
    owner.add(Quota.NODES, sign);
    owner.add(Quota.MEMORY, sign * node.memory());
  }

  @Override
  public void nodeChanged(Node from, Node to) {
    if (from.perms() == to.perms()) {
      account(to.perms().owner()).add(Quota.MEMORY, to.memory() - from.memory());
    } else {
      nodeAdded(to);
      nodeRemoved(from);
    }
  }
}

package dev.xenbus.xenstored.store;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import dev.xenbus.abi.xenstore.XenstoreRing;
import org.jspecify.annotations.Nullable;

/// The requests about nodes: READ, DIRECTORY, DIRECTORY_PART, GET_PERMS, WRITE, MKDIR, RM,
/// SET_PERMS.
final class NodeRequests {
  private final DomainTable domains;
  private final Dialect dialect;
  private final int moreNodeBytes;

  NodeRequests(DomainTable domains) {
    this.domains = domains;
    this.dialect = domains.dialect();
    this.moreNodeBytes = dialect.nodeHeaderBytes() - Dialect.C.nodeHeaderBytes();
  }

  // ---- looking

  void read(Request request) throws Refused {
    Node node = require(request, request.onlyPath(false), Perms.READ);
    request.reply(node.value());
  }

  void directory(Request request) throws Refused {
    Children children = require(request, request.onlyPath(false), Perms.READ).children();
    if (children.nameBytes() > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      throw Refused.E2BIG;
    }
    Outbox out = request.begin();
    for (int slot = 0; slot < children.slots(); slot++) {
      Node child = children.at(slot);
      if (child != null) {
        out.put(child.name());
        out.put(0);
      }
    }
    request.finish();
  }

  void directoryPart(Request request) throws Refused {
    if (request.strings() != 2) {
      throw Refused.EINVAL;
    }
    int nul = request.firstString();
    Node node = require(request, request.path(request.start(), nul, false), Perms.READ);
    long offset = Numbers.leading(request.buffer(), nul + 1, request.nul(nul + 1));
    Outbox out = request.begin();
    out.putNumber(node.generation());
    out.put(0);
    Children children = node.children();
    if (offset < 0 || offset >= children.nameBytes()) {
      out.put(0);
    } else {
      putNames(out, children, (int) offset);
    }
    request.finish();
  }

  /// Whole names from a byte offset on, as many as fit, and one more NUL if that was the last.
  private static void putNames(Outbox out, Children children, int offset) {
    int room = XenstoreLimits.PAYLOAD_BYTES_MAX - out.payloadBytes() - 1;
    int slot = children.slotAtByte(offset);
    int skipped = offset - children.byteOfSlot(slot);
    for (; slot < children.slots(); slot++) {
      Node child = children.at(slot);
      if (child == null) {
        continue;
      }
      byte[] name = child.name();
      if (name.length - skipped + 1 > room) {
        return;
      }
      out.put(name, skipped, name.length);
      out.put(0);
      room -= name.length - skipped + 1;
      skipped = 0;
    }
    out.put(0);
  }

  void getPerms(Request request) throws Refused {
    Perms perms =
        require(request, request.onlyPath(dialect.hasSpecialPermissions()), Perms.READ).perms();
    Outbox out = request.begin();
    for (int i = 0; i < perms.size(); i++) {
      int entry = perms.entryAt(i);
      out.put(Perms.letter(entry));
      out.putNumber(Perms.domid(entry));
      out.put(0);
    }
    request.finish();
  }

  // ---- changing

  void write(Request request) throws Refused {
    int nul = request.firstString();
    PathRef path = request.path(request.start(), nul, false);
    View view = request.view();
    Node node = view.findToChange(path, request.client());
    if (node == null) {
      create(request, path, request.copy(nul + 1, request.end()));
    } else {
      requireOn(request, node, Perms.WRITE);
      byte[] value = request.copy(nul + 1, request.end());
      checkSize(request, Node.size(node.perms().size(), value.length, node.children().nameBytes()));
      checkMemory(request, value.length - node.value().length);
      view.setValue(value);
    }
    request.ok();
  }

  void mkdir(Request request) throws Refused {
    PathRef path = request.onlyPath(false);
    Node node = request.view().findToChange(path, request.client());
    if (node == null) {
      create(request, path, Bytes.EMPTY);
    } else {
      requireOn(request, node, Perms.WRITE);
    }
    request.ok();
  }

  private void create(Request request, PathRef path, byte[] value) throws Refused {
    View view = request.view();
    Client client = request.client();
    Node ancestor = view.ancestor();
    if (ancestor == null || !may(client, ancestor, Perms.WRITE)) {
      throw Refused.EACCES;
    }
    Perms perms = ancestor.perms();
    if (!client.isPrivileged()) {
      perms = perms.withOwner(client.domid());
      checkCreation(request, path, value.length, perms, ancestor);
    }
    view.create(value, perms);
  }

  private void checkCreation(
      Request request, PathRef path, int valueBytes, Perms perms, Node ancestor) throws Refused {
    View view = request.view();
    Domain domain = request.client().domain();
    int owned = domain.use(Quota.NODES) + view.pendingNodes(domain.domid());
    try {
      int missing = view.missing();
      // Differs: the C daemon compares each new level with the count before the request, so that
      // one
      // request may overshoot the limit.
      if (owned + missing >= domain.limits().hard(Quota.NODES)) {
        throw dialect.quotaError(Quota.NODES);
      }
      checkSize(request, Node.size(perms.size(), valueBytes, 0));
      int stop = path.end();
      for (int level = 1; level <= missing; level++) {
        int at = stop;
        while (path.bytes()[at - 1] != '/') {
          at--;
        }
        boolean topmost = level == missing;
        checkSize(
            request, stop - at + 1 + (topmost ? ancestor.size() : Node.size(perms.size(), 0, 0)));
        stop = at - 1;
      }
      checkMemory(
          request, valueBytes + missing * Node.memoryOf(perms.size(), 0, 0) + path.length());
    } catch (Refused e) {
      view.fail();
      throw e;
    }
  }

  private void checkSize(Request request, int size) throws Refused {
    if (request.client().isPrivileged()) {
      return;
    }
    Domain domain = request.client().domain();
    domain.seen(Quota.NODE_SIZE, size);
    if (size + moreNodeBytes >= domain.limits().hard(Quota.NODE_SIZE)) {
      throw Refused.ENOSPC;
    }
  }

  private static void checkMemory(Request request, int more) throws Refused {
    Client client = request.client();
    if (!client.isPrivileged() && more > 0 && client.domain().lacksMemory(more)) {
      throw Refused.ENOMEM;
    }
  }

  void rm(Request request) throws Refused {
    PathRef path = request.onlyPath(false);
    View view = request.view();
    Node node = view.findToChange(path, request.client());
    if (node == null) {
      Node ancestor = view.ancestor();
      if (ancestor == null || !may(request.client(), ancestor, Perms.WRITE)) {
        throw Refused.EACCES;
      }
      if (view.missing() > 1) {
        throw Refused.ENOENT;
      }
    } else {
      requireOn(request, node, Perms.WRITE);
      if (path.isRoot()) {
        throw Refused.EINVAL;
      }
      view.remove();
    }
    request.ok();
  }

  void setPerms(Request request) throws Refused {
    int count = request.strings() - 1;
    if (count < 1) {
      throw Refused.EINVAL;
    }
    Client client = request.client();
    if (!client.isPrivileged()) {
      client.domain().seen(Quota.NODE_PERMISSIONS, count);
      if (count >= client.limits().hard(Quota.NODE_PERMISSIONS)) {
        throw Refused.ENOSPC;
      }
    }
    int nul = request.firstString();
    Perms perms = parsePerms(request, nul + 1, count);
    PathRef path = request.path(request.start(), nul, dialect.hasSpecialPermissions());
    Node node = require(request, path, Perms.WRITE | Perms.OWNER);
    if (!client.isPrivileged() && perms.owner() != node.perms().owner()) {
      throw Refused.EPERM;
    }
    checkSize(request, Node.size(perms.size(), node.value().length, node.children().nameBytes()));
    request.view().setPerms(perms);
    request.ok();
  }

  private Perms parsePerms(Request request, int from, int count) throws Refused {
    int[] entries = new int[count];
    int at = from;
    for (int i = 0; i < count; i++) {
      int nul = request.nul(at);
      if (nul == at) {
        throw Refused.EINVAL;
      }
      byte[] bytes = request.buffer();
      int access = Perms.accessOf(bytes[at]).orElseThrow(() -> Refused.EINVAL);
      entries[i] = Perms.entry(Numbers.permissionDomid(bytes, at + 1, nul), access);
      at = nul + 1;
    }
    for (int i = 0; i < count; i++) {
      if (!isMeaningful(request.client(), Perms.domid(entries[i]))) {
        entries[i] = Perms.ignored(entries[i]);
      }
    }
    if (Perms.isIgnored(entries[0])) {
      throw Refused.ENOENT;
    }
    return Perms.of(entries);
  }

  /// Whether an entry for a domain may ever match: a domain that comes later is another one.
  private boolean isMeaningful(Client writer, int domid) {
    if (domid == Domid.ANY.value()) {
      return writer.domain().hasFeature(XenstoreRing.FEATURE_ANY_DOMAIN);
    }
    return domains.know(domid) != null;
  }

  // ---- permissions

  private static boolean may(Client client, Node node, int need) {
    return (node.perms().rights(client, node.generation()) & need) == need;
  }

  private static Node require(Request request, PathRef path, int need) throws Refused {
    Node node = request.view().find(path);
    if (node != null && may(request.client(), node, need)) {
      return node;
    }
    throw masked(request, node, need);
  }

  private static void requireOn(Request request, Node node, int need) throws Refused {
    if (!may(request.client(), node, need)) {
      throw masked(request, node, need);
    }
  }

  /// The error that does not tell more than the nearest ancestor allows to know. Mirrors
  /// `errno_from_parents` (`tools/xenstored/core.c`).
  private static Refused masked(Request request, @Nullable Node node, int need) throws Refused {
    Node ancestor = request.view().ancestor();
    boolean told =
        ancestor != null
            && (ancestor.perms().rights(request.client(), ancestor.generation()) & need) != 0;
    return node == null && told ? Refused.ENOENT : Refused.EACCES;
  }
}

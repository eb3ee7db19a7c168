package dev.xenbus.xenstored.store;

import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.XenstoreLimits;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The requests on nodes as oxenstored executes them, on the store or on a transaction's tree:
/// READ, DIRECTORY, GET_PERMS, WRITE, MKDIR, RM, SET_PERMS, and GET_DOMAIN_PATH, which it counts
/// with them.
///
/// Other than with the C daemon, names with `@` are children of the root, a missing node is
/// `ENOENT` for everybody, missing parents are made one by one and stay if the last step fails,
/// new nodes belong to their parent's owner, who pays for them, and the root can be emptied.
/// Observed with Debian's oxenstored of Xen 4.17.
final class OcamlNodes {
  private static final int VALUE_BYTES_MAX = 2048;

  private final Tree tree;
  private final Domains domains;
  private final @Nullable NodeDelta pending;
  private final PathRef step = new PathRef();
  private final List<OcamlChange> changes = new ArrayList<>();
  private byte @Nullable [] lowestRead;
  private byte @Nullable [] lowestWritten;

  /// @param tree what requests see and change
  /// @param pending what the accounts of `domains` do not know yet of `tree`; null if nothing
  OcamlNodes(Tree tree, Domains domains, @Nullable NodeDelta pending) {
    this.tree = tree;
    this.domains = domains;
    this.pending = pending;
  }

  Tree tree() {
    return tree;
  }

  /// What was changed so far, in order; the list is the caller's to clear.
  List<OcamlChange> changes() {
    return changes;
  }

  /// The lowest common ancestor of all that was read with success; null if nothing was.
  byte @Nullable [] lowestRead() {
    return lowestRead;
  }

  /// The lowest common ancestor of all whose value, entries or list of children was changed; null
  /// if nothing was.
  byte @Nullable [] lowestWritten() {
    return lowestWritten;
  }

  /// Whether a request is one of those that are executed here.
  static boolean isAnsweredHere(int type) {
    return switch (MessageType.ofCode(type).orElse(MessageType.ERROR)) {
      case READ, DIRECTORY, GET_PERMS, GET_DOMAIN_PATH, WRITE, MKDIR, RM, SET_PERMS -> true;
      default -> false;
    };
  }

  /// Executes a request.
  ///
  /// @return the payload of its reply
  /// @throws Refused if it fails; missing parents that were made until then stay
  byte[] answer(Request request) throws Refused {
    switch (MessageType.ofCode(request.type()).orElseThrow()) {
      case READ -> {
        return look(request).value();
      }
      case DIRECTORY -> {
        return names(look(request).children());
      }
      case GET_PERMS -> {
        return entries(look(request).perms());
      }
      case GET_DOMAIN_PATH -> {
        String home = XenstoreLimits.DOMAIN_HOME_PREFIX;
        int nul = request.onlyString();
        return Bytes.of(home + Numbers.anywhere(request.buffer(), request.start(), nul) + "\0");
      }
      case WRITE -> write(request);
      case MKDIR -> mkdir(request);
      case RM -> rm(request);
      case SET_PERMS -> setPerms(request);
      default -> throw new IllegalArgumentException("type " + request.type());
    }
    return Request.OK;
  }

  // ---- looking

  private Node look(Request request) throws Refused {
    PathRef path = onlyPath(request);
    if (!tree.find(path)) {
      throw Refused.ENOENT;
    }
    Node node = tree.found();
    require(request.client(), node, Perms.READ);
    lowestRead = common(lowestRead, path.copy());
    return node;
  }

  private static byte[] names(Children children) throws Refused {
    if (children.nameBytes() > XenstoreLimits.PAYLOAD_BYTES_MAX) {
      // Differs: oxenstored sends a longer frame through a socket, which no client reads.
      throw Refused.E2BIG;
    }
    List<byte[]> names = new ArrayList<>();
    for (int slot = 0; slot < children.slots(); slot++) {
      Node child = children.at(slot);
      if (child != null) {
        names.add(child.name());
      }
    }
    names.sort(Arrays::compareUnsigned);
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    for (byte[] name : names) {
      list.writeBytes(name);
      list.write(0);
    }
    return list.toByteArray();
  }

  private static byte[] entries(Perms perms) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < perms.size(); i++) {
      int entry = perms.entryAt(i);
      text.append((char) Perms.letter(entry)).append(Perms.domid(entry)).append('\0');
    }
    return Bytes.of(text.toString());
  }

  // ---- changing

  private void write(Request request) throws Refused {
    int nul = request.firstString();
    PathRef path = request.rootedPath(request.start(), nul);
    byte[] value = request.copy(nul + 1, request.end());
    Node before = tree.root();
    makeParents(request.client(), path);
    if (tree.find(path)) {
      requireLength(value);
      Node node = tree.found();
      require(request.client(), node, Perms.WRITE);
      tree.replace(node.withValue(value, tree.nextGeneration()));
      wrote(path.copy());
    } else {
      make(request.client(), path, value);
    }
    changed(OcamlChange.Kind.WRITE, path, before);
  }

  private static void requireLength(byte[] value) throws Refused {
    if (value.length > VALUE_BYTES_MAX) {
      throw Refused.E2BIG;
    }
  }

  private void mkdir(Request request) throws Refused {
    PathRef path = onlyPath(request);
    Node before = tree.root();
    makeParents(request.client(), path);
    if (tree.find(path)) {
      require(request.client(), tree.found(), Perms.WRITE);
      return;
    }
    make(request.client(), path, Bytes.EMPTY);
    changed(OcamlChange.Kind.MKDIR, path, before);
  }

  private void makeParents(Client client, PathRef path) throws Refused {
    byte[] bytes = path.bytes();
    for (int end = path.start() + 1; end < path.end(); end++) {
      if (bytes[end] == '/') {
        step.set(bytes, path.start(), end);
        if (!tree.find(step)) {
          make(client, step, Bytes.EMPTY);
        }
      }
    }
  }

  /// Makes the node that was not found; its parent is there.
  private void make(Client client, PathRef path, byte[] value) throws Refused {
    Node parent = tree.ancestor(false);
    if (parent == null) {
      throw new IllegalStateException("the root is missing");
    }
    requireLength(value);
    if (!client.mayDoAll() && isFull(parent.perms().owner())) {
      throw Refused.EQUOTA;
    }
    require(client, parent, Perms.WRITE);
    tree.create(path.bytes(), path.end(), value, parent.perms());
    wroteParentOf(path);
  }

  private boolean isFull(int owner) {
    Domain domain = domains.find(owner);
    if (owner == 0 || domain == null) {
      return false;
    }
    int more = pending == null ? 0 : pending.of(owner);
    return domain.use(Quota.NODES) + more + 1 >= domain.limits().hard(Quota.NODES);
  }

  private void rm(Request request) throws Refused {
    PathRef path = onlyPath(request);
    Node before = tree.root();
    if (!tree.find(path)) {
      if (tree.missing(path.bytes(), path.end()) > 1) {
        throw Refused.ENOENT;
      }
      return;
    }
    require(request.client(), tree.found(), Perms.WRITE);
    if (path.isRoot()) {
      tree.adopt(before.withChildren(FewChildren.NONE, tree.nextGeneration()));
    } else {
      tree.remove();
    }
    wroteParentOf(path);
    changed(OcamlChange.Kind.RM, path, before);
  }

  private void setPerms(Request request) throws Refused {
    int nul = request.firstString();
    Perms perms = parsePerms(request, nul + 1, request.strings() - 1);
    PathRef path = request.rootedPath(request.start(), nul);
    if (!tree.find(path)) {
      throw Refused.ENOENT;
    }
    Node before = tree.root();
    Node node = tree.found();
    require(request.client(), node, Perms.WRITE | Perms.OWNER);
    if (!request.client().mayDoAll() && perms.owner() != node.perms().owner()) {
      throw Refused.EACCES;
    }
    tree.replace(node.withPerms(perms, tree.nextGeneration()));
    wrote(path.copy());
    changed(OcamlChange.Kind.SET_PERMS, path, before);
  }

  private static Perms parsePerms(Request request, int from, int count) throws Refused {
    if (count < 1) {
      throw Refused.EINVAL;
    }
    int[] entries = new int[count];
    byte[] bytes = request.buffer();
    int at = from;
    for (int i = 0; i < count; i++) {
      int nul = request.nul(at);
      if (nul == at) {
        throw Refused.EINVAL;
      }
      int access = Perms.accessOf(bytes[at]).orElseThrow(() -> Refused.EINVAL);
      entries[i] = Perms.entry(Numbers.literal(bytes, at + 1, nul), access);
      at = nul + 1;
    }
    return Perms.of(entries);
  }

  // ---- what both have in common

  private static PathRef onlyPath(Request request) throws Refused {
    return request.rootedPath(request.start(), request.onlyString());
  }

  private static void require(Client client, Node node, int need) throws Refused {
    if ((node.perms().rights(client, node.generation()) & need) != need) {
      throw Refused.EACCES;
    }
  }

  private void changed(OcamlChange.Kind kind, PathRef path, Node before) {
    changes.add(new OcamlChange(kind, path.copy(), before));
  }

  private void wroteParentOf(PathRef path) {
    step.set(path.bytes(), path.start(), path.end());
    step.toParent();
    wrote(step.copy());
  }

  private void wrote(byte[] path) {
    lowestWritten = common(lowestWritten, path);
  }

  /// The lowest common ancestor of two paths, of which the first may be missing.
  private static byte[] common(byte @Nullable [] one, byte[] other) {
    if (one == null) {
      return other;
    }
    int end = 0;
    int length = Math.min(one.length, other.length);
    for (int i = 0; i < length && one[i] == other[i]; i++) {
      boolean oneEnds = i + 1 == one.length || one[i + 1] == '/';
      boolean otherEnds = i + 1 == other.length || other[i + 1] == '/';
      end = oneEnds && otherEnds ? i + 1 : end;
    }
    return end == 0 ? Bytes.of("/") : Arrays.copyOf(other, end);
  }
}

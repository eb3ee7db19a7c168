package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A store as its specification says it, and nothing done to make it fast: what domain 0 and guests
/// see of nodes, permissions, quotas, watches, transactions and each other's death. Shares no code
/// with the real one.
final class ModelStore {
  /// A request is refused.
  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String name) {
      super(name, null, false, false);
    }
  }

  /// What a reply may be that is not specified.
  static final String ANYTHING = "*";

  private final ModelFault fault;
  private final ModelDomains domains;
  private final ModelWatches watches;
  private final TreeMap<String, ModelNode> tree = new TreeMap<>();
  private final List<Map<Integer, ModelTransaction>> open = new ArrayList<>();
  private long generation;

  // The request that is executed: whose, and in which transaction.
  private int client;
  private @Nullable ModelTransaction in;

  ModelStore(ModelDomains domains, ModelFault fault) {
    this.domains = domains;
    this.fault = fault;
    this.watches = new ModelWatches(domains, fault);
    ModelPerms dom0 = ModelPerms.parse("n0", domains::exists);
    tree.put("/", new ModelNode("", dom0, List.of("tool"), 0));
    tree.put("/tool", new ModelNode("", dom0, List.of("xenstored"), 0));
    tree.put("/tool/xenstored", new ModelNode("", dom0, List.of(), 0));
    for (int i = 0; i < domains.clients(); i++) {
      open.add(new TreeMap<>());
    }
  }

  static String home(int domid) {
    return "/local/domain/" + domid + "/";
  }

  List<String> events(int of) {
    return watches.events(of);
  }

  /// Whether a client may start one more transaction.
  boolean mayStart(int who) {
    return !domains.exceeds(who, Quota.TRANSACTIONS, open.get(who).size() + 1);
  }

  /// Says that a client's START was answered with an id.
  void started(int who, int id) {
    open.get(who).put(id, new ModelTransaction());
  }

  /// Executes a request and returns its reply; `|` stands for NUL, an error is its name.
  String ask(int who, int tx, String operation, String path, String argument) {
    boolean isWatch = operation.equals("WATCH") || operation.equals("UNWATCH");
    client = who;
    in = isWatch ? null : open.get(who).get(tx);
    if (tx != 0 && !isWatch && in == null) {
      return "ENOENT";
    }
    String home = home(domains.domidOf(who));
    String absolute = path.isEmpty() || "/@".indexOf(path.charAt(0)) >= 0 ? path : home + path;
    String reply;
    try {
      reply = execute(tx, operation, path, absolute, argument);
    } catch (Refusal e) {
      reply = String.valueOf(e.getMessage());
    }
    ModelTransaction after = open.get(who).get(tx);
    return !isWatch && after != null && after.torn ? ANYTHING : reply;
  }

  private String execute(int tx, String operation, String path, String absolute, String argument) {
    return switch (operation) {
      case "READ" -> require(absolute, "r").value();
      case "GET_PERMS" -> require(absolute, "r").perms().text();
      case "DIRECTORY" ->
          String.join("", require(absolute, "r").children().stream().map(n -> n + "|").toList());
      case "WRITE" -> write(absolute, argument);
      case "MKDIR" -> mkdir(absolute);
      case "RM" -> rm(absolute);
      case "SET_PERMS" -> setPerms(absolute, argument);
      case "WATCH" -> watches.watch(client, path, absolute, argument, ModelWatches.UNLIMITED);
      case "WATCH_DEPTH" -> {
        String[] parts = argument.split(" ", 2);
        yield watches.watch(client, path, absolute, parts[0], Integer.parseInt(parts[1]));
      }
      case "UNWATCH" -> watches.unwatch(client, absolute, argument);
      case "RESET_WATCHES" -> {
        watches.reset(client);
        open.get(client).clear();
        yield "OK";
      }
      case "COMMIT" -> commit(tx);
      case "ABORT" -> open.get(client).remove(tx) == null ? "ENOENT" : "OK";
      default -> throw new IllegalArgumentException(operation);
    };
  }

  // ---- nodes

  private static String parentOf(String path) {
    int slash = path.lastIndexOf('/');
    return slash == 0 ? "/" : path.substring(0, slash);
  }

  private static String nameOf(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private Optional<ModelNode> look(String path) {
    return in == null ? Optional.ofNullable(tree.get(path)) : touch(in, path).now;
  }

  private ModelTransaction.Touch touch(ModelTransaction tx, String path) {
    ModelTransaction.Touch known = tx.touched.get(path);
    if (known != null) {
      return known;
    }
    if (domains.exceeds(client, Quota.TRANSACTION_NODES, tx.touched.size() + 1)) {
      tx.doomed = true;
      tx.torn = true; // what it was about to do is done by half
      throw new Refusal("ENOSPC");
    }
    ModelTransaction.Touch fresh = new ModelTransaction.Touch(Optional.ofNullable(tree.get(path)));
    tx.touched.put(path, fresh);
    return fresh;
  }

  private boolean may(int who, ModelNode node, String right) {
    if (domains.isPrivileged(who)) {
      return true;
    }
    int domid = domains.domidOf(who);
    int target = fault == ModelFault.TARGET_FORGOTTEN ? domid : domains.targetOf(domid);
    return node.perms().rights(domid, target).contains(right);
  }

  /// The nearest ancestor that is there.
  private Optional<ModelNode> ancestor(String path) {
    for (String up = path; !up.equals("/"); ) {
      up = parentOf(up);
      Optional<ModelNode> node = look(up);
      if (node.isPresent()) {
        return node;
      }
    }
    return Optional.empty();
  }

  /// The node, if the client has the right. Who may not know of it is told no more than its nearest
  /// ancestor says.
  private ModelNode require(String path, String right) {
    Optional<ModelNode> node = look(path);
    if (node.isPresent() && may(client, node.get(), right)) {
      return node.get();
    }
    boolean told = ancestor(path).filter(up -> may(client, up, right)).isPresent();
    boolean tells = told || fault == ModelFault.MISSING_IS_TOLD;
    throw new Refusal(node.isEmpty() && tells ? "ENOENT" : "EACCES");
  }

  private void put(String path, Optional<ModelNode> node) {
    if (in != null) {
      touch(in, path).now = node;
    } else if (node.isPresent()) {
      tree.put(path, node.get());
    } else {
      tree.remove(path);
    }
  }

  private void changed(String path, ModelNode node) {
    put(
        path,
        Optional.of(new ModelNode(node.value(), node.perms(), node.children(), ++generation)));
  }

  private void requireSize(int size) {
    if (domains.exceeds(client, Quota.NODE_SIZE, size) && fault != ModelFault.FREE_SIZE) {
      throw new Refusal("ENOSPC");
    }
  }

  /// How many nodes a domain owns, the transaction's included.
  private int owned(int domid) {
    int count = (int) tree.values().stream().filter(n -> n.perms().owner() == domid).count();
    return count + (in == null ? 0 : in.more(domid));
  }

  /// Makes a node and what is missing above it, all like the nearest one that is there.
  private void create(String path, String value) {
    Optional<ModelNode> above = ancestor(path);
    if (above.isEmpty() || !may(client, above.get(), "w")) {
      throw new Refusal("EACCES");
    }
    ModelPerms perms = above.get().perms();
    if (!domains.isPrivileged(client)) {
      boolean owns = fault != ModelFault.CREATOR_IS_NO_OWNER;
      perms = owns ? perms.withOwner(domains.domidOf(client)) : perms;
      try {
        checkRoom(path, value, perms, above.get());
      } catch (Refusal e) {
        if (in != null) {
          in.doomed = true;
        }
        throw e;
      }
    }
    make(path, value, perms);
  }

  private void checkRoom(String path, String value, ModelPerms perms, ModelNode above) {
    int missing = 1;
    for (String up = parentOf(path); look(up).isEmpty(); up = parentOf(up)) {
      missing++;
    }
    int owned = owned(domains.domidOf(client)) + missing;
    if (domains.exceeds(client, Quota.NODES, owned) && fault != ModelFault.FREE_NODES) {
      throw new Refusal("ENOSPC");
    }
    requireSize(ModelNode.sizeOf(perms, value));
    String child = path;
    for (int level = 1; level <= missing; level++) {
      int size = level == missing ? above.size() : ModelNode.sizeOf(perms, "");
      requireSize(size + nameOf(child).length() + 1);
      child = parentOf(child);
    }
  }

  private void make(String path, String value, ModelPerms perms) {
    String parent = parentOf(path);
    if (look(parent).isEmpty()) {
      make(parent, "", perms);
    }
    ModelNode above = look(parent).orElseThrow();
    List<String> children = new ArrayList<>(above.children());
    tears(children.contains(nameOf(path)));
    children.add(nameOf(path));
    changed(parent, new ModelNode(above.value(), above.perms(), children, 0));
    changed(path, new ModelNode(value, perms, List.of(), 0));
  }

  private void tears(boolean doesNotFit) {
    if (in != null && doesNotFit) {
      in.torn = true;
    }
  }

  private String write(String path, String value) {
    if (look(path).isPresent()) {
      ModelNode node = require(path, "w");
      ModelNode written = new ModelNode(value, node.perms(), node.children(), 0);
      requireSize(written.size());
      changed(path, written);
    } else {
      create(path, value);
    }
    return wrote(path, Optional.empty());
  }

  private String mkdir(String path) {
    if (look(path).isPresent()) {
      require(path, "w");
      return "OK";
    }
    create(path, "");
    return wrote(path, Optional.empty());
  }

  private String setPerms(String path, String text) {
    if (domains.exceeds(client, Quota.NODE_PERMISSIONS, text.split(" ", -1).length)) {
      throw new Refusal("ENOSPC");
    }
    ModelPerms perms = ModelPerms.parse(text, domains::exists);
    if (perms.entries().getFirst().ignored()) {
      throw new Refusal("ENOENT");
    }
    ModelNode node = requireOwned(path);
    if (!domains.isPrivileged(client) && perms.owner() != node.perms().owner()) {
      throw new Refusal("EPERM");
    }
    ModelNode changed = new ModelNode(node.value(), perms, node.children(), 0);
    requireSize(changed.size());
    changed(path, changed);
    return wrote(
        path, fault == ModelFault.LOSER_IS_NOT_TOLD ? Optional.empty() : Optional.of(node));
  }

  /// The node, if the client may write and owns it; of a missing one its ancestor is asked for one
  /// of both.
  private ModelNode requireOwned(String path) {
    Optional<ModelNode> node = look(path);
    if (node.isPresent() && may(client, node.get(), "o")) {
      return node.get();
    }
    if (node.isEmpty()) {
      require(path, "w");
    }
    ancestor(path); // to see what may be told
    throw new Refusal("EACCES");
  }

  private String rm(String path) {
    if (look(path).isEmpty()) {
      if (ancestor(path).filter(up -> may(client, up, "w")).isEmpty()) {
        throw new Refusal("EACCES");
      }
      return look(parentOf(path)).isPresent() ? "OK" : "ENOENT";
    }
    require(path, "w");
    if (path.equals("/")) {
      return "EINVAL";
    }
    removeSubtree(path);
    return "OK";
  }

  /// Removes a node and what is below, and tells of it.
  private void removeSubtree(String path) {
    if (in == null) {
      tellOfDescendants(path);
      wrote(path, Optional.empty());
    }
    remove(path, true);
    Optional<ModelNode> parent = look(parentOf(path));
    List<String> children = new ArrayList<>(parent.map(ModelNode::children).orElse(List.of()));
    tears(!children.remove(nameOf(path)));
    parent.ifPresent(
        above -> changed(parentOf(path), new ModelNode(above.value(), above.perms(), children, 0)));
    if (in != null) {
      wrote(path, Optional.empty());
    }
  }

  /// Tells of what is below, deepest first, while it is still there to say who may know.
  private void tellOfDescendants(String path) {
    for (String child : look(path).orElseThrow().children()) {
      String below = path + "/" + child;
      tellOfDescendants(below);
      watches.fireExact(below, who -> maySee(who, below, Optional.empty()));
    }
  }

  private void remove(String path, boolean isTop) {
    Optional<ModelNode> node = look(path);
    tears(node.isEmpty());
    if (node.isEmpty()) {
      return;
    }
    if (!isTop && in != null) {
      touch(in, path).vanished = true;
    }
    put(path, Optional.empty());
    for (String child : node.get().children()) {
      remove(path + "/" + child, false);
    }
  }

  /// A request changed a node: tells of it now, or at the commit.
  private String wrote(String path, Optional<ModelNode> before) {
    if (in == null) {
      watches.fire(path, who -> maySee(who, path, before));
    } else {
      touch(in, path).written = true;
    }
    return "OK";
  }

  /// Whether a client hears of a node: it may read it, as it is or as it was, or its parent.
  private boolean maySee(int who, String path, Optional<ModelNode> before) {
    ModelNode node = tree.get(path);
    ModelNode parent = node == null || path.equals("/") ? null : tree.get(parentOf(path));
    return fault == ModelFault.UNREADABLE_IS_TOLD
        || domains.isPrivileged(who)
        || before.filter(old -> may(who, old, "r")).isPresent()
        || (node != null && may(who, node, "r"))
        || (parent != null && may(who, parent, "r"));
  }

  // ---- transactions

  private String commit(int id) {
    ModelTransaction ended = open.get(client).remove(id);
    if (ended == null) {
      return "ENOENT";
    }
    in = null;
    if (ended.doomed && fault != ModelFault.DOOM_FORGOTTEN) {
      return "ENOMEM";
    }
    for (int domid = 1; domid < 10; domid++) {
      int more = ended.more(domid);
      boolean exceeds = more > 0 && owned(domid) + more >= ModelDomains.limit(Quota.NODES);
      if (exceeds && fault != ModelFault.FREE_NODES) {
        return "ENOSPC";
      }
    }
    for (Map.Entry<String, ModelTransaction.Touch> entry : ended.touched.entrySet()) {
      ModelTransaction.Touch touch = entry.getValue();
      boolean isRead = touch.now.equals(touch.found);
      boolean same = Optional.ofNullable(tree.get(entry.getKey())).equals(touch.found);
      if (!same && !(fault == ModelFault.READS_DO_NOT_CONFLICT && isRead)) {
        return "EAGAIN";
      }
    }
    ended.touched.forEach(
        (path, touch) -> {
          if (!touch.now.equals(touch.found)) {
            put(path, touch.now);
          }
        });
    ended.touched.forEach(this::tellOf);
    return "OK";
  }

  private void tellOf(String path, ModelTransaction.Touch touch) {
    if (touch.found.isEmpty() && touch.now.isEmpty()) {
      return; // made and removed again
    }
    if (touch.written) {
      watches.fire(path, who -> maySee(who, path, touch.found));
    } else if (touch.vanished) { // also if it is there again, as somebody's parent
      watches.fireExact(path, who -> maySee(who, path, touch.found));
    }
  }

  // ---- domains

  void born(int domid) {
    domains.born(domid);
  }

  void setTarget(int domid, int target) {
    domains.setTarget(domid, target);
  }

  /// A domain is no more: its connections, then its nodes and its entries, and those who wait for
  /// that are told.
  void died(int domid) {
    for (int of = 0; of < domains.clients(); of++) {
      if (domains.domidOf(of) == domid) {
        open.get(of).clear();
        watches.forget(of);
      }
    }
    domains.died(domid);
    client = 0;
    in = null;
    clean("/", domid);
    watches.fireRelease(domid);
  }

  private void clean(String path, int domid) {
    ModelNode node = tree.get(path);
    if (node == null) {
      return;
    }
    ModelPerms perms = node.perms();
    if (perms.owner() == domid && !path.equals("/")) {
      if (fault != ModelFault.DEAD_KEEP_NODES) {
        removeSubtree(path);
      }
      return;
    }
    if (perms.names(domid) && fault != ModelFault.DEAD_KEEP_ENTRIES) {
      changed(path, new ModelNode(node.value(), perms.without(domid), node.children(), 0));
    }
    for (String child : node.children()) {
      clean((path.equals("/") ? "" : path) + "/" + child, domid);
    }
  }
}

package dev.xenbus.xenstored.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A store as its specification says it, and nothing done to make it fast: what privileged clients
/// see of nodes, watches and transactions. Shares no code with the real one.
final class ModelStore {
  /// A fault that a test plants, to see that it is found.
  enum Fault {
    NONE,
    /// Watches with a depth hear of every level.
    DEPTH_FORGOTTEN,
    /// A transaction that read a node commits although others wrote it.
    READS_DO_NOT_CONFLICT,
    /// Nodes that vanish below a removed one are not told.
    SILENT_DESCENDANTS
  }

  private static final String HOME = "/local/domain/0/";
  private static final int UNLIMITED = -1;

  /// A node. Two that are equal but for the generation are different to a transaction.
  record Node(String value, String perms, List<String> children, long generation) {}

  private record Watch(int client, String path, String shown, String token, int depth) {}

  /// How a transaction found a node, and what it is now; null where there is none.
  private static final class Touch {
    final Optional<Node> found;
    Optional<Node> now;
    boolean written;
    boolean vanished;

    Touch(Optional<Node> found) {
      this.found = found;
      this.now = found;
    }
  }

  private static final class Transaction {
    final LinkedHashMap<String, Touch> touched = new LinkedHashMap<>();

    /// Nodes that were looked at at different times do not fit together: others changed them. Such
    /// a transaction cannot commit, and what it answers until then is not specified.
    boolean torn;
  }

  private final Fault fault;
  private final TreeMap<String, Node> tree = new TreeMap<>();
  private final List<Watch> watches = new ArrayList<>();
  private final List<Map<Integer, Transaction>> open = new ArrayList<>();
  private final List<List<String>> events = new ArrayList<>();
  private final int clients;
  private long generation;

  ModelStore(int clients, Fault fault) {
    this.clients = clients;
    this.fault = fault;
    tree.put("/", new Node("", "n0", List.of("tool"), 0));
    tree.put("/tool", new Node("", "n0", List.of("xenstored"), 0));
    tree.put("/tool/xenstored", new Node("", "n0", List.of(), 0));
    for (int client = 0; client < clients; client++) {
      open.add(new TreeMap<>());
      events.add(new ArrayList<>());
    }
  }

  /// Returns the events that a client got since the last call, in order.
  List<String> events(int client) {
    List<String> got = List.copyOf(events.get(client));
    events.get(client).clear();
    return got;
  }

  /// Says that a client's START was answered with an id.
  void started(int client, int id) {
    open.get(client).put(id, new Transaction());
  }

  boolean isOpen(int client, int id) {
    return open.get(client).containsKey(id);
  }

  /// What a reply may be that is not specified.
  static final String ANYTHING = "*";

  /// Executes a request and returns its reply; `|` stands for NUL, an error is its name.
  String ask(int client, int tx, String operation, String path, String argument) {
    String reply = execute(client, tx, operation, path, argument);
    Transaction in = open.get(client).get(tx);
    return in != null && in.torn ? ANYTHING : reply;
  }

  private String execute(int client, int tx, String operation, String path, String argument) {
    boolean isWatch = operation.equals("WATCH") || operation.equals("UNWATCH");
    if (tx != 0 && !isWatch && !isOpen(client, tx)) {
      return "ENOENT";
    }
    @Nullable Transaction in = isWatch ? null : open.get(client).get(tx);
    String absolute = path.isEmpty() || path.startsWith("/") ? path : HOME + path;
    return switch (operation) {
      case "READ" -> found(in, absolute).map(Node::value).orElse("ENOENT");
      case "GET_PERMS" ->
          found(in, absolute).map(node -> node.perms().replace(' ', '|') + "|").orElse("ENOENT");
      case "DIRECTORY" ->
          found(in, absolute)
              .map(node -> String.join("", node.children().stream().map(n -> n + "|").toList()))
              .orElse("ENOENT");
      case "WRITE" -> write(in, absolute, argument);
      case "MKDIR" -> mkdir(in, absolute);
      case "RM" -> rm(in, absolute);
      case "SET_PERMS" -> setPerms(in, absolute, argument);
      case "WATCH" -> watch(client, path, absolute, argument, UNLIMITED);
      case "WATCH_DEPTH" -> {
        String[] parts = argument.split(" ", 2);
        yield watch(client, path, absolute, parts[0], Integer.parseInt(parts[1]));
      }
      case "UNWATCH" -> unwatch(client, absolute, argument);
      case "RESET_WATCHES" -> {
        watches.removeIf(watch -> watch.client() == client);
        open.get(client).clear();
        yield "OK";
      }
      case "COMMIT" -> commit(client, tx);
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

  private Optional<Node> look(@Nullable Transaction in, String path) {
    if (in == null) {
      return Optional.ofNullable(tree.get(path));
    }
    return touch(in, path).now;
  }

  private Touch touch(Transaction in, String path) {
    return in.touched.computeIfAbsent(path, p -> new Touch(Optional.ofNullable(tree.get(p))));
  }

  /// Looks a node up as a request does that names it: of a missing one the ancestors are looked at
  /// too, up to one that is there, to find what the client may be told.
  private Optional<Node> found(@Nullable Transaction in, String path) {
    Optional<Node> node = look(in, path);
    for (String up = path; node.isEmpty() && !up.equals("/"); ) {
      up = parentOf(up);
      if (look(in, up).isPresent()) {
        break;
      }
    }
    return node;
  }

  private void put(@Nullable Transaction in, String path, Optional<Node> node) {
    if (in == null) {
      if (node.isPresent()) {
        tree.put(path, node.get());
      } else {
        tree.remove(path);
      }
    } else {
      touch(in, path).now = node;
    }
  }

  private void changed(@Nullable Transaction in, String path, Node node) {
    put(in, path, Optional.of(new Node(node.value(), node.perms(), node.children(), ++generation)));
  }

  /// Makes a node and what is missing above it, all like the nearest one that is there.
  private void create(@Nullable Transaction in, String path, String value) {
    String parent = parentOf(path);
    if (look(in, parent).isEmpty()) {
      create(in, parent, "");
    }
    Node above = look(in, parent).orElseThrow();
    List<String> children = new ArrayList<>(above.children());
    tears(in, children.contains(nameOf(path)));
    children.add(nameOf(path));
    changed(in, parent, new Node(above.value(), above.perms(), children, 0));
    changed(in, path, new Node(value, above.perms(), List.of(), 0));
  }

  private static void tears(@Nullable Transaction in, boolean doesNotFit) {
    if (in != null && doesNotFit) {
      in.torn = true;
    }
  }

  private String write(@Nullable Transaction in, String path, String value) {
    Optional<Node> node = found(in, path);
    if (node.isPresent()) {
      changed(in, path, new Node(value, node.get().perms(), node.get().children(), 0));
    } else {
      create(in, path, value);
    }
    wrote(in, path);
    return "OK";
  }

  private String mkdir(@Nullable Transaction in, String path) {
    if (found(in, path).isEmpty()) {
      create(in, path, "");
      wrote(in, path);
    }
    return "OK";
  }

  private String setPerms(@Nullable Transaction in, String path, String perms) {
    Optional<Node> node = found(in, path);
    if (node.isEmpty()) {
      return "ENOENT";
    }
    changed(in, path, new Node(node.get().value(), perms, node.get().children(), 0));
    wrote(in, path);
    return "OK";
  }

  private String rm(@Nullable Transaction in, String path) {
    Optional<Node> node = found(in, path);
    if (node.isEmpty()) {
      return look(in, parentOf(path)).isPresent() ? "OK" : "ENOENT";
    }
    if (path.equals("/")) {
      return "EINVAL";
    }
    remove(in, path, node.get(), true);
    Optional<Node> parent = look(in, parentOf(path));
    List<String> children = new ArrayList<>(parent.map(Node::children).orElse(List.of()));
    tears(in, !children.remove(nameOf(path)));
    parent.ifPresent(
        above -> changed(in, parentOf(path), new Node(above.value(), above.perms(), children, 0)));
    wrote(in, path);
    return "OK";
  }

  /// Removes what is below, deepest first, then the node.
  private void remove(@Nullable Transaction in, String path, Node node, boolean isRoot) {
    for (String child : node.children()) {
      String below = path + "/" + child;
      Optional<Node> found = look(in, below);
      tears(in, found.isEmpty());
      found.ifPresent(there -> remove(in, below, there, false));
    }
    put(in, path, Optional.empty());
    if (!isRoot && in == null) {
      fireExact(path);
    } else if (!isRoot && in != null) {
      touch(in, path).vanished = true;
    }
  }

  private void wrote(@Nullable Transaction in, String path) {
    if (in == null) {
      fire(path);
    } else {
      touch(in, path).written = true;
    }
  }

  // ---- transactions

  private String commit(int client, int id) {
    Transaction ended = open.get(client).remove(id);
    if (ended == null) {
      return "ENOENT";
    }
    for (Map.Entry<String, Touch> entry : ended.touched.entrySet()) {
      Touch touch = entry.getValue();
      boolean isRead = touch.now.equals(touch.found);
      boolean same = Optional.ofNullable(tree.get(entry.getKey())).equals(touch.found);
      if (!same && !(fault == Fault.READS_DO_NOT_CONFLICT && isRead)) {
        return "EAGAIN";
      }
    }
    ended.touched.forEach(
        (path, touch) -> {
          if (!touch.now.equals(touch.found)) {
            put(null, path, touch.now);
          }
        });
    ended.touched.forEach(
        (path, touch) -> {
          if (touch.found.isEmpty() && touch.now.isEmpty()) {
            return; // made and removed again
          }
          if (touch.written) {
            fire(path);
          } else if (touch.vanished) { // also if it is there again, as somebody's parent
            fireExact(path);
          }
        });
    return "OK";
  }

  // ---- watches

  private String watch(int client, String path, String absolute, String token, int depth) {
    for (Watch watch : watches) {
      if (watch.client() == client
          && watch.path().equals(absolute)
          && watch.token().equals(token)) {
        return "EEXIST";
      }
    }
    watches.add(new Watch(client, absolute, path, token, depth));
    queue(client, path + " " + token);
    return "OK";
  }

  private String unwatch(int client, String absolute, String token) {
    boolean had =
        watches.removeIf(
            watch ->
                watch.client() == client
                    && watch.path().equals(absolute)
                    && watch.token().equals(token));
    return had ? "OK" : "ENOENT";
  }

  private void fire(String path) {
    for (int client = 0; client < clients; client++) {
      for (Watch watch : watches) {
        if (watch.client() == client && isAbove(watch.path(), path)) {
          int levels = levels(path) - levels(watch.path());
          boolean deep = watch.depth() != UNLIMITED && levels > watch.depth();
          if (!deep || fault == Fault.DEPTH_FORGOTTEN) {
            tell(watch, path);
          }
        }
      }
    }
  }

  private void fireExact(String path) {
    if (fault == Fault.SILENT_DESCENDANTS) {
      return;
    }
    for (int client = 0; client < clients; client++) {
      for (Watch watch : watches) {
        if (watch.client() == client && watch.path().equals(path)) {
          tell(watch, path);
        }
      }
    }
  }

  private static boolean isAbove(String above, String path) {
    return above.equals("/") || path.equals(above) || path.startsWith(above + "/");
  }

  private static int levels(String path) {
    return path.equals("/") ? 0 : (int) path.chars().filter(c -> c == '/').count();
  }

  private void tell(Watch watch, String path) {
    boolean isRelative = !watch.shown().startsWith("/");
    String shown = isRelative ? path.substring(HOME.length()) : path;
    queue(watch.client(), shown + " " + watch.token());
  }

  /// An event that is the same as one that still waits is swallowed.
  private void queue(int client, String event) {
    if (!events.get(client).contains(event)) {
      events.get(client).add(event);
    }
  }
}

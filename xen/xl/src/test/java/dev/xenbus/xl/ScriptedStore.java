package dev.xenbus.xl;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.PipePair;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A store for tests: small, lenient, with a record of every request and a script that plays the
/// backends. One kthread serves all connections.
final class ScriptedStore {
  /// A backend's part: told of every node that changed for good, it may change others.
  @FunctionalInterface
  public interface Script {
    /// Handles a change; `value` is null if the node is gone.
    void changed(ScriptedStore store, String path, @Nullable String value);
  }

  private record Node(String value, String permissions) {}

  private record Watch(Connection owner, String path, String token) {}

  private static final class Connection {
    private final Pipe pipe;
    private final MessageDecoder decoder = new MessageDecoder();
    private final ByteBuffer input = ByteBuffer.allocate(8192).limit(0);
    private final ArrayDeque<ByteBuffer> output = new ArrayDeque<>();
    private final Map<Integer, Transaction> transactions = new LinkedHashMap<>();

    Connection(Pipe pipe) {
      this.pipe = pipe;
    }
  }

  private static final class Transaction {
    private final NavigableMap<String, Node> tree;
    private final long base;
    private final SequencedSet<String> changed = new LinkedHashSet<>();

    Transaction(NavigableMap<String, Node> tree, long base) {
      this.tree = new TreeMap<>(tree);
      this.base = base;
    }
  }

  private final Cpu cpu;
  private final Poller poller;
  private final List<Connection> connections = new ArrayList<>();
  private final List<Watch> watches = new ArrayList<>();
  private final ArrayDeque<String> changes = new ArrayDeque<>();
  private final List<String> requests = new ArrayList<>();
  private NavigableMap<String, Node> tree = new TreeMap<>();
  private Script script = (store, path, value) -> {};
  private long version;
  private int transactionCounter;
  private int conflicts;

  /// Makes a store with what an init helper writes at boot.
  public ScriptedStore(Cpu cpu) {
    this.cpu = cpu;
    this.poller = cpu.poller("store");
    put("/local/domain/0/domid", "0");
    put("/local/domain/0/name", "Domain-0");
    put("/local/pool/0/name", "Pool-0");
    changes.clear();
  }

  /// Starts to serve.
  public void start() throws NoThread {
    cpu.kthread("xenstored", this::serve).wake();
  }

  public void script(Script newScript) {
    script = newScript;
  }

  /// Lets the next commits fail with a conflict.
  public void conflicts(int commits) {
    conflicts = commits;
  }

  /// Every request so far: `WRITE path value`, `READ path` and so on.
  public List<String> requests() {
    return requests;
  }

  public Optional<String> value(String path) {
    return Optional.ofNullable(tree.get(path)).map(Node::value);
  }

  public String permissions(String path) {
    Node node = tree.get(path);
    return node == null ? "none" : node.permissions();
  }

  /// Every path that there is.
  public List<String> paths() {
    return List.copyOf(tree.keySet());
  }

  /// Changes a node from outside, as dom0.
  public void put(String path, String value) {
    write(tree, path, value);
    version++;
    changes.add(path);
    poller.rouse();
  }

  /// Removes a node from outside.
  public void drop(String path) {
    subtree(tree, path).clear();
    tree.remove(path);
    version++;
    changes.add(path);
    poller.rouse();
  }

  /// Fires `@releaseDomain` or `@introduceDomain`.
  public void fire(String special) {
    changes.add(special);
    poller.rouse();
  }

  /// Returns the client's end of a new connection.
  public Pipe connect() {
    PipePair pair = cpu.pipe(16384);
    Connection connection = new Connection(pair.b());
    pair.b().onActivity(poller::rouse);
    connections.add(connection);
    poller.rouse();
    return pair.a();
  }

  private int serve(Task self) {
    while (!self.shouldStop()) {
      boolean moved = false;
      for (Connection connection : List.copyOf(connections)) {
        moved |= turn(connection);
      }
      while (!changes.isEmpty()) {
        String path = changes.remove();
        fireWatches(path);
        script.changed(this, path, value(path).orElse(null));
        moved = true;
      }
      if (!moved) {
        poller.await(WaitQueue.FOREVER);
      }
    }
    return 0;
  }

  private boolean turn(Connection connection) {
    try {
      boolean moved = false;
      while (!connection.output.isEmpty()) {
        if (connection.pipe.tryWrite(connection.output.peek()) == 0) {
          break;
        }
        moved = true;
        if (!connection.output.peek().hasRemaining()) {
          connection.output.remove();
        }
      }
      Optional<Message> message = connection.decoder.next(connection.input);
      if (message.isEmpty()) {
        connection.input.clear();
        int bytes = connection.pipe.tryRead(connection.input);
        connection.input.flip();
        if (bytes < 0) {
          close(connection);
        }
        return moved || bytes != 0;
      }
      answer(connection, message.get());
      return true;
    } catch (IOException e) {
      close(connection);
      return true;
    }
  }

  private void close(Connection connection) {
    connections.remove(connection);
    watches.removeIf(watch -> watch.owner().equals(connection));
    connection.pipe.close();
  }

  private void answer(Connection from, Message message) {
    MessageType type = MessageType.ofCode(message.header().type()).orElseThrow();
    TransactionId tx = TransactionId.of(message.header().transactionId());
    List<String> words = message.strings();
    requests.add(type + " " + String.join(" ", words));
    byte[] payload;
    MessageType replyType = type;
    try {
      payload = answer(from, type, tx, words);
    } catch (XenstoreException e) {
      replyType = MessageType.ERROR;
      payload = Message.payloadOf(e.errno().name());
    }
    send(from, Message.of(replyType, message.header().requestId(), tx, payload));
    if (type == MessageType.WATCH) {
      event(new Watch(from, words.get(0), words.get(1)), words.get(0));
    }
  }

  private static void send(Connection to, Message message) {
    to.output.add(ByteBuffer.wrap(message.encode()));
  }

  private static void event(Watch watch, String path) {
    send(
        watch.owner(),
        Message.of(
            MessageType.WATCH_EVENT,
            0,
            TransactionId.NONE,
            Message.payloadOf(path, watch.token())));
  }

  private byte[] answer(Connection from, MessageType type, TransactionId id, List<String> words)
      throws XenstoreException {
    Transaction tx = id.isNone() ? null : from.transactions.get(id.value());
    NavigableMap<String, Node> nodes = tx == null ? tree : tx.tree;
    String path = words.isEmpty() ? "" : absolute(words.getFirst());
    switch (type) {
      case READ -> {
        return need(nodes, path).value().getBytes(StandardCharsets.UTF_8);
      }
      case DIRECTORY -> {
        need(nodes, path);
        return Message.payloadOf(children(nodes, path).toArray(String[]::new));
      }
      case WRITE -> {
        write(nodes, path, words.size() > 1 ? words.get(1) : "");
        changed(tx, path);
      }
      case MKDIR -> {
        if (!nodes.containsKey(path)) {
          write(nodes, path, "");
          changed(tx, path);
        }
      }
      case RM -> remove(nodes, tx, path);
      case SET_PERMS -> {
        Node node = need(nodes, path);
        nodes.put(path, new Node(node.value(), String.join(",", words.subList(1, words.size()))));
      }
      case WATCH -> watches.add(new Watch(from, words.get(0), words.get(1)));
      case UNWATCH ->
          watches.removeIf(
              watch -> watch.owner().equals(from) && watch.token().equals(words.get(1)));
      case TRANSACTION_START -> {
        from.transactions.put(++transactionCounter, new Transaction(tree, version));
        return Message.payloadOf(Integer.toString(transactionCounter));
      }
      case TRANSACTION_END -> end(from, id, words.getFirst().equals("T"));
      case GET_DOMAIN_PATH -> {
        return Message.payloadOf("/local/domain/" + words.getFirst());
      }
      case INTRODUCE -> fire("@introduceDomain");
      default -> throw new XenstoreException(Errno.ENOSYS, type.toString());
    }
    return Message.payloadOf("OK");
  }

  private static String absolute(String path) {
    return path.startsWith("/") || path.startsWith("@") ? path : "/local/domain/0/" + path;
  }

  private void changed(@Nullable Transaction tx, String path) {
    if (tx != null) {
      tx.changed.add(path);
    } else {
      version++;
      changes.add(path);
    }
  }

  private void remove(NavigableMap<String, Node> nodes, @Nullable Transaction tx, String path)
      throws XenstoreException {
    if (!nodes.containsKey(path)) {
      need(nodes, parentOf(path));
      return;
    }
    for (String below : List.copyOf(subtree(nodes, path).keySet())) {
      nodes.remove(below);
      changed(tx, below);
    }
    nodes.remove(path);
    changed(tx, path);
  }

  private void end(Connection from, TransactionId id, boolean commit) throws XenstoreException {
    Transaction tx = from.transactions.remove(id.value());
    if (tx == null) {
      throw new XenstoreException(Errno.ENOENT, "no transaction");
    }
    if (!commit) {
      return;
    }
    if (conflicts > 0 || tx.base != version) {
      conflicts = Math.max(0, conflicts - 1);
      throw new XenstoreException(Errno.EAGAIN, "conflict");
    }
    tree = tx.tree;
    version++;
    changes.addAll(tx.changed);
  }

  private static Node need(NavigableMap<String, Node> nodes, String path) throws XenstoreException {
    Node node = nodes.get(path);
    if (node == null) {
      throw new XenstoreException(Errno.ENOENT, path);
    }
    return node;
  }

  private static void write(NavigableMap<String, Node> nodes, String path, String value) {
    String parent = parentOf(path);
    if (!parent.isEmpty() && !nodes.containsKey(parent)) {
      write(nodes, parent, "");
    }
    Node old = nodes.get(path);
    Node above = nodes.get(parent);
    String inherited = above == null ? "n0" : above.permissions();
    nodes.put(path, new Node(value, old == null ? inherited : old.permissions()));
  }

  private static String parentOf(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  private static Map<String, Node> subtree(NavigableMap<String, Node> nodes, String path) {
    return nodes.subMap(path + "/", path + "0"); // '0' follows '/'
  }

  private static List<String> children(NavigableMap<String, Node> nodes, String path) {
    return subtree(nodes, path).keySet().stream()
        .map(below -> below.substring(path.length() + 1))
        .filter(name -> name.indexOf('/') < 0)
        .toList();
  }

  private void fireWatches(String path) {
    for (Watch watch : List.copyOf(watches)) {
      String watched = absolute(watch.path());
      if (path.equals(watched) || path.startsWith(watched + "/")) {
        event(watch, path);
      }
    }
  }
}

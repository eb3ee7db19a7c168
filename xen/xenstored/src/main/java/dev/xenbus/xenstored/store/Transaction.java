package dev.xenbus.xenstored.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A transaction of a client: every node that it touched, as it was found first and as it is now.
///
/// Starting one costs nothing. It commits if every node that it touched, found or missing, still
/// has
/// the generation that it had when touched first.
final class Transaction extends View implements OpenTransaction {
  private static final int TOUCHED_MEMORY_FIXED = 120;

  private final int id;
  private final Client client;
  private final Tree tree;
  private final long startNanos;
  private final Holds holdTable;
  private final List<HotNode> holds = new ArrayList<>(0);
  private final PathMap<Touched> byPath = new PathMap<>();
  private final List<Touched> touched = new ArrayList<>();
  private final List<Touched> made = new ArrayList<>();
  private final PathRef scratch = new PathRef();
  private PathRef path = new PathRef();
  private Touched last;
  private long baseGeneration;
  private boolean failed;
  private int memory;
  private int ownedMore;

  Transaction(int id, Client client, Tree tree, Holds holdTable, long nowNanos) {
    this.id = id;
    this.client = client;
    this.tree = tree;
    this.holdTable = holdTable;
    this.startNanos = nowNanos;
    this.last = new Touched(Bytes.EMPTY, 0, null);
    if (!client.isPrivileged()) {
      client.domain().add(Quota.TRANSACTIONS, 1);
    }
  }

  @Override
  public int id() {
    return id;
  }

  @Override
  public Client client() {
    return client;
  }

  /// The hot nodes that others wait for until it ends; those of [Holds].
  List<HotNode> holds() {
    return holds;
  }

  long startNanos() {
    return startNanos;
  }

  /// How many nodes it touched.
  int size() {
    return touched.size();
  }

  /// Whether a request in it failed in a way that dooms the commit.
  boolean isFailed() {
    return failed;
  }

  /// The nodes touched, in order of first access.
  List<Touched> touched() {
    return touched;
  }

  @Override
  public void release() {
    if (!client.isPrivileged()) {
      client.domain().add(Quota.TRANSACTIONS, -1);
      client.domain().add(Quota.MEMORY, -memory);
    }
  }

  // ---- what requests see and do

  @Override
  @Nullable Node find(PathRef wanted) throws Refused {
    path = wanted;
    int hash = wanted.hash();
    if (byPath.find(wanted.bytes(), wanted.start(), wanted.end(), hash) == null) {
      // Only what a request names is waited for, and before it has done anything.
      holdTable.touch(this, wanted, hash);
    }
    last = touch(wanted, hash);
    return last.current();
  }

  private Touched touch(PathRef wanted) throws Refused {
    return touch(wanted, wanted.hash());
  }

  private Touched touch(PathRef wanted, int hash) throws Refused {
    Touched known = byPath.find(wanted.bytes(), wanted.start(), wanted.end(), hash);
    if (known != null) {
      return known;
    }
    checkRoom(wanted.length());
    if (touched.isEmpty()) {
      baseGeneration = tree.generation();
    }
    Touched entry = new Touched(wanted.copy(), hash, tree.find(wanted) ? tree.found() : null);
    byPath.put(entry);
    touched.add(entry);
    return entry;
  }

  private void checkRoom(int pathBytes) throws Refused {
    if (client.isPrivileged()) {
      return;
    }
    Domain domain = client.domain();
    domain.seen(Quota.TRANSACTION_NODES, touched.size() + 1);
    if (touched.size() + 1 >= domain.limits().hard(Quota.TRANSACTION_NODES)) {
      failed = true;
      throw domain.limits().dialect().quotaError(Quota.TRANSACTION_NODES);
    }
    charge(TOUCHED_MEMORY_FIXED + pathBytes);
  }

  private void charge(int bytes) throws Refused {
    if (client.isPrivileged()) {
      return;
    }
    if (client.domain().lacksMemory(bytes)) {
      failed = true;
      throw Refused.ENOMEM;
    }
    memory += bytes;
    client.domain().add(Quota.MEMORY, bytes);
  }

  @Override
  @Nullable Node ancestor() throws Refused {
    scratch.set(path.bytes(), path.start(), path.end());
    while (scratch.toParent()) {
      Node node = touch(scratch).current();
      if (node != null) {
        return node;
      }
    }
    return null;
  }

  @Override
  int missing() throws Refused {
    int count = 1;
    scratch.set(path.bytes(), path.start(), path.end());
    while (scratch.toParent() && touch(scratch).current() == null) {
      count++;
    }
    return count;
  }

  @Override
  void setValue(byte[] value) throws Refused {
    charge(value.length);
    Node node = found();
    last.set(node.withValue(value, node.generation()));
    last.fireUp();
  }

  @Override
  void setPerms(Perms perms) throws Refused {
    Node node = found();
    count(node, -1);
    last.set(node.withPerms(perms, node.generation()));
    count(found(), 1);
    last.fireUp();
  }

  private Node found() {
    Node node = last.current();
    if (node == null) {
      throw new IllegalStateException("nothing was found");
    }
    return node;
  }

  @Override
  void create(byte[] value, Perms perms) throws Refused {
    charge(value.length);
    Deque<Touched> chain = new ArrayDeque<>();
    scratch.set(path.bytes(), path.start(), path.end());
    Touched entry = last;
    Children below = FewChildren.NONE;
    byte[] content = value;
    while (true) {
      byte[] name = Arrays.copyOfRange(scratch.bytes(), scratch.nameStart(), scratch.end());
      Node node = new Node(name, content, perms, below, 0);
      entry.set(node);
      count(node, 1);
      chain.push(entry);
      scratch.toParent();
      entry = touch(scratch);
      Node parent = entry.current();
      if (parent != null) {
        entry.set(parent.withChildren(withChild(parent.children(), node), parent.generation()));
        break;
      }
      below = FewChildren.NONE.append(node);
      content = Bytes.EMPTY;
    }
    for (Touched each : chain) {
      each.setMadeAt(made.size());
      made.add(each);
    }
    last.fireUp();
  }

  // Parent and child may have been touched at different times, with changes of others in between.
  // Such a transaction never commits, but its requests are answered all the same.
  private static Children withChild(Children children, Node node) {
    byte[] name = node.name();
    int slot = children.find(name, 0, name.length, node.hash());
    return slot < 0 ? children.append(node) : children.replace(slot, node);
  }

  private static Children without(Children children, Node node) {
    byte[] name = node.name();
    int slot = children.find(name, 0, name.length, node.hash());
    return slot < 0 ? children : children.remove(slot);
  }

  @Override
  void remove() throws Refused {
    Touched top = last;
    Node node = found();
    scratch.set(path.bytes(), path.start(), path.end());
    touchDescendants(node);
    scratch.set(path.bytes(), path.start(), path.end());
    scratch.toParent();
    Touched above = touch(scratch);
    Node parent = above.current();
    if (parent != null) {
      above.set(parent.withChildren(without(parent.children(), node), parent.generation()));
    }
    count(node, -1);
    top.set(null);
    top.fireUp();
  }

  /// Looks at each descendant, parents first, and removes it.
  private void touchDescendants(Node top) throws Refused {
    Deque<Level> levels = new ArrayDeque<>();
    levels.push(new Level(path.copy(), top.children()));
    PathRef child = new PathRef();
    while (!levels.isEmpty()) {
      Level level = levels.element();
      Node named = level.next();
      if (named == null) {
        levels.pop();
        continue;
      }
      byte[] childPath = level.pathOf(named);
      child.set(childPath, 0, childPath.length);
      Touched entry = touch(child);
      Node node = entry.current();
      if (node != null) {
        levels.push(new Level(childPath, node.children()));
        count(node, -1);
        entry.set(null);
        entry.fireExact();
      }
    }
  }

  /// Children that are still to be met, below one node.
  private static final class Level {
    private final byte[] path;
    private final Children children;
    private int slot;

    Level(byte[] path, Children children) {
      this.path = path;
      this.children = children;
    }

    @Nullable Node next() {
      Node node = null;
      while (node == null && slot < children.slots()) {
        node = children.at(slot++);
      }
      return node;
    }

    byte[] pathOf(Node child) {
      byte[] name = child.name();
      byte[] whole = Arrays.copyOf(path, path.length + 1 + name.length);
      whole[path.length] = '/';
      System.arraycopy(name, 0, whole, path.length + 1, name.length);
      return whole;
    }
  }

  private void count(Node node, int sign) {
    if (node.perms().owner() == client.domid()) {
      ownedMore += sign;
    }
  }

  @Override
  void fail() {
    failed = true;
  }

  @Override
  int pendingNodes(int domid) {
    return domid == client.domid() ? ownedMore : 0;
  }

  // ---- its end

  /// Whether a node that it touched has changed since.
  boolean conflicts() {
    if (touched.isEmpty() || baseGeneration == tree.generation()) {
      return false;
    }
    for (Touched entry : touched) {
      Node now = tree.find(entry.path(), 0, entry.path().length) ? tree.found() : null;
      if (isChanged(entry.seen(), now)) {
        holdTable.conflict(entry);
        return true;
      }
    }
    return false;
  }

  private static boolean isChanged(@Nullable Node seen, @Nullable Node now) {
    if (seen == null || now == null) {
      return seen != null || now != null;
    }
    return seen.generation() != now.generation();
  }

  /// Whether it changed anything.
  boolean isModifying() {
    for (Touched entry : touched) {
      if (entry.isModified()) {
        return true;
      }
    }
    return false;
  }

  /// Puts the changes into the store. Nothing that it touched may have changed since.
  void apply() {
    for (Touched entry : touched) {
      if (entry.removesSeen() && tree.find(entry.path(), 0, entry.path().length)) {
        tree.remove();
      }
    }
    for (Touched entry : touched) {
      Node current = entry.current();
      if (current != null && entry.isModified() && !entry.isMade()) {
        applyContent(entry, current);
      }
    }
    for (int i = 0; i < made.size(); i++) {
      Touched entry = made.get(i);
      Node current = entry.madeAt() == i ? entry.current() : null;
      if (current != null && !tree.find(entry.path(), 0, entry.path().length)) {
        tree.create(entry.path(), entry.path().length, current.value(), current.perms());
      }
    }
  }

  private void applyContent(Touched entry, Node current) {
    Node seen = entry.seen();
    boolean content = seen == null || !seen.sharesContent(current);
    if (content && tree.find(entry.path(), 0, entry.path().length)) {
      tree.replace(
          tree.found().withContent(current.value(), current.perms(), tree.nextGeneration()));
    }
  }

  /// Tells those who watch what was changed, in order of first access.
  void fire(Events events) {
    for (Touched entry : touched) {
      Node seen = entry.seen();
      if (seen == null && entry.current() == null) {
        continue;
      }
      if (entry.firesUp()) {
        events.fireUp(entry.path(), 0, entry.path().length, seen);
      } else if (entry.firesExact()) {
        events.fireExact(entry.path(), 0, entry.path().length, seen);
      }
    }
  }
}

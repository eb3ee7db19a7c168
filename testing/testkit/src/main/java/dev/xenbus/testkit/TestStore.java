package dev.xenbus.testkit;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.abi.xenstore.TransactionId;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// A small store behind rings, whose every answer a test may script. No permissions, no quotas.
///
/// Threads: any task of the machine.
public final class TestStore {
  private static final int PAYLOAD_MAX = 4096;

  /// A request that is kept.
  ///
  /// @param link who sent it
  /// @param message what it is
  private record Held(StoreLink link, Message message) {}

  private final TestXen xen;
  private final Poller poller;
  private final WaitQueue heldWait;
  private final Mutex lock;
  private final StoreTree tree = new StoreTree();
  private final CopyOnWriteArrayList<StoreLink> links = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<Held> held = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<String> log = new CopyOnWriteArrayList<>();
  private final Task task;
  private volatile StoreScript script = StoreScript.SERVE_ALL;
  private int nextTransaction = 1;

  /// Makes a store and starts its thread.
  ///
  /// @throws NoThread if the thread cannot be made
  public TestStore(Machine machine, TestXen xen) throws NoThread {
    this.xen = xen;
    var cpu = machine.cpu("store");
    poller = cpu.poller("xenstored");
    heldWait = cpu.waitQueue("held");
    lock = cpu.mutex(LockClass.of("test_store"));
    task = cpu.kthread("xenstored", this::serve);
    task.wake();
  }

  /// Connects a kernel.
  public StoreLink connect(TestKernel kernel) {
    StoreLink link = new StoreLink(this, kernel, xen.page());
    links.add(link);
    return link;
  }

  /// Sets what happens to requests from now on.
  public void script(StoreScript newScript) {
    script = newScript;
  }

  /// Returns every request as `TYPE string string`, with `dom<n>` in front, in order of arrival.
  public List<String> log() {
    return List.copyOf(log);
  }

  /// Forgets the log.
  public void clearLog() {
    log.clear();
  }

  void rouse() {
    poller.rouse();
  }

  /// Ends the thread.
  public void stop() {
    stopping = true;
    poller.rouse();
    task.stop();
  }

  private volatile boolean stopping;

  private int serve(Task self) {
    while (!stopping && !self.shouldStop()) {
      boolean moved = false;
      lock.lock();
      try {
        for (StoreLink link : links) {
          moved |= link.pump();
        }
      } catch (XenstoreException e) {
        throw new IllegalStateException(e);
      } finally {
        lock.unlock();
      }
      if (!moved) {
        poller.await(WaitQueue.FOREVER);
      }
    }
    return 0;
  }

  // --- what a test does, in the place of a toolstack ------------------------------------------

  /// Writes a node; missing parents are made.
  public void write(String path, String value) {
    locked(() -> tree.write(Optional.empty(), path, value));
  }

  /// Removes a node and all below it.
  public void remove(String path) {
    locked(() -> tree.remove(Optional.empty(), path));
  }

  /// Returns a node's value, or null's place: empty if there is none.
  public Optional<String> read(String path) {
    lock.lock();
    try {
      return tree.read(Optional.empty(), path);
    } finally {
      lock.unlock();
    }
  }

  /// Fires a special event, such as `@introduceDomain`.
  public void special(String name) {
    locked(() -> links.forEach(link -> link.fire(name, false)));
  }

  /// Sends an event as it stands.
  public void event(StoreLink to, String path, String token) {
    locked(() -> to.event(path, token));
  }

  /// Sends bytes as they stand.
  public void raw(StoreLink to, byte[] bytes) {
    locked(() -> to.raw(bytes));
  }

  /// Takes so many bytes of a kernel's requests from now on and no more; all of them if it is
  /// `Integer.MAX_VALUE`.
  public void intake(StoreLink of, int bytes) {
    locked(() -> of.intake(bytes));
  }

  /// Returns the tokens of a kernel's watches on a path, oldest first.
  public List<String> tokens(StoreLink of, String path) {
    List<String> tokens = new ArrayList<>();
    lock.lock();
    try {
      of.watches()
          .forEach(
              (token, watched) -> {
                if (watched.equals(path)) {
                  tokens.add(token);
                }
              });
    } finally {
      lock.unlock();
    }
    return tokens;
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
      fireAll();
    } finally {
      lock.unlock();
    }
    poller.rouse();
  }

  /// Waits until so many requests are kept.
  public void awaitHeld(int count) {
    heldWait.await(Task.State.D, WaitQueue.FOREVER, () -> held.size() >= count);
  }

  /// Serves a request that is kept; 0 is the oldest.
  public void answerHeld(int index) {
    Held request = held.remove(index);
    locked(() -> serve(request.link(), request.message()));
  }

  // --- requests -------------------------------------------------------------------------------

  void handle(StoreLink link, Message message) {
    MessageType type =
        MessageType.ofCode(message.header().type())
            .orElseThrow(() -> new IllegalStateException("type " + message.header().type()));
    List<String> strings = message.strings();
    log.add("dom" + link.domid() + " " + type + " " + String.join(" ", strings));
    switch (script.judge(link.domid(), type, strings)) {
      case StoreScript.Serve() -> serve(link, message);
      case StoreScript.Hold() -> {
        held.add(new Held(link, message));
        heldWait.wakeAll();
      }
      case StoreScript.Drop() -> {}
      case StoreScript.Fail(Errno errno) -> fail(link, message, errno);
      case StoreScript.Answer(int typeCode, int requestId, String text) ->
          link.reply(
              typeCode,
              requestId == -1 ? message.header().requestId() : requestId,
              message.header().transactionId(),
              text.getBytes(StandardCharsets.ISO_8859_1));
    }
    fireAll();
  }

  private void fireAll() {
    List<String> removals = tree.takeRemovals();
    for (String path : tree.takeEvents()) {
      boolean removed = removals.contains(path) && !tree.exists(path);
      links.forEach(link -> link.fire(path, removed));
    }
  }

  private static void fail(StoreLink link, Message message, Errno errno) {
    link.reply(
        MessageType.ERROR.code(),
        message.header().requestId(),
        message.header().transactionId(),
        Message.payloadOf(errno.name()));
  }

  private static void answer(StoreLink link, Message message, byte[] payload) {
    link.reply(
        message.header().type(),
        message.header().requestId(),
        message.header().transactionId(),
        payload);
  }

  private static void ok(StoreLink link, Message message) {
    answer(link, message, Message.payloadOf("OK"));
  }

  private void serve(StoreLink link, Message message) {
    MessageType type = MessageType.ofCode(message.header().type()).orElseThrow();
    List<String> strings = message.strings();
    TransactionId id = TransactionId.of(message.header().transactionId());
    Optional<StoreTree.Transaction> tx = link.transaction(id);
    if (!id.isNone() && tx.isEmpty()) {
      fail(link, message, Errno.ENOENT);
      return;
    }
    String path = strings.isEmpty() ? "" : link.absolute(strings.getFirst());
    switch (type) {
      case READ ->
          tree.read(tx, path)
              .ifPresentOrElse(
                  value -> answer(link, message, value.getBytes(StandardCharsets.ISO_8859_1)),
                  () -> fail(link, message, Errno.ENOENT));
      case DIRECTORY -> directory(link, message, tree.list(tx, path));
      case DIRECTORY_PART ->
          part(link, message, tree.list(tx, path), Integer.parseInt(strings.get(1)));
      case WRITE -> {
        tree.write(tx, path, strings.size() > 1 ? strings.get(1) : "");
        ok(link, message);
      }
      case RM -> {
        tree.remove(tx, path);
        ok(link, message);
      }
      case WATCH -> {
        link.watches().put(strings.get(1), strings.getFirst());
        ok(link, message);
        link.event(strings.getFirst(), strings.get(1));
      }
      case UNWATCH -> {
        link.watches().remove(strings.get(1));
        ok(link, message);
      }
      case TRANSACTION_START -> {
        int number = nextTransaction++;
        link.transactions().put(number, tree.begin());
        answer(link, message, Message.payloadOf(Integer.toString(number)));
      }
      case TRANSACTION_END -> end(link, message, id, tx.orElseThrow());
      default -> fail(link, message, Errno.ENOSYS);
    }
  }

  private void end(
      StoreLink link, Message message, TransactionId id, StoreTree.Transaction transaction) {
    link.transactions().remove(id.value());
    if (message.string().equals("T") && !tree.commit(transaction)) {
      fail(link, message, Errno.EAGAIN);
      return;
    }
    ok(link, message);
  }

  private static void directory(StoreLink link, Message message, Optional<List<String>> names) {
    if (names.isEmpty()) {
      fail(link, message, Errno.ENOENT);
      return;
    }
    byte[] payload = Message.payloadOf(names.get().toArray(String[]::new));
    if (payload.length > PAYLOAD_MAX) {
      fail(link, message, Errno.E2BIG);
      return;
    }
    answer(link, message, payload);
  }

  private static void part(
      StoreLink link, Message message, Optional<List<String>> names, int offset) {
    List<String> parts = new ArrayList<>();
    parts.add("7");
    int bytes = 2;
    int at = 0;
    boolean all = true;
    for (String name : names.orElse(List.of())) {
      if (at >= offset) {
        if (bytes + name.length() + 1 > PAYLOAD_MAX - 1) {
          all = false;
          break;
        }
        parts.add(name);
        bytes += name.length() + 1;
      }
      at += name.length() + 1;
    }
    if (all) {
      parts.add("");
    }
    answer(link, message, Message.payloadOf(parts.toArray(String[]::new)));
  }

  /// Makes both folders of a device, as a toolstack does.
  ///
  /// @param backend who hosts it
  /// @param frontend whose it is
  public void addDevice(String type, Domid backend, Domid frontend, String id) {
    String front = "/local/domain/" + frontend + "/device/" + type + "/" + id;
    String back = "/local/domain/" + backend + "/backend/" + type + "/" + frontend + "/" + id;
    locked(
        () -> {
          var tx = Optional.of(tree.begin());
          tree.write(tx, front + "/backend", back);
          tree.write(tx, front + "/backend-id", backend.toString());
          tree.write(tx, front + "/state", "1");
          tree.write(tx, back + "/frontend", front);
          tree.write(tx, back + "/frontend-id", frontend.toString());
          tree.write(tx, back + "/online", "1");
          tree.write(tx, back + "/state", "1");
          tree.commit(tx.get());
        });
  }
}

package dev.xenbus.xenstored.server;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.EventOperations;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.PipePair;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.SelectorWait;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstored.store.BadState;
import dev.xenbus.xenstored.store.Client;
import dev.xenbus.xenstored.store.Journal;
import dev.xenbus.xenstored.store.Store;
import dev.xenbus.xenstored.store.StoreHost;
import dev.xenbus.xenstored.store.StoreSettings;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A running daemon: its store, its loop, its sockets, and what connects it to a hypervisor.
public final class Server implements StoreHost {
  /// Each direction of a stream within the machine holds so much.
  private static final int PIPE_BYTES = 1 << 16;

  /// The reference by which the domain builder grants the store page.
  private static final int STORE_GRANT = 1;

  /// What a task ends with that was stopped before it began (`-EINTR`).
  private static final int NEVER_RAN = -4;

  private final Cpu cpu;
  private final Options options;
  private final ServerLoop loop;
  private final Store store;
  private final @Nullable SelectorWait sockets;
  private final List<Listener> listeners = new ArrayList<>();
  private final Map<Integer, Listener> guestListeners = new LinkedHashMap<>();
  private final Map<Integer, PtyBridge> ptys = new LinkedHashMap<>();
  private final @Nullable Task task;
  private @Nullable MemorySegment dom0Page;
  private int virqPort;
  private @Nullable AccessLog accessLog;

  /// The hypervisor, as dom0's devices show it.
  ///
  /// @param grants maps the pages of rings
  /// @param events binds their ports
  /// @param domains says which domains there are
  public record Xen(GrantDevice grants, EventDevice events, Domains domains) {}

  /// Says which domains there are.
  @FunctionalInterface
  public interface Domains {
    /// Returns what the hypervisor says of a domain, or empty if there is none.
    Optional<DomainInfo> info(Domid domid);
  }

  /// What a daemon is to be.
  ///
  /// @param xen the hypervisor; empty where there is none: then every domain counts as existing,
  /// and
  ///     introduced ones have no ring
  /// @param sockets paths of sockets with all privileges
  /// @param guestSockets paths of sockets that speak for a guest, by its id
  /// @param ptys paths of character devices that speak for a domain, by its id
  /// @param settings what the store is to be
  /// @param accessLog a file that gets a line for each request
  /// @param restore a saved store to start with
  /// @param log where log lines go
  public record Options(
      Optional<Xen> xen,
      List<Path> sockets,
      Map<Integer, Path> guestSockets,
      Map<Integer, Path> ptys,
      StoreSettings settings,
      Optional<Path> accessLog,
      Optional<Path> restore,
      ServerLoop.LogSink log) {
    /// The usual: no access log, an empty store.
    public Options(
        Optional<Xen> xen,
        List<Path> sockets,
        Map<Integer, Path> guestSockets,
        ServerLoop.LogSink log) {
      this(
          xen,
          sockets,
          guestSockets,
          Map.of(),
          StoreSettings.USUAL,
          Optional.empty(),
          Optional.empty(),
          log);
    }
  }

  /// Opens the sockets and starts the task `xenstored`.
  ///
  /// @throws IOException if a socket cannot be opened; nothing is left behind then
  /// @throws NoThread if no task can be made
  @SuppressWarnings("this-escape") // the task is started last
  public Server(Cpu cpu, Options options) throws IOException, NoThread {
    this.cpu = cpu;
    this.options = options;
    boolean wantsSockets = !options.sockets.isEmpty() || !options.guestSockets.isEmpty();
    if ((wantsSockets || !options.ptys.isEmpty()) && cpu.machine().isSimulated()) {
      throw new IOException("a simulated machine has no sockets");
    }
    this.sockets = wantsSockets ? new SelectorWait() : null;
    Poller poller = sockets == null ? cpu.poller("do_poll") : cpu.poller("do_epoll_wait", sockets);
    this.loop = new ServerLoop(cpu.machine(), poller, sockets, options.log);
    this.store = new Store(this, options.settings);
    loop.serve(store);
    if (options.restore.isPresent()) {
      restore(options.restore.get());
    }
    boolean done = false;
    try {
      if (options.accessLog.isPresent()) {
        openAccessLog(options.accessLog.get());
        store.logRequests();
      }
      for (Path path : options.sockets) {
        listeners.add(listen(path, () -> Optional.of(store.connect())));
      }
      Path ownDevice = options.ptys.get(0);
      if (ownDevice != null) {
        openPty(0, ownDevice);
      }
      this.task =
          wantsSockets ? cpu.ioThread("xenstored", this::run) : cpu.kthread("xenstored", this::run);
      bindVirq();
      done = true;
    } finally {
      if (!done) {
        closeListeners();
        closeAccessLog();
      }
    }
    task.wake();
  }

  private Listener listen(Path path, Supplier<Optional<Client>> clients) throws IOException {
    SelectorWait selector = sockets;
    if (selector == null) {
      throw new IllegalStateException("no selector");
    }
    return new Listener(loop, selector, path, clients);
  }

  private void bindVirq() throws HypercallException {
    if (options.xen.isPresent()) {
      EventDevice events = options.xen.get().events();
      virqPort = events.bindVirq(EventOperations.VIRQ_DOM_EXC, () -> loop.post(store::scanDomains));
    }
  }

  private int run(Task self) {
    try {
      return loop.run(self);
    } finally {
      cleanUp();
    }
  }

  private void cleanUp() {
    closeListeners();
    loop.end();
    options.xen.ifPresent(xen -> xen.events().unbind(virqPort));
    closeAccessLog();
  }

  private void closeAccessLog() {
    AccessLog opened = accessLog;
    accessLog = null;
    if (opened != null) {
      opened.close();
    }
  }

  private void restore(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      store.restore(in);
    } catch (BadState e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such file", e);
    }
  }

  private void openAccessLog(Path file) throws IOException {
    AccessLog opened = accessLog;
    if (opened != null) {
      opened.reopen(file);
      return;
    }
    try {
      opened = new AccessLog(cpu, file, options.log);
    } catch (NoThread e) {
      throw new IOException("no thread for " + file, e);
    }
    accessLog = opened;
    loop.setAccessLog(opened);
  }

  private void closeListeners() {
    List.copyOf(ptys.values()).forEach(PtyBridge::close);
    ptys.clear();
    listeners.forEach(Listener::close);
    guestListeners.values().forEach(Listener::close);
  }

  // ---- from any context

  /// Opens a privileged connection within the machine, and returns the client's end.
  public Pipe connect() {
    PipePair pair = cpu.pipe(PIPE_BYTES);
    loop.post(() -> loop.addPipe(pair.a()));
    return pair.b();
  }

  /// Connects the ring of domain 0, whose kernel made it itself, and waits until that is done.
  ///
  /// @param page the shared page
  /// @param port the kernel's unbound port
  /// @throws IOException if the port cannot be bound
  public void connectDom0(MemorySegment page, int port) throws IOException {
    WaitQueue done = cpu.waitQueue("xenstored_dom0");
    Outcome outcome = new Outcome();
    loop.post(
        () -> {
          dom0Page = page;
          try {
            store.connectDom0(port);
          } catch (XenstoreException e) {
            outcome.failure = e;
          }
          outcome.done = true;
          done.wakeAll();
        });
    done.await(Task.State.D, WaitQueue.FOREVER, () -> outcome.done);
    if (outcome.failure != null) {
      throw outcome.failure;
    }
  }

  private static final class Outcome {
    volatile boolean done;
    volatile @Nullable IOException failure;
  }

  /// Goes on in a new file of the access log's name: to be called once the old one was moved away.
  public void reopenAccessLog() {
    loop.post(
        () -> {
          AccessLog opened = accessLog;
          if (opened != null) {
            openTrace(opened.path().toString());
          }
        });
  }

  /// Saves the store to a file, whole or not at all, and waits for that.
  ///
  /// @throws IOException if it cannot be written, or a transaction is open
  public void dump(Path file) throws IOException {
    WaitQueue done = cpu.waitQueue("xenstored_dump");
    Outcome outcome = new Outcome();
    loop.post(
        () -> {
          try {
            save(file, store::save);
          } catch (IOException | IllegalStateException e) {
            outcome.failure = new IOException("no dump to " + file + ": " + e.getMessage(), e);
          }
          outcome.done = true;
          done.wakeAll();
        });
    done.await(Task.State.D, WaitQueue.FOREVER, () -> outcome.done);
    if (outcome.failure != null) {
      throw outcome.failure;
    }
  }

  private static void save(Path file, Content content) throws IOException {
    Path beside = Files.createTempFile(file.toAbsolutePath().getParent(), ".xs", ".dump");
    try {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(beside), 1 << 16)) {
        content.write(out);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  /// Stops the task, closes every connection and removes the sockets; waits for that.
  public void stop() {
    loop.stop();
    Task running = task;
    if (running != null && running.stop() == NEVER_RAN) {
      cleanUp();
    }
  }

  /// Has `look` see the store between two requests.
  public void inspect(java.util.function.Consumer<Store> look) {
    loop.post(() -> look.accept(store));
  }

  // ---- what the store asks for, in its task

  @Override
  public Optional<DomainStatus> status(int domid) {
    Domid id = new Domid(domid);
    if (id.isReserved()) {
      return Optional.empty();
    }
    if (options.xen.isEmpty()) {
      return Optional.of(new DomainStatus(new UUID(0, domid), false, false));
    }
    return options
        .xen
        .get()
        .domains()
        .info(id)
        .map(info -> new DomainStatus(info.uuid(), info.shutdown().isPresent(), info.dying()));
  }

  @Override
  public void connectRing(Client ring, int port) throws HypercallException {
    if (options.xen.isPresent()) {
      Endpoint known = loop.endpointOf(ring);
      RingEndpoint endpoint =
          known instanceof RingEndpoint again ? again : newRing(ring, options.xen.get());
      try {
        endpoint.bind(port);
      } catch (HypercallException e) {
        if (known == null) {
          endpoint.hangUp();
        }
        throw e;
      }
      if (known == null) {
        loop.add(endpoint);
      }
    }
    openGuestSocket(ring.domid());
    openGuestPty(ring.domid());
  }

  private void openGuestPty(int domid) {
    Path path = options.ptys.get(domid);
    if (path != null && !ptys.containsKey(domid)) {
      try {
        openPty(domid, path);
      } catch (IOException e) {
        log("device of domain " + domid + ": " + e.getMessage());
      }
    }
  }

  private void openPty(int domid, Path path) throws IOException {
    try {
      ptys.put(domid, new PtyBridge(cpu, path, () -> connectAs(domid), options.log));
    } catch (NoThread e) {
      throw new IOException("no thread for " + path, e);
    }
  }

  private Pipe connectAs(int domid) {
    PipePair pair = cpu.pipe(PIPE_BYTES);
    loop.post(
        () -> {
          Optional<Client> client =
              domid == 0 ? Optional.of(store.connect()) : store.connectAs(domid);
          client.ifPresentOrElse(
              known -> loop.add(new PipeEndpoint(loop, known, pair.a())), pair.a()::close);
        });
    return pair.b();
  }

  private RingEndpoint newRing(Client ring, Xen xen) throws HypercallException {
    MemorySegment page = dom0Page;
    if (ring.domid() == 0) {
      if (page == null) {
        throw new HypercallException(Errno.EINVAL, "domain 0 has no ring");
      }
      return new RingEndpoint(loop, ring, page, () -> {}, xen.events(), cpu.machine());
    }
    GrantDevice.Mapping mapping = xen.grants().map(Domid.of(ring.domid()), STORE_GRANT);
    return new RingEndpoint(
        loop, ring, mapping.page(), mapping::close, xen.events(), cpu.machine());
  }

  private void openGuestSocket(int domid) {
    Path path = options.guestSockets.get(domid);
    if (path == null || guestListeners.containsKey(domid)) {
      return;
    }
    try {
      guestListeners.put(domid, listen(path, () -> store.connectAs(domid)));
    } catch (IOException e) {
      log("guest socket of domain " + domid + ": " + e.getMessage());
    }
  }

  @Override
  public void disconnected(Client client) {
    Endpoint endpoint = loop.endpointOf(client);
    if (endpoint != null) {
      endpoint.drop();
    }
    PtyBridge pty = client.domid() == 0 ? null : ptys.remove(client.domid());
    if (pty != null) {
      pty.close();
    }
    Listener listener = guestListeners.remove(client.domid());
    if (listener != null) {
      listener.close();
    }
  }

  @Override
  public void log(String line) {
    options.log.line(line);
  }

  @Override
  public @Nullable Journal journal() {
    return accessLog;
  }

  @Override
  public boolean dump(String file, Content content) {
    try {
      save(Path.of(file), content);
      return true;
    } catch (IOException e) {
      log(file + ": " + e.getMessage());
      return false;
    }
  }

  @Override
  public boolean openTrace(String file) {
    try {
      openAccessLog(Path.of(file));
      return true;
    } catch (IOException e) {
      log(file + ": " + e.getMessage());
      return false;
    }
  }

  @Override
  public boolean report(String file, String text) {
    AccessLog opened = accessLog;
    if (file.isEmpty() && opened != null) {
      text.lines().forEach(opened::line);
      return true;
    }
    if (file.isEmpty()) {
      return false;
    }
    try {
      Files.writeString(
          Path.of(file), text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      return true;
    } catch (IOException e) {
      log(file + ": " + e.getMessage());
      return false;
    }
  }
}

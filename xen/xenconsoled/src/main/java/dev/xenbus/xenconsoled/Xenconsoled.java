package dev.xenbus.xenconsoled;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Clock;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LockClass;
import dev.xenbus.machine.Mutex;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.Poller;
import dev.xenbus.machine.SpinLock;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstore.client.WatchEvent;
import dev.xenbus.xenstore.client.XenstoreClient;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The console daemon: finds guests by the store's `@introduceDomain`, maps the page that each
/// grants as reference 0, keeps the end of what it prints, and names its `console/tty`. A guest
/// that died keeps its page until the daemon has seen `@releaseDomain`.
///
/// One process of dom0 does all the work; sessions only fill and empty queues.
public final class Xenconsoled implements Consoles {
  private static final int CONSOLE_GRANT_REF = 0; // GNTTAB_RESERVED_CONSOLE
  private static final String INTRODUCED = "introduce";
  private static final String RELEASED = "release";

  /// What the daemon works with.
  ///
  /// @param cpu dom0's
  /// @param store makes the daemon's connection to the store, privileged
  /// @param domains tells which domains there are
  /// @param grants maps the rings
  /// @param events binds the ports
  /// @param log one line for each thing that goes wrong
  public record Options(
      Cpu cpu,
      Connector store,
      DomainControl domains,
      GrantDevice grants,
      EventDevice events,
      Consumer<String> log) {}

  /// Makes a connection to the store.
  @FunctionalInterface
  public interface Connector {
    /// Returns the client's end of the stream.
    ///
    /// @throws IOException if the store's daemon does not take it
    Pipe connect() throws IOException;
  }

  private final Options options;
  private final Poller poller;
  private final WaitQueue appeared;

  private final SpinLock pendingLock;

  @GuardedBy("pendingLock")
  private final SequencedSet<Integer> pending = new LinkedHashSet<>();

  private final Mutex tableLock;

  @GuardedBy("tableLock")
  private final SortedMap<Domid, GuestConsole> consoles = new TreeMap<>();

  // Exclusive to the daemon's process.
  private final SortedMap<Domid, UUID> known = new TreeMap<>();
  private final BitSet ttys = new BitSet();

  /// Makes a daemon that does not run yet.
  public Xenconsoled(Options options) {
    Cpu cpu = options.cpu();
    this.options = options;
    this.poller = cpu.poller("do_sys_poll");
    this.appeared = cpu.waitQueue("console_tty");
    this.pendingLock = cpu.spinLock(LockClass.of("xenconsoled_pending"));
    this.tableLock = cpu.mutex(LockClass.of("xenconsoled_table"));
  }

  /// Starts the daemon's process; a signal ends it.
  ///
  /// @throws NoThread if there can be no process
  public Task start() throws NoThread {
    Task task = options.cpu().process("xenconsoled", this::run);
    task.wake();
    return task;
  }

  private int run(Task self) {
    try {
      try (XenstoreClient store = new XenstoreClient(options.store().connect())) {
        store.onActivity(poller::rouse);
        store.watch("@introduceDomain", INTRODUCED);
        store.watch("@releaseDomain", RELEASED);
        while (!self.signalPending()) {
          boolean served = serveOnce();
          boolean handled = handleOnce(store);
          if (!served && !handled) {
            poller.await(WaitQueue.FOREVER);
          }
        }
      }
      return 0;
    } catch (InterruptedIOException _) {
      return 0; // asked to end
    } catch (IOException e) {
      options.log().accept("xenconsoled: " + e.getMessage());
      return 1;
    } finally {
      endAll();
    }
  }

  // Gives each console that asked one turn. Returns whether there was one.
  private boolean serveOnce() {
    List<Integer> turns;
    pendingLock.lock();
    try {
      turns = List.copyOf(pending);
      pending.clear();
    } finally {
      pendingLock.unlock();
    }
    for (int domid : turns) {
      GuestConsole console = find(Domid.of(domid));
      if (console != null && console.serve()) {
        want(domid);
      }
    }
    return !turns.isEmpty();
  }

  // Called from interrupt handlers too.
  private void want(int domid) {
    pendingLock.lock();
    try {
      pending.add(domid);
    } finally {
      pendingLock.unlock();
    }
    poller.rouse();
  }

  private boolean handleOnce(XenstoreClient store) throws IOException {
    Optional<WatchEvent> event = store.awaitEvent(0);
    if (event.isEmpty()) {
      return false;
    }
    switch (event.get().token()) {
      case INTRODUCED -> findNew(store);
      case RELEASED -> dropDead(store);
      default -> connect(store, event.get().token());
    }
    return true;
  }

  // The nodes of its console may come later than a domain does: each has a watch on them.
  private void findNew(XenstoreClient store) throws IOException {
    for (DomainInfo info : options.domains().list()) {
      boolean isNew =
          !info.domid().equals(Domid.DOM0)
              && !info.dying()
              && !info.uuid().equals(known.get(info.domid()));
      if (isNew) {
        if (known.containsKey(info.domid())) {
          drop(store, info.domid());
        }
        known.put(info.domid(), info.uuid());
        store.watch(pathOf(info.domid()), info.domid().toString());
      }
    }
  }

  private static String pathOf(Domid domid) {
    return "/local/domain/" + domid + "/console";
  }

  // The token is the domid: we made it.
  private void connect(XenstoreClient store, String token) throws IOException {
    Domid domid = Domid.of(Integer.parseInt(token));
    UUID uuid = known.get(domid);
    if (uuid == null || find(domid) != null) {
      return;
    }
    Optional<String> port = store.readIfPresent(pathOf(domid) + "/port");
    if (port.isEmpty() || store.readIfPresent(pathOf(domid) + "/ring-ref").isEmpty()) {
      return;
    }
    try {
      GuestConsole console = open(domid, uuid, Integer.parseInt(port.get()));
      add(console);
      store.write(pathOf(domid) + "/tty", "/dev/pts/" + console.tty());
      want(domid.value());
    } catch (NumberFormatException | HypercallException e) {
      options.log().accept("xenconsoled: console of domain " + domid + ": " + e.getMessage());
    } catch (XenstoreException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      } // else its nodes went meanwhile: it is being destroyed
    }
  }

  private GuestConsole open(Domid domid, UUID uuid, int remotePort) throws HypercallException {
    GrantDevice.Mapping mapping = options.grants().map(domid, CONSOLE_GRANT_REF);
    int port;
    try {
      port = options.events().bindInterdomain(domid, remotePort, () -> want(domid.value()));
    } catch (HypercallException e) {
      mapping.close();
      throw e;
    }
    int tty = ttys.nextClearBit(0);
    ttys.set(tty);
    return new GuestConsole(
        options.cpu(),
        new GuestConsole.Connection(domid, uuid, tty, mapping, options.events(), port),
        () -> want(domid.value()));
  }

  private void add(GuestConsole console) {
    tableLock.lock();
    try {
      consoles.put(console.domid(), console);
    } finally {
      tableLock.unlock();
    }
    appeared.wakeAll();
  }

  private @Nullable GuestConsole find(Domid domid) {
    tableLock.lock();
    try {
      return consoles.get(domid);
    } finally {
      tableLock.unlock();
    }
  }

  // Dead, gone, or another one with the same id.
  private void dropDead(XenstoreClient store) throws IOException {
    for (Domid domid : List.copyOf(known.keySet())) {
      Optional<DomainInfo> info = options.domains().info(domid);
      boolean alive =
          info.isPresent() && !info.get().dying() && info.get().uuid().equals(known.get(domid));
      noteStop(domid, info);
      if (!alive) {
        drop(store, domid);
      }
    }
  }

  // A guest that was suspended goes on later.
  private void noteStop(Domid domid, Optional<DomainInfo> info) {
    GuestConsole console = find(domid);
    Optional<ShutdownReason> reason =
        info.flatMap(DomainInfo::shutdown).filter(why -> why != ShutdownReason.SUSPEND);
    if (console != null && reason.isPresent() && console.uuid().equals(info.orElseThrow().uuid())) {
      console.stop(reason.get());
    }
  }

  private void drop(XenstoreClient store, Domid domid) throws IOException {
    known.remove(domid);
    store.unwatch(pathOf(domid), domid.toString());
    GuestConsole console;
    tableLock.lock();
    try {
      console = consoles.remove(domid);
    } finally {
      tableLock.unlock();
    }
    if (console != null) {
      ttys.clear(console.tty());
      console.end();
    }
  }

  private void endAll() {
    List<GuestConsole> all;
    tableLock.lock();
    try {
      all = List.copyOf(consoles.values());
      consoles.clear();
    } finally {
      tableLock.unlock();
    }
    all.forEach(GuestConsole::end);
  }

  @Override
  public Optional<ConsoleSession> attach(Domid domid, long timeoutNanos) {
    Clock clock = options.cpu().machine().clock();
    long deadline = timeoutNanos == WaitQueue.FOREVER ? timeoutNanos : clock.nanos() + timeoutNanos;
    tableLock.lock();
    try {
      while (true) {
        GuestConsole console = consoles.get(domid);
        if (console != null) {
          return Optional.of(console.attach());
        }
        long left = deadline == WaitQueue.FOREVER ? deadline : deadline - clock.nanos();
        if (left <= 0 || appeared.sleep(Task.State.S, left, tableLock) == WaitQueue.Wake.SIGNAL) {
          return Optional.empty();
        }
      }
    } finally {
      tableLock.unlock();
    }
  }

  @Override
  public byte[] log(Domid domid) {
    GuestConsole console = find(domid);
    return console == null ? new byte[0] : console.logged();
  }
}

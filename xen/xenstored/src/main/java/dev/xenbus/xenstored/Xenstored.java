package dev.xenbus.xenstored;

import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Pipe;
import dev.xenbus.xenstored.server.Server;
import dev.xenbus.xenstored.store.Dialect;
import dev.xenbus.xenstored.store.Quota;
import dev.xenbus.xenstored.store.StoreSettings;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The XenStore daemon: one task, `xenstored`, that serves the rings of domains, streams within the
/// machine and, on a live machine, Unix sockets.
///
/// Threads: every method may be called from any task, and from outside of a live machine.
public final class Xenstored implements AutoCloseable {
  private final Server server;

  /// The hypervisor, as dom0's devices show it.
  ///
  /// @param grants maps the pages of rings (`/dev/xen/gntdev`)
  /// @param events binds their ports (`/dev/xen/evtchn`)
  /// @param domains says which domains there are, and which stopped or died
  public record Xen(GrantDevice grants, EventDevice events, DomainControl domains) {}

  /// What a store is to be, where there is a choice: the options of the real daemon.
  ///
  /// @param dialect which real daemon it answers like: one of [#dialects]
  /// @param quotas hard limits by name (`-Q name=n`); 0 is none
  /// @param softQuotas soft limits by name (`-q name=n`)
  /// @param watchEventSeconds after so many an event that a guest does not take is dropped
  ///     (`-w watch-event=n`); 0 is never
  /// @param keepOrphans whether the nodes of a dead domain are given to domain 0 (`-K`)
  public record Settings(
      String dialect,
      Map<String, Integer> quotas,
      Map<String, Integer> softQuotas,
      int watchEventSeconds,
      boolean keepOrphans) {
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final int WATCH_EVENT_SECONDS = 20;

    /// What a daemon without options has.
    public static final Settings USUAL =
        new Settings("c", Map.of(), Map.of(), WATCH_EVENT_SECONDS, false);

    /// Checks and copies.
    ///
    /// @throws IllegalArgumentException if a name is unknown or a number negative; the message
    ///     says what would be right
    public Settings {
      quotas = Map.copyOf(quotas);
      softQuotas = Map.copyOf(softQuotas);
      parse(dialect, quotas, softQuotas, watchEventSeconds, keepOrphans);
    }

    /// Returns the names of the dialects.
    public static List<String> dialects() {
      return Stream.of(Dialect.values()).map(Dialect::label).toList();
    }

    private StoreSettings parsed() {
      return parse(dialect, quotas, softQuotas, watchEventSeconds, keepOrphans);
    }

    private static StoreSettings parse(
        String dialect,
        Map<String, Integer> quotas,
        Map<String, Integer> softQuotas,
        int watchEventSeconds,
        boolean keepOrphans) {
      Map<Quota, Integer> limits = new TreeMap<>();
      quotas.forEach((name, limit) -> limits.put(quota(name), notNegative(name, limit)));
      Optional<Integer> soft = Optional.empty();
      for (Map.Entry<String, Integer> entry : softQuotas.entrySet()) {
        if (!entry.getKey().equals(Quota.MEMORY.label())) {
          throw new IllegalArgumentException(
              "no soft quota '" + entry.getKey() + "'; there is: memory");
        }
        soft = Optional.of(notNegative("memory", entry.getValue()));
      }
      return new StoreSettings(
          Dialect.ofLabel(dialect)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "no dialect '"
                              + dialect
                              + "'; there are: "
                              + String.join(", ", dialects()))),
          limits,
          soft,
          notNegative("watch-event", watchEventSeconds) * NANOS_PER_SECOND,
          keepOrphans);
    }

    private static Quota quota(String name) {
      return Quota.ofLabel(name)
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "no quota '"
                          + name
                          + "'; there are: "
                          + Stream.of(Quota.values())
                              .map(Quota::label)
                              .collect(Collectors.joining(", "))));
    }

    private static int notNegative(String name, int number) {
      if (number < 0) {
        throw new IllegalArgumentException(name + "=" + number + ": 0 or more is wanted");
      }
      return number;
    }
  }

  /// What a daemon is to be.
  ///
  /// @param xen the hypervisor; empty where there is none: then every domain counts as existing,
  /// and
  ///     introduced ones have no ring
  /// @param sockets paths of Unix sockets with all privileges; live machines only
  /// @param guestSockets paths of Unix sockets that speak for a guest, by its id: closed until it
  /// is
  ///     introduced and from its death on
  /// @param ptys paths of character devices like `/dev/xen/xenbus` that speak for a domain, by its
  ///     id: a guest's is there while it is introduced; one program uses it at a time; live
  ///     machines on Linux only
  /// @param settings what the store is to be
  /// @param accessLog a file that gets a line for each request, error and event, appended
  /// @param restore a file that [Xenstored#dump] made, or the C daemon at a live update: the store
  ///     to start with
  /// @param log takes the lines of the daemon's log; called by its task
  public record Options(
      Optional<Xen> xen,
      List<Path> sockets,
      Map<Integer, Path> guestSockets,
      Map<Integer, Path> ptys,
      Settings settings,
      Optional<Path> accessLog,
      Optional<Path> restore,
      Consumer<String> log) {
    /// Copies, in the given order.
    public Options {
      sockets = List.copyOf(sockets);
      ptys = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(ptys));
      guestSockets = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(guestSockets));
    }

    /// The usual: no access log, an empty store.
    public Options(
        Optional<Xen> xen,
        List<Path> sockets,
        Map<Integer, Path> guestSockets,
        Consumer<String> log) {
      this(
          xen,
          sockets,
          guestSockets,
          Map.of(),
          Settings.USUAL,
          Optional.empty(),
          Optional.empty(),
          log);
    }

    /// Returns the options of a daemon without a hypervisor, on one socket.
    public static Options alone(Path socket, Consumer<String> log) {
      return new Options(Optional.empty(), List.of(socket), Map.of(), log);
    }

    /// Returns the options of a daemon with a hypervisor and no sockets.
    public static Options within(Xen xen, Consumer<String> log) {
      return new Options(Optional.of(xen), List.of(), Map.of(), log);
    }
  }

  /// Starts a daemon; it serves when this returns.
  ///
  /// @param dom0 whose task it is
  /// @throws IOException if a socket is served by somebody else or cannot be opened, or a virtual
  ///     interrupt cannot be bound
  /// @throws NoThread if no task can be made
  public Xenstored(Cpu dom0, Options options) throws IOException, NoThread {
    this.server =
        new Server(
            dom0,
            new Server.Options(
                options
                    .xen()
                    .map(xen -> new Server.Xen(xen.grants(), xen.events(), xen.domains()::info)),
                options.sockets(),
                options.guestSockets(),
                options.ptys(),
                options.settings().parsed(),
                options.accessLog(),
                options.restore(),
                options.log()::accept));
  }

  /// Opens a privileged connection within the machine.
  ///
  /// @return the client's end
  public Pipe connect() {
    return server.connect();
  }

  /// Connects the ring of domain 0, whose kernel allocates page and port itself
  /// (`/proc/xen/xsd_kva`,
  /// `/proc/xen/xsd_port`). Waits, in state D, until that is done.
  ///
  /// @param page the shared page
  /// @param port the kernel's port, unbound, for domain 0
  /// @throws IOException if the port cannot be bound
  public void connectDom0(MemorySegment page, int port) throws IOException {
    server.connectDom0(page, port);
  }

  /// Saves everything that outlives the daemon to a file, whole or not at all: nodes with
  /// permissions, domains with their limits, rings with their watches. Connections over sockets do
  /// not. The format is the state stream of the C daemon's live update, version 2. Waits, in state
  /// D, until that is done.
  ///
  /// @throws IOException if the file cannot be written, or a transaction is open
  public void dump(Path file) throws IOException {
    server.dump(file);
  }

  /// Goes on with the access log in a new file of the same name, once the old one was moved away.
  public void reopenAccessLog() {
    server.reopenAccessLog();
  }

  /// Stops: every connection is closed, every socket removed. Waits for that. May be called twice.
  @Override
  public void close() {
    server.stop();
  }
}

package dev.xenbus.xenstored;

import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Pipe;
import dev.xenbus.xenstored.server.Server;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

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

  /// What a daemon is to be.
  ///
  /// @param xen the hypervisor; empty where there is none: then every domain counts as existing,
  /// and
  ///     introduced ones have no ring
  /// @param sockets paths of Unix sockets with all privileges; live machines only
  /// @param guestSockets paths of Unix sockets that speak for a guest, by its id: closed until it
  /// is
  ///     introduced and from its death on
  /// @param accessLog a file that gets a line for each request, error and event, appended
  /// @param restore a file that [Xenstored#dump] made, or the C daemon at a live update: the store
  ///     to start with
  /// @param log takes the lines of the daemon's log; called by its task
  public record Options(
      Optional<Xen> xen,
      List<Path> sockets,
      Map<Integer, Path> guestSockets,
      Optional<Path> accessLog,
      Optional<Path> restore,
      Consumer<String> log) {
    /// Copies, in the given order.
    public Options {
      sockets = List.copyOf(sockets);
      guestSockets = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(guestSockets));
    }

    /// The usual: no access log, an empty store.
    public Options(
        Optional<Xen> xen,
        List<Path> sockets,
        Map<Integer, Path> guestSockets,
        Consumer<String> log) {
      this(xen, sockets, guestSockets, Optional.empty(), Optional.empty(), log);
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

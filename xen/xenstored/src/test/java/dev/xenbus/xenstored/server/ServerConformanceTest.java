package dev.xenbus.xenstored.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageType;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.xenstore.conformance.Facts;
import dev.xenbus.xenstore.conformance.ScriptRunner;
import dev.xenbus.xenstore.conformance.ScriptRunner.Outcome;
import dev.xenbus.xenstore.conformance.ScriptRunner.Result;
import dev.xenbus.xenstore.conformance.SocketTarget;
import dev.xenbus.xenstore.conformance.StoreScript;
import dev.xenbus.xenstore.conformance.Target;
import dev.xenbus.xenstored.store.Dialect;
import dev.xenbus.xenstored.store.StoreSettings;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// The conformance facts on the daemon: over Unix sockets on a live machine, and through streams
/// and guests' rings on simulated ones.
class ServerConformanceTest {
  private static final List<Integer> GUESTS = List.of(5, 6, 7, 8);
  private static final long STEPS_MAX = 100_000_000;
  private static final int SEEDS = 3;
  private static final List<Dialect> DIALECTS = List.of(Dialect.C, Dialect.OCAML);
  private static final int CHUNK_BYTES = 256; // a ring holds 1024

  @TempDir private Path folder;

  /// The made-up hypervisor.
  private record Xen(FakeXen xen) implements Target.Hypervisor {
    @Override
    public void create(int domid) {
      if (!xen.has(domid)) {
        xen.create(domid);
      }
    }

    @Override
    public void stop(int domid) {
      xen.stop(domid);
    }

    @Override
    public void start(int domid) {
      xen.start(domid);
    }

    @Override
    public void kill(int domid) {
      xen.kill(domid);
    }
  }

  /// Sockets of a daemon whose hypervisor can be played with.
  private record OverSockets(SocketTarget sockets, Xen xen) implements Target {
    @Override
    public String profile() {
      return sockets.profile();
    }

    @Override
    public Channel open() throws IOException {
      return sockets.open();
    }

    @Override
    public Optional<Channel> openDomain(int domid) throws IOException {
      xen.create(domid);
      return sockets.openDomain(domid);
    }

    @Override
    public Optional<Hypervisor> hypervisor() {
      return Optional.of(xen);
    }

    @Override
    public void close() {
      sockets.close();
    }
  }

  /// Streams for the toolstack, rings for guests.
  private static final class WithinMachine implements Target {
    private final Rig rig;
    private final Xen xen;
    private final Dialect dialect;

    WithinMachine(Rig rig, Dialect dialect) {
      this.rig = rig;
      this.dialect = dialect;
      this.xen = new Xen(rig.xen);
    }

    @Override
    public String profile() {
      return dialect.profile();
    }

    @Override
    public Channel open() {
      PipePeer peer = rig.pipe();
      return new Channel() {
        @Override
        public void send(byte[] bytes) throws IOException {
          peer.send(bytes);
        }

        @Override
        public Optional<Message> receive(int timeoutMillis) throws IOException {
          return peer.receive(timeoutMillis);
        }

        @Override
        public void close() {
          peer.pipe.close();
        }
      };
    }

    @Override
    public Optional<Channel> openDomain(int domid) throws IOException {
      xen.create(domid);
      PipePeer toolstack = rig.pipe();
      if (toolstack.ask(MessageType.IS_DOMAIN_INTRODUCED, domid + "|").equals("F|")) {
        String made = toolstack.ask(MessageType.INTRODUCE, domid + "|1|" + (domid + 1) + "|");
        assertEquals("OK|", made);
      }
      toolstack.pipe.close();
      RingPeer peer = new RingPeer(rig.xen.guest(domid));
      return Optional.of(
          new Channel() {
            @Override
            public void send(byte[] bytes) {
              peer.send(bytes, CHUNK_BYTES);
            }

            @Override
            public Optional<Message> receive(int timeoutMillis) throws IOException {
              return peer.receive(timeoutMillis);
            }

            @Override
            public void close() {
              // a ring stays as long as its domain
            }
          });
    }

    @Override
    public Optional<Hypervisor> hypervisor() {
      return Optional.of(xen);
    }

    @Override
    public void close() {
      // the rig is stopped by whoever made it
    }
  }

  @TestFactory
  Stream<DynamicContainer> everyFactHoldsOverSockets() throws Exception {
    List<DynamicContainer> dialects = new ArrayList<>();
    for (Dialect dialect : DIALECTS) {
      dialects.add(reported(dialect.label(), overSockets(dialect)));
    }
    return dialects.stream();
  }

  private List<Result> overSockets(Dialect dialect) throws Exception {
    LiveMachine machine = new LiveMachine();
    Path socket = folder.resolve(dialect.label());
    SequencedMap<Integer, Path> guests = new LinkedHashMap<>();
    GUESTS.forEach(domid -> guests.put(domid, folder.resolve(dialect.label() + "-dom" + domid)));
    return machine.run(
        () -> {
          FakeXen xen = new FakeXen(machine.cpu("guests"));
          Server server =
              new Server(
                  machine.cpu("dom0"),
                  new Server.Options(
                      Optional.of(xen.devices()),
                      List.of(socket),
                      guests,
                      Map.of(),
                      StoreSettings.of(dialect),
                      Optional.empty(),
                      Optional.empty(),
                      line -> {}));
          try {
            SocketTarget sockets = new SocketTarget(socket, guests, dialect.profile());
            return results(new OverSockets(sockets, new Xen(xen)));
          } finally {
            server.stop();
          }
        });
  }

  @TestFactory
  Stream<DynamicContainer> everyFactHoldsThroughStreamsAndRings() throws Exception {
    List<DynamicContainer> runs = new ArrayList<>();
    for (Dialect dialect : DIALECTS) {
      for (long seed = 1; seed <= SEEDS; seed++) {
        runs.add(reported(dialect.label() + ", seed " + seed, withinMachine(dialect, seed)));
      }
    }
    return runs.stream();
  }

  private static List<Result> withinMachine(Dialect dialect, long seed) throws Exception {
    Machine machine =
        new SimulatedMachine(
            SimulatedMachine.Options.seed(seed)
                .with(RandomWalk.patient()) // a reply may not be overtaken by its time-out
                .stepLimit(STEPS_MAX));
    List<Result> results = new ArrayList<>();
    Rig.on(machine, dialect, rig -> results.addAll(results(new WithinMachine(rig, dialect))));
    return results;
  }

  /// Runs every fact of the target's profile.
  private static List<Result> results(Target target) throws IOException {
    ScriptRunner runner = new ScriptRunner(target);
    List<Result> results = new ArrayList<>();
    for (StoreScript script : Facts.all()) {
      if (script.holdsFor(target.profile())) {
        results.add(runner.run(script));
      }
    }
    return results;
  }

  /// One reported test a fact; nearly none may be skipped.
  private static DynamicContainer reported(String name, List<Result> results) {
    Stream<DynamicTest> facts =
        results.stream()
            .map(
                result ->
                    DynamicTest.dynamicTest(
                        result.script().name(),
                        () -> {
                          assumeTrue(result.outcome() != Outcome.SKIPPED, result::detail);
                          assertEquals("", result.detail());
                        }));
    long skipped = results.stream().filter(r -> r.outcome() == Outcome.SKIPPED).count();
    DynamicTest enough =
        DynamicTest.dynamicTest(
            "nearly all are played",
            () -> assertTrue(results.size() > 150 && skipped == 0, () -> skipped + " skipped"));
    return DynamicContainer.dynamicContainer(name, Stream.concat(facts, Stream.of(enough)));
  }

  /// The sockets' end of stream looks the same through [EOFException] wherever it happens.
  @Test
  void aServerThatHangsUpIsTold() throws Exception {
    Target lying = new HangsUp();
    Result result = new ScriptRunner(lying).run(StoreScript.parse("one", "s1 READ / \"\""));
    assertEquals(Outcome.BROKEN, result.outcome());
    assertTrue(result.detail().contains("hung up"), result.detail());
  }

  /// A server that accepts and closes.
  private static final class HangsUp implements Target {
    @Override
    public String profile() {
      return "c";
    }

    @Override
    public Channel open() {
      return new Channel() {
        @Override
        public void send(byte[] bytes) {
          // takes everything
        }

        @Override
        public Optional<Message> receive(int timeoutMillis) throws IOException {
          throw new EOFException("the server hung up");
        }

        @Override
        public void close() {
          // closed already
        }
      };
    }

    @Override
    public Optional<Channel> openDomain(int domid) {
      return Optional.empty();
    }

    @Override
    public void close() {
      // nothing is open
    }
  }
}

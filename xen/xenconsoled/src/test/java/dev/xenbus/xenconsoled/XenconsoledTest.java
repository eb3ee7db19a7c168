package dev.xenbus.xenconsoled;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.lenient;
import static org.mockito.Mockito.mock;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.Errno;
import dev.xenbus.abi.hypercall.DomainControl;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.EventDevice;
import dev.xenbus.abi.hypercall.GrantDevice;
import dev.xenbus.abi.hypercall.HypercallException;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.abi.io.ConsoleRing;
import dev.xenbus.abi.io.RingPoint;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.RandomWalk;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstore.client.XenstoreClient;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class XenconsoledTest {
  private static final long SECOND = 1_000_000_000L;

  /// A dom0 with a real store, the daemon, and guests that are a page each.
  private static final class World implements EventDevice, GrantDevice {
    private final SimulatedMachine machine;
    private final Cpu cpu;
    private final DomainControl domains = mock(DomainControl.class);
    private final TreeMap<Domid, DomainInfo> table = new TreeMap<>();
    private final Map<Domid, MemorySegment> pages = new LinkedHashMap<>();
    private final Map<Integer, Runnable> ports = new LinkedHashMap<>();
    private final List<Domid> unmapped = new ArrayList<>();
    private final List<String> log = new ArrayList<>();
    private int lastPort;

    World(SimulatedMachine.Options options) {
      machine = new SimulatedMachine(options);
      cpu = machine.cpu("dom0");
      lenient().when(domains.list()).thenAnswer(_ -> List.copyOf(table.values()));
      lenient()
          .when(domains.info(org.mockito.ArgumentMatchers.any()))
          .thenAnswer(call -> Optional.ofNullable(table.get(call.getArgument(0, Domid.class))));
    }

    void guest(Domid domid, UUID uuid, boolean dying) {
      guest(domid, uuid, dying, Optional.empty());
    }

    void guest(Domid domid, UUID uuid, boolean dying, Optional<ShutdownReason> reason) {
      table.put(domid, new DomainInfo(domid, uuid, dying, reason, false, false, false, 1, 1, 1, 0));
      pages.computeIfAbsent(domid, _ -> Arena.ofAuto().allocate(4096, 4096));
    }

    ConsoleRing ring(Domid domid) {
      return new ConsoleRing(page(domid), RingPoint.NONE);
    }

    MemorySegment page(Domid domid) {
      return Objects.requireNonNull(pages.get(domid));
    }

    void event(Domid domid) {
      ports.values().stream().toList().forEach(Runnable::run);
      assertTrue(pages.containsKey(domid));
    }

    void print(Domid domid, String text) {
      byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
      int done = 0;
      while (done < bytes.length) {
        int taken = ring(domid).output().put(bytes, done, bytes.length - done);
        done += taken;
        event(domid);
        if (taken == 0) {
          Task.sleep(SECOND / 100);
        }
      }
    }

    @Override
    public int bindInterdomain(Domid remote, int remotePort, Runnable onEvent) {
      ports.put(++lastPort, onEvent);
      return lastPort;
    }

    @Override
    public int bindVirq(int virq, Runnable onEvent) {
      throw new AssertionError("no virq is bound");
    }

    @Override
    public void notify(int port) {}

    @Override
    public void unbind(int port) {
      ports.remove(port);
    }

    @Override
    public Mapping map(Domid granter, int ref) throws HypercallException {
      MemorySegment page = pages.get(granter);
      if (page == null || ref != 0) {
        throw new HypercallException(Errno.EINVAL, "GNTST_bad_gntref");
      }
      return new Mapping() {
        @Override
        public MemorySegment page() {
          return page;
        }

        @Override
        public void close() {
          unmapped.add(granter);
        }
      };
    }

    void run(Main main) throws Exception {
      machine.run(
          () -> {
            Xenstored store =
                new Xenstored(
                    cpu, new Xenstored.Options(Optional.empty(), List.of(), Map.of(), log::add));
            Xenconsoled daemon =
                new Xenconsoled(
                    new Xenconsoled.Options(cpu, store::connect, domains, this, this, log::add));
            Task task = daemon.start();
            try (XenstoreClient client = new XenstoreClient(store.connect())) {
              main.run(this, daemon, client);
            }
            task.signal();
            task.waitFor();
            store.close();
            return 0;
          });
    }

    /// What the toolstack does for a guest: introduces it, then writes its console's nodes.
    void create(XenstoreClient client, Domid domid) throws IOException {
      guest(domid, new UUID(0, 77 + domid.value()), false);
      client.introduce(domid.value(), 1, 1);
      String path = "/local/domain/" + domid + "/console";
      client.inTransaction(
          tx -> {
            tx.write(path + "/port", "2");
            tx.write(path + "/ring-ref", "260094");
          });
    }
  }

  private interface Main {
    void run(World world, Xenconsoled daemon, XenstoreClient client) throws Exception;
  }

  private static World fair() {
    return new World(SimulatedMachine.Options.fair());
  }

  private static String read(ConsoleSession session) {
    byte[] bytes = new byte[100_000];
    int count = session.read(bytes, SECOND);
    return new String(bytes, 0, Math.max(count, 0), StandardCharsets.ISO_8859_1);
  }

  @Test
  void guestsConsoleGetsATtyAndItsOutputIsKept() throws Exception {
    fair()
        .run(
            (world, daemon, client) -> {
              Domid domid = Domid.of(3);
              world.create(client, domid);
              Optional<ConsoleSession> session = daemon.attach(domid, SECOND);
              assertTrue(session.isPresent());
              assertEquals("/dev/pts/0", client.read("/local/domain/3/console/tty"));
              assertTrue(world.ring(domid).connected());
              world.print(domid, "hello");
              assertEquals("hello", read(session.get()));
              assertArrayEquals("hello".getBytes(StandardCharsets.US_ASCII), daemon.log(domid));
            });
  }

  @Test
  void inputReachesTheGuestHoweverMuchItIs() throws Exception {
    fair()
        .run(
            (world, daemon, client) -> {
              Domid domid = Domid.of(3);
              world.create(client, domid);
              ConsoleSession session = daemon.attach(domid, SECOND).orElseThrow();
              byte[] typed = new byte[10_000];
              for (int i = 0; i < typed.length; i++) {
                typed[i] = (byte) i;
              }
              Task typist =
                  world.cpu.process(
                      "typist", _ -> session.write(typed, typed.length, 100 * SECOND) & 1);
              typist.wake();
              byte[] got = new byte[typed.length];
              int done = 0;
              while (done < got.length) {
                int taken = world.ring(domid).input().take(got, done, got.length - done);
                done += taken;
                world.event(domid);
                Task.sleep(SECOND / 1000);
              }
              assertArrayEquals(typed, got);
            });
  }

  @Test
  void outputWaitsForASlowSessionAndNothingIsLost() throws Exception {
    fair()
        .run(
            (world, daemon, client) -> {
              Domid domid = Domid.of(3);
              world.create(client, domid);
              ConsoleSession session = daemon.attach(domid, SECOND).orElseThrow();
              String all = "0123456789".repeat(10_000);
              Task guest =
                  world.cpu.process(
                      "guest",
                      _ -> {
                        world.print(domid, all);
                        return 0;
                      });
              guest.wake();
              Task.sleep(SECOND);
              StringBuilder got = new StringBuilder();
              while (got.length() < all.length()) {
                got.append(read(session));
              }
              assertEquals(all, got.toString());
              assertEquals(GuestConsole.LOG_BYTES_MAX, daemon.log(domid).length);
              guest.waitFor();
            });
  }

  @Test
  void deadGuestsPageIsGivenBackAndSessionsEnd() throws Exception {
    fair()
        .run(
            (world, daemon, client) -> {
              Domid domid = Domid.of(3);
              world.create(client, domid);
              ConsoleSession session = daemon.attach(domid, SECOND).orElseThrow();
              world.print(domid, "last words");
              world.guest(domid, new UUID(0, 80), true);
              client.release(3);
              Task.sleep(SECOND);
              assertEquals(List.of(domid), world.unmapped);
              assertTrue(world.ports.isEmpty());
              assertEquals("last words", read(session));
              assertEquals(-1, session.read(new byte[1], SECOND));
              assertFalse(daemon.attach(domid, 0).isPresent());
            });
  }

  @Test
  void sessionLearnsWhyTheGuestStoppedEvenIfItIsDestroyedAtOnce() throws Exception {
    for (boolean dying : new boolean[] {false, true}) {
      fair()
          .run(
              (world, daemon, client) -> {
                Domid domid = Domid.of(3);
                world.create(client, domid);
                ConsoleSession session = daemon.attach(domid, SECOND).orElseThrow();
                assertEquals(Optional.empty(), session.stopped());
                world.print(domid, "going down");
                world.guest(domid, new UUID(0, 80), dying, Optional.of(ShutdownReason.POWEROFF));
                client.release(3);
                Task.sleep(SECOND);
                assertEquals("going down", read(session));
                assertEquals(-1, session.read(new byte[1], SECOND));
                assertEquals(Optional.of(ShutdownReason.POWEROFF), session.stopped());
              });
    }
  }

  @Test
  void laterGuestWithTheSameIdGetsAConsoleOfItsOwn() throws Exception {
    fair()
        .run(
            (world, daemon, client) -> {
              Domid domid = Domid.of(3);
              world.create(client, domid);
              assertTrue(daemon.attach(domid, SECOND).isPresent());
              world.print(domid, "old");
              world.table.remove(domid);
              client.rm("/local/domain/3");
              client.release(3);
              Task.sleep(SECOND);
              world.pages.remove(domid);
              world.create(client, domid);
              ConsoleSession session = daemon.attach(domid, SECOND).orElseThrow();
              world.print(domid, "new");
              assertEquals("new", read(session));
              assertEquals(3, daemon.log(domid).length);
            });
  }

  @Test
  void brokenRingEndsTheServiceOfThatGuestAlone() throws Exception {
    fair()
        .run(
            (world, daemon, client) -> {
              Domid bad = Domid.of(3);
              Domid good = Domid.of(4);
              world.create(client, bad);
              world.create(client, good);
              assertTrue(daemon.attach(bad, SECOND).isPresent());
              ConsoleSession session = daemon.attach(good, SECOND).orElseThrow();
              world.page(bad).set(ValueLayout.JAVA_INT, 3084, 1 << 20);
              world.event(bad);
              world.print(good, "alive");
              assertEquals("alive", read(session));
            });
  }

  @Test
  void keyboardIsOneSessionsAtATime() throws Exception {
    fair()
        .run(
            (world, daemon, client) -> {
              Domid domid = Domid.of(3);
              world.create(client, domid);
              ConsoleSession first = daemon.attach(domid, SECOND).orElseThrow();
              ConsoleSession second = daemon.attach(domid, SECOND).orElseThrow();
              assertTrue(first.claimInput(0));
              assertTrue(first.claimInput(0));
              assertFalse(second.claimInput(SECOND));
              first.close();
              first.close();
              assertTrue(second.claimInput(0));
            });
  }

  @Test
  void everySeedDeliversEverything() throws Exception {
    for (long seed = 0; seed < 20; seed++) {
      World world = new World(SimulatedMachine.Options.seed(seed).with(new RandomWalk()));
      String message = "seed " + seed;
      world.run(
          (w, daemon, client) -> {
            Domid domid = Domid.of(7);
            w.create(client, domid);
            ConsoleSession session = daemon.attach(domid, WaitQueue.FOREVER).orElseThrow();
            w.print(domid, message);
            StringBuilder got = new StringBuilder();
            while (got.length() < message.length()) {
              got.append(read(session));
            }
            assertEquals(message, got.toString());
          });
    }
  }
}

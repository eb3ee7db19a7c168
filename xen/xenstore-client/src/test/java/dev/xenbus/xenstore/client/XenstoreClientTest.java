package dev.xenbus.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.MessageHeader;
import dev.xenbus.abi.xenstore.Permissions;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.PipePair;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.xenstored.Xenstored;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

class XenstoreClientTest {
  private static final int SEEDS = 10;

  private interface Script {
    void run(Xenstored daemon, Cpu cpu) throws Exception;
  }

  private static void everywhere(Script script) throws MachineFailure {
    on(new LiveMachine(), script);
    for (long seed = 1; seed <= SEEDS; seed++) {
      on(new SimulatedMachine(seed), script);
    }
  }

  private static void on(Machine machine, Script script) throws MachineFailure {
    Callable<Void> main =
        () -> {
          Cpu cpu = machine.cpu("dom0");
          Xenstored.Options options =
              new Xenstored.Options(Optional.empty(), List.of(), Map.of(), line -> {});
          try (Xenstored daemon = new Xenstored(cpu, options)) {
            script.run(daemon, cpu);
          }
          return null;
        };
    machine.run(main);
  }

  private static Errno errno(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(XenstoreException.class, call).errno();
  }

  @Test
  void nodesAreReadAndWritten() throws MachineFailure {
    everywhere(
        (daemon, cpu) -> {
          try (XenstoreClient client = new XenstoreClient(daemon.connect())) {
            client.write("/a/b", "grün");
            assertEquals("grün", client.read("/a/b"));
            client.writeBytes("/a/c", new byte[] {0, 1, -1});
            assertArrayEquals(new byte[] {0, 1, -1}, client.readBytes("/a/c"));
            client.mkdir("/a/d");
            assertEquals(List.of("b", "c", "d"), client.directory("/a"));
            client.rm("/a/d");
            assertTrue(client.exists("/a/b"));
            assertFalse(client.exists("/a/d"));
            assertEquals(Optional.empty(), client.readIfPresent("/a/d"));
            assertEquals(List.of(), client.directoryIfPresent("/a/d"));
            client.setPermissions("/a", Permissions.of("r0", "b5"));
            assertEquals(Permissions.of("r0", "b5"), client.getPermissions("/a"));
            assertEquals(Errno.ENOENT, errno(() -> client.read("/a/d")));
            assertEquals(Errno.EINVAL, errno(() -> client.read("/a/")));
            assertEquals(Errno.EINVAL, errno(() -> client.read("/a\0b")));
            assertEquals(Errno.E2BIG, errno(() -> client.write("/a", "x".repeat(4096))));
            assertEquals("grün", client.read("/a/b"));
          }
        });
  }

  @Test
  void longListsComeInParts() throws MachineFailure {
    everywhere(
        (daemon, cpu) -> {
          try (XenstoreClient client = new XenstoreClient(daemon.connect())) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
              names.add("a-name-that-takes-some-room-" + i);
              client.mkdir("/d/" + names.get(i));
            }
            assertEquals(names, client.directory("/d"));
          }
        });
  }

  @Test
  void transactionsOfManyTasksAllSucceed() throws MachineFailure {
    everywhere(
        (daemon, cpu) -> {
          List<Task> tasks = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            Task task = cpu.process("counter", self -> count(daemon));
            tasks.add(task);
            task.wake();
          }
          for (Task task : tasks) {
            assertEquals(0, task.waitFor());
          }
          try (XenstoreClient client = new XenstoreClient(daemon.connect())) {
            assertEquals("40", client.read("/counter"));
          }
        });
  }

  private static int count(Xenstored daemon) {
    try (XenstoreClient client = new XenstoreClient(daemon.connect())) {
      for (int i = 0; i < 10; i++) {
        client.inTransaction(
            tx -> {
              int value = Integer.parseInt(tx.readIfPresent("/counter").orElse("0"));
              tx.write("/counter", Integer.toString(value + 1));
            });
      }
      return 0;
    } catch (IOException e) {
      return 1;
    }
  }

  @Test
  void failedWorkDropsItsTransaction() throws MachineFailure {
    everywhere(
        (daemon, cpu) -> {
          try (XenstoreClient client = new XenstoreClient(daemon.connect())) {
            assertEquals(
                Errno.ENOENT,
                errno(
                    () ->
                        client.inTransaction(
                            tx -> {
                              tx.write("/a", "x");
                              tx.read("/missing");
                            })));
            assertFalse(client.exists("/a"));
            assertEquals("r", client.transaction(tx -> "r"));
          }
        });
  }

  @Test
  void eventsAreQueuedBehindReplies() throws MachineFailure {
    everywhere(
        (daemon, cpu) -> {
          try (XenstoreClient client = new XenstoreClient(daemon.connect());
              XenstoreClient other = new XenstoreClient(daemon.connect())) {
            client.watch("/w", "t");
            assertEquals(new WatchEvent("/w", "t"), client.awaitEvent());
            assertEquals(Optional.empty(), client.awaitEvent(1_000_000));
            assertEquals(Errno.EEXIST, errno(() -> client.watch("/w", "t")));
            other.write("/w/x", "1");
            client.write("/w/y", "1");
            assertEquals("1", client.read("/w/x"));
            assertEquals(new WatchEvent("/w/x", "t"), client.awaitEvent());
            assertEquals(new WatchEvent("/w/y", "t"), client.awaitEvent());
            client.watch("/w", "deep", 0);
            client.unwatch("/w", "t");
            assertEquals(new WatchEvent("/w", "deep"), client.awaitEvent());
            other.write("/w/z", "1");
            assertEquals(Errno.ENOENT, errno(() -> client.unwatch("/w", "t")));
            client.resetWatches();
            other.write("/w", "1");
            assertEquals(Optional.empty(), client.awaitEvent(1_000_000));
          }
        });
  }

  @Test
  void domainsComeAndGo() throws MachineFailure {
    everywhere(
        (daemon, cpu) -> {
          try (XenstoreClient client = new XenstoreClient(daemon.connect())) {
            client.watch("@introduceDomain", "i");
            client.watch("@releaseDomain", "r");
            client.awaitEvent();
            client.awaitEvent();
            client.introduce(5, 1, 2);
            assertTrue(client.isDomainIntroduced(5));
            assertFalse(client.isDomainIntroduced(6));
            assertEquals(new WatchEvent("@introduceDomain", "i"), client.awaitEvent());
            client.introduce(6, 1, 2);
            client.setTarget(6, 5);
            client.resume(5);
            client.release(5);
            client.dropEvents("i");
            assertEquals(new WatchEvent("@releaseDomain", "r"), client.awaitEvent());
            assertEquals(Errno.ENOENT, errno(() -> client.release(5)));
            assertEquals("/local/domain/5", client.getDomainPath(5));
            assertTrue(client.control("help").contains("quota"));
          }
        });
  }

  @Test
  void daemonThatIsGoneBreaksTheConnection() throws MachineFailure {
    everywhere(
        (daemon, cpu) -> {
          XenstoreClient client = new XenstoreClient(daemon.connect());
          client.write("/a", "x");
          daemon.close();
          assertThrows(IOException.class, () -> client.read("/a"));
          assertThrows(IOException.class, () -> client.read("/a"));
          client.close();
          client.close();
        });
  }

  @Test
  void hostileDaemonBreaksTheConnectionAndNothingElse() throws MachineFailure {
    int[][] answers = {
      {2, 1, 0, 0x7fffffff}, // a length that nothing has
      {3, 1, 0, 0}, // another type than asked for
      {2, 99, 0, 0}, // a reply to no request
      {15, 0, 0, 0}, // an event without path and token
    };
    for (int[] answer : answers) {
      on(
          new SimulatedMachine(1),
          (daemon, cpu) -> {
            PipePair pair = cpu.pipe(1000);
            XenstoreClient client = new XenstoreClient(pair.b());
            ByteBuffer header = ByteBuffer.allocate(16);
            new MessageHeader(answer[0], answer[1], answer[2], answer[3]).writeTo(header);
            pair.a().tryWrite(header.flip());
            IOException broken = assertThrows(IOException.class, () -> client.read("/a"));
            assertFalse(broken instanceof EOFException, broken.toString());
            assertThrows(IOException.class, () -> client.read("/a"));
          });
    }
  }
}

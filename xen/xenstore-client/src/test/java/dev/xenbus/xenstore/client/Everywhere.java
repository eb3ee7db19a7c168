package dev.xenbus.xenstore.client;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.xenbus.abi.Errno;
import dev.xenbus.abi.xenstore.Message;
import dev.xenbus.abi.xenstore.MessageDecoder;
import dev.xenbus.abi.xenstore.XenstoreException;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.Machine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.Pipe;
import dev.xenbus.machine.SimulatedMachine;
import dev.xenbus.machine.Task;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.function.Executable;

/// Runs a script with a daemon: in real time, over a pipe and over a socket, and under many
/// schedules of virtual time.
final class Everywhere {
  private static final int SEEDS = 30;

  private Everywhere() {}

  /// A daemon to connect to.
  interface Store {
    XenstoreClient connect() throws IOException;
  }

  interface Script {
    void run(Store store, Xenstored daemon, Cpu cpu) throws Exception;
  }

  interface DaemonScript {
    void run(Xenstored daemon, Cpu cpu) throws Exception;
  }

  static void run(Script script) throws Exception {
    with(
        new LiveMachine(), List.of(), (daemon, cpu) -> script.run(pipes(daemon, cpu), daemon, cpu));
    overASocket(script);
    for (long seed = 1; seed <= SEEDS; seed++) {
      with(
          new SimulatedMachine(seed),
          List.of(),
          (daemon, cpu) -> script.run(pipes(daemon, cpu), daemon, cpu));
    }
  }

  private static Store pipes(Xenstored daemon, Cpu cpu) {
    return () -> new XenstoreClient(cpu, daemon.connect());
  }

  static void overASocket(Script script) throws Exception {
    Path folder = Files.createTempDirectory("xs");
    Path socket = folder.resolve("s");
    try {
      with(
          new LiveMachine(),
          List.of(socket),
          (daemon, cpu) -> script.run(() -> XenstoreClient.open(cpu, socket), daemon, cpu));
    } finally {
      Files.deleteIfExists(socket);
      Files.delete(folder);
    }
  }

  static void with(Machine machine, List<Path> sockets, DaemonScript script) throws MachineFailure {
    Callable<Void> main =
        () -> {
          Cpu cpu = machine.cpu("dom0");
          Xenstored.Options options =
              new Xenstored.Options(Optional.empty(), sockets, Map.of(), line -> {});
          try (Xenstored daemon = new Xenstored(cpu, options)) {
            script.run(daemon, cpu);
          }
          return null;
        };
    machine.run(main);
  }

  static Errno errno(Executable call) {
    return assertThrows(XenstoreException.class, call).errno();
  }

  /// Runs work in a task of its own; its exit code says whether it went well.
  static Task task(Cpu cpu, Callable<?> work) throws Exception {
    Task task =
        cpu.process(
            "work",
            self -> {
              try {
                Object result = work.call();
                return result == null ? 1 : 0;
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            });
    task.wake();
    return task;
  }

  /// Reads the next request that came through a pipe: the test is the daemon.
  static Message request(Pipe pipe, MessageDecoder decoder) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    while (true) {
      one.clear();
      if (pipe.tryRead(one) == 0) {
        if (pipe.awaitReadable(WaitQueue.FOREVER) != WaitQueue.Wake.READY) {
          throw new IOException("no request came");
        }
        continue;
      }
      Optional<Message> message = decoder.next(one.flip());
      if (message.isPresent()) {
        return message.get();
      }
    }
  }
}

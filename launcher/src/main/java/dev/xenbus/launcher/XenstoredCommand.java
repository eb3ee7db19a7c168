package dev.xenbus.launcher;

import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `xenemu xenstored`: the store alone.
@Command(
    name = "xenstored",
    mixinStandardHelpOptions = true,
    header = "The store alone, on Unix sockets.",
    description = "Prints ready on standard output once it answers; stops on SIGTERM.")
final class XenstoredCommand implements Callable<Integer> {
  @Option(
      names = "--socket",
      required = true,
      paramLabel = "PATH",
      description = "A socket with all privileges; may be given more than once.")
  private List<Path> sockets = new ArrayList<>();

  @Option(
      names = "--guest-socket",
      paramLabel = "DOMID=PATH",
      description = "A socket that acts as that domain once it is introduced.")
  private SequencedMap<Integer, Path> guestSockets = new LinkedHashMap<>();

  @Option(
      names = "--dump",
      paramLabel = "FILE",
      description = "On SIGTERM, save the store to FILE; fails while a transaction is open.")
  private @Nullable Path dump;

  @Option(
      names = "--restore",
      paramLabel = "FILE",
      description = "Start with a store that --dump saved, or the C daemon at a live update.")
  private @Nullable Path restore;

  @Option(
      names = "--access-log",
      paramLabel = "FILE",
      description = "Append a line for each request, error and event; SIGHUP reopens FILE.")
  private @Nullable Path accessLog;

  /// Made by picocli.
  XenstoredCommand() {}

  @Override
  public Integer call() throws MachineFailure {
    LiveMachine machine = new LiveMachine();
    return machine.run(() -> serve(machine.cpu("dom0")));
  }

  private int serve(Cpu cpu) throws IOException, NoThread {
    Completion stop = cpu.completion("sigtimedwait");
    Xenstored.Options options =
        new Xenstored.Options(
            Optional.empty(),
            sockets,
            guestSockets,
            Optional.ofNullable(accessLog),
            Optional.ofNullable(restore),
            line -> System.err.println("xenstored: " + line));
    try (Xenstored daemon = new Xenstored(cpu, options)) {
      Signals.register("TERM", stop::completeAll);
      Signals.register("INT", stop::completeAll);
      Signals.register("HUP", daemon::reopenAccessLog);
      System.out.println("ready");
      stop.await(WaitQueue.FOREVER);
      if (dump != null) {
        daemon.dump(dump);
      }
      return 0;
    }
  }
}

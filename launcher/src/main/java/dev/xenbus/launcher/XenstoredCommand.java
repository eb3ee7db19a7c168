package dev.xenbus.launcher;

import dev.xenbus.machine.Completion;
import dev.xenbus.machine.Cpu;
import dev.xenbus.machine.LiveMachine;
import dev.xenbus.machine.MachineFailure;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.WaitQueue;
import dev.xenbus.xenstored.Xenstored;
import java.io.IOException;
import java.nio.file.Files;
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
      names = "--pty",
      paramLabel = "DOMID=PATH",
      description = "A device like /dev/xen/xenbus that acts as that domain, for guest agents.")
  private SequencedMap<Integer, Path> ptys = new LinkedHashMap<>();

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

  @Option(
      names = "--dialect",
      paramLabel = "NAME",
      defaultValue = "c",
      description = "Answer like c (the C daemon of today), c-4.17 or ocaml; default: c.")
  private String dialect = "c";

  @Option(
      names = {"-Q", "--quota"},
      paramLabel = "NAME=N",
      description = "A hard limit of each guest, such as nodes=1000; 0 is none.")
  private SequencedMap<String, Integer> quotas = new LinkedHashMap<>();

  @Option(
      names = {"-q", "--quota-soft"},
      paramLabel = "NAME=N",
      description = "A limit beyond which only the log says something: memory=N.")
  private SequencedMap<String, Integer> softQuotas = new LinkedHashMap<>();

  @Option(
      names = {"-E", "--entry-nb"},
      paramLabel = "N",
      description = "Same as --quota nodes=N.")
  private @Nullable Integer nodes;

  @Option(
      names = {"-S", "--entry-size"},
      paramLabel = "N",
      description = "Same as --quota node-size=N.")
  private @Nullable Integer nodeSize;

  @Option(
      names = {"-W", "--watch-nb"},
      paramLabel = "N",
      description = "Same as --quota watches=N.")
  private @Nullable Integer watches;

  @Option(
      names = {"-t", "--transaction"},
      paramLabel = "N",
      description = "Same as --quota transactions=N.")
  private @Nullable Integer transactions;

  @Option(
      names = {"-A", "--perm-nb"},
      paramLabel = "N",
      description = "Same as --quota node-permissions=N.")
  private @Nullable Integer permissions;

  @Option(
      names = {"-M", "--path-max"},
      paramLabel = "N",
      description = "Same as --quota path-max=N.")
  private @Nullable Integer pathMax;

  @Option(
      names = {"-w", "--timeout"},
      paramLabel = "watch-event=SECONDS",
      description = "Drop an event that a guest does not take in time; 0: never; default: 20.")
  private SequencedMap<String, Integer> timeouts = new LinkedHashMap<>();

  @Option(
      names = {"-K", "--keep-orphans"},
      description = "Give the nodes of a dead domain to domain 0.")
  private boolean keepOrphans;

  /// Made by picocli.
  XenstoredCommand() {}

  @Override
  public Integer call() throws MachineFailure, UsageException, IOException {
    Xenstored.Settings settings = settings();
    // Better now than when the store is to be saved.
    if (dump != null && !Files.isWritable(dump.toAbsolutePath().getParent())) {
      throw new UsageException("--dump " + dump + ": needs a folder that can be written");
    }
    LiveMachine machine = new LiveMachine();
    try {
      return machine.run(() -> serve(machine.cpu("dom0"), settings));
    } catch (MachineFailure e) {
      // A socket, a file: the user wants its name, not our task's.
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private Xenstored.Settings settings() throws UsageException {
    limit("nodes", nodes);
    limit("node-size", nodeSize);
    limit("watches", watches);
    limit("transactions", transactions);
    limit("node-permissions", permissions);
    limit("path-max", pathMax);
    int seconds = Xenstored.Settings.USUAL.watchEventSeconds();
    for (var timeout : timeouts.entrySet()) {
      if (!timeout.getKey().equals("watch-event")) {
        throw new UsageException(
            "--timeout " + timeout.getKey() + ": there is: watch-event=SECONDS");
      }
      seconds = timeout.getValue();
    }
    try {
      return new Xenstored.Settings(dialect, quotas, softQuotas, seconds, keepOrphans);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private void limit(String quota, @Nullable Integer value) {
    if (value != null) {
      quotas.put(quota, value);
    }
  }

  private int serve(Cpu cpu, Xenstored.Settings settings) throws IOException, NoThread {
    Completion stop = cpu.completion("sigtimedwait");
    Xenstored.Options options =
        new Xenstored.Options(
            Optional.empty(),
            sockets,
            guestSockets,
            ptys,
            settings,
            Optional.ofNullable(accessLog),
            Optional.ofNullable(restore),
            line -> System.err.println("xenstored: " + line));
    try (Xenstored daemon = new Xenstored(cpu, options)) {
      Signals.register("TERM", stop::completeAll);
      Signals.register("INT", stop::completeAll);
      Signals.register("HUP", daemon::reopenAccessLog);
      System.out.println("ready");
      stop.awaitInterruptibly(WaitQueue.FOREVER);
      if (dump != null) {
        daemon.dump(dump);
      }
      return 0;
    }
  }
}

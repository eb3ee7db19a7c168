package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.DomainType;
import dev.xenbus.xl.LibxlException;
import dev.xenbus.xl.Rc;
import dev.xenbus.xl.Toolstack;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// `xl create` (`create_domain`, `tools/xl/xl_vmcontrol.c`).
final class CreateCommand {
  private CreateCommand() {}

  static int run(XlProcess xl, Options options) throws LibxlException, UsageException {
    DomainConfig config = parse(xl, options);
    if (options.has('n')) {
      xl.out().print(Json.text(ConfigJson.config(config.name(), config), 0) + "\n");
      return 0;
    }
    if (options.has('d')) {
      xl.err().print(Json.text(ConfigJson.config(config.name(), config), 0) + "\n");
    }
    Optional<Domid> created = create(xl.toolstack(), xl.err(), config);
    if (created.isEmpty()) {
      return -Rc.FAIL.code();
    }
    Domid domid = created.get();
    if (!options.has('p')) {
      xl.toolstack().unpause(domid);
    }
    DomainConfig settled = xl.services().host().config(domid).orElse(config);
    if (options.has('F')) {
      new DomainMonitor(xl.toolstack(), xl.services().host(), settled, domid, xl.err()::println)
          .watch();
    } else if (!options.has('e')) {
      monitor(xl, domid, settled);
    }
    return options.has('c') ? ConsoleCommand.attach(xl, domid) : 0;
  }

  private static DomainConfig parse(XlProcess xl, Options options) throws UsageException {
    Optional<String> file = options.value('f');
    List<String> extra = options.arguments();
    if (file.isEmpty() && !extra.isEmpty() && !extra.getFirst().contains("=")) {
      file = Optional.of(extra.getFirst());
      extra = options.rest();
    }
    if (file.isEmpty()) {
      throw new UsageException(-Rc.INVAL.code(), "Config file not specified and none in save file");
    }
    String text = read(xl.context(), file.get());
    if (!options.has('q')) {
      xl.err().println("Parsing config from " + file.get());
    }
    if (!extra.isEmpty()) { // a line each, behind an empty one
      text = text + "\n" + String.join("\n", extra) + "\n";
    }
    try {
      DomainConfig config = GuestConfig.parse(file.get(), text, xl.err());
      if (config.type() == DomainType.HVM) {
        throw new UsageException(1, "this hypervisor runs pv and pvh guests only");
      }
      return config;
    } catch (GuestConfigException e) {
      throw new UsageException(e.exitCode(), e.text());
    }
  }

  private static String read(UserCommand.Context context, String name) throws UsageException {
    Path path = context.file(name);
    try {
      return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
    } catch (NoSuchFileException _) {
      throw unreadable(name, "No such file or directory");
    } catch (IOException e) {
      throw unreadable(name, Files.isDirectory(path) ? "Is a directory" : e.toString());
    }
  }

  private static UsageException unreadable(String name, String why) {
    return new UsageException(-Rc.FAIL.code(), "Failed to read config file: " + name + ": " + why);
  }

  /// Creates a domain. After a failure that got as far as a domain, it is destroyed a second time:
  /// libxl has done it already, which is what the last three lines say.
  ///
  /// @return the domain, paused, or empty
  static Optional<Domid> create(Toolstack toolstack, TextOutput err, DomainConfig config) {
    if (toolstack.hypervisor().freeMib() < config.memoryMaxMib()) {
      err.println("failed to free memory for the domain");
      return Optional.empty();
    }
    return outcome(toolstack, toolstack.create(config));
  }

  /// Returns the domain of a creation; destroys what is left of one that failed.
  static Optional<Domid> outcome(Toolstack toolstack, Toolstack.Creation creation) {
    if (creation.failure().isEmpty()) {
      return creation.domid();
    }
    if (creation.domid().isPresent()) {
      try {
        toolstack.destroy(creation.domid().get());
      } catch (LibxlException _) {
        // As expected: the creation has destroyed it.
      }
    }
    return Optional.empty();
  }

  // A process of its own, with a connection of its own; nobody waits for it but init.
  static void monitor(XlProcess xl, Domid domid, DomainConfig config) throws UsageException {
    String name = config.name();
    TextOutput log = new LineLog(line -> xl.services().host().log(name, line));
    try {
      xl.services().host().daemonize("xl", self -> watchInBackground(xl, domid, config, log, self));
    } catch (NoThread _) {
      throw new UsageException(1, "fork: Resource temporarily unavailable");
    }
  }

  private static int watchInBackground(
      XlProcess xl, Domid domid, DomainConfig config, TextOutput log, Task self) {
    log.println(
        "Waiting for domain "
            + config.name()
            + " (domid "
            + domid
            + ") to die [pid "
            + self.pid()
            + "]");
    try (Toolstack toolstack = Toolstack.open(xl.services(), log, xl.context()::file)) {
      new DomainMonitor(toolstack, xl.services().host(), config, domid, log).watch();
      return 0;
    } catch (IOException e) {
      log.println("xenstore: " + e.getMessage());
      return 1;
    } catch (LibxlException _) {
      return 1; // the log has it
    }
  }
}

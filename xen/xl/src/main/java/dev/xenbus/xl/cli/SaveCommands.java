package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainImage;
import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.LibxlException;
import dev.xenbus.xl.Toolstack;
import dev.xenbus.xl.XlHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// `xl save`, `xl restore` and `xl migrate` (`tools/xl/xl_saverestore.c`, `tools/xl/xl_migrate.c`).
///
/// Differs: see [SaveFile]; a migration goes to the same host, and both ends of it are this
/// process.
final class SaveCommands {
  private static final List<String> THIS_HOST = List.of("localhost", "127.0.0.1", "::1", "dom0");
  private static final String INCOMING = "--incoming";
  private static final String AWAY = "--migratedaway";

  private SaveCommands() {}

  static int save(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = xl.domain(options.first());
    String name = options.rest().getFirst();
    Path file = xl.context().file(name);
    DomainConfig config = configOf(xl, domid);
    try {
      Files.writeString(file, "");
    } catch (IOException e) {
      throw new UsageException(1, "Failed to open temp file " + name + " for writing: " + e);
    }
    boolean goesOn = options.has('c') || options.has('p');
    xl.err().println("Saving to " + name + " new xl format (info " + SaveFile.info(config) + ")");
    DomainImage image;
    try {
      image = xl.toolstack().suspend(domid);
    } catch (LibxlException _) {
      throw resumed(xl, domid);
    }
    Optional<Domid> again = options.has('D') ? Optional.of(domid) : Optional.empty();
    long ticket = goesOn ? 0 : xl.services().host().keep(new XlHost.Saved(config, image, again));
    try {
      if (goesOn) {
        SaveFile.writeCheckpoint(file, config);
      } else {
        SaveFile.write(file, ticket, config);
      }
    } catch (IOException e) {
      xl.services().host().forgetSaved(ticket);
      xl.err().println(name + ": " + e);
      throw resumed(xl, domid);
    }
    if (options.has('p')) {
      xl.toolstack().pause(domid);
    }
    if (goesOn) {
      xl.toolstack().resume(domid);
    } else {
      xl.toolstack().destroy(domid);
    }
    return 0;
  }

  private static DomainConfig configOf(XlProcess xl, Domid domid)
      throws LibxlException, UsageException {
    Optional<DomainConfig> config = xl.services().host().config(domid);
    if (config.isEmpty() || xl.toolstack().info(domid).isEmpty()) {
      throw new UsageException(1, "Domain " + domid + " has no configuration: it cannot be saved");
    }
    return config.get().withName(xl.toolstack().nameOf(domid).orElse(config.get().name()));
  }

  /// Lets a guest go on that could not be saved; one that did not even stop goes on by itself.
  private static UsageException resumed(XlProcess xl, Domid domid) {
    xl.err().println("Failed to save domain, resuming domain");
    resumeIfSuspended(xl, domid);
    return new UsageException(1, "");
  }

  private static void resumeIfSuspended(XlProcess xl, Domid domid) {
    try {
      if (xl.toolstack().shutdownReason(domid).isPresent()) {
        xl.toolstack().resume(domid);
      }
    } catch (LibxlException _) {
      // The log has it.
    }
  }

  static int restore(XlProcess xl, Options options) throws LibxlException, UsageException {
    String name =
        options.rest().isEmpty() ? options.first() : options.rest().getFirst(); // [config] file
    long ticket = SaveFile.read(xl.context().file(name), name);
    XlHost.Saved saved = SaveFile.guest(xl.services().host(), ticket, name);
    announce(xl, name, saved.config());
    Domid domid = restore(xl, saved);
    xl.services().host().forgetSaved(ticket);
    if (!options.has('p')) {
      xl.toolstack().unpause(domid);
    }
    if (!options.has('e')) {
      CreateCommand.monitor(xl, domid, saved.config());
    }
    return 0;
  }

  private static void announce(XlProcess xl, String source, DomainConfig config) {
    xl.err()
        .println(
            "Loading new save file "
                + source
                + " (new xl fmt info "
                + SaveFile.info(config)
                + ")\n Savefile contains xl domain config in JSON format\n"
                + "Parsing config from <saved>");
  }

  private static Domid restore(XlProcess xl, XlHost.Saved saved) throws UsageException {
    if (xl.toolstack().hypervisor().freeMib() < saved.config().memoryMaxMib()) {
      throw new UsageException(1, "failed to free memory for the domain");
    }
    Toolstack toolstack = xl.toolstack();
    return CreateCommand.outcome(
            toolstack, toolstack.restore(saved.config(), saved.image(), saved.domid()))
        .orElseThrow(() -> new UsageException(1, ""));
  }

  static int migrate(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid source = xl.domain(options.first());
    String host = options.rest().getFirst();
    if (!THIS_HOST.contains(host)) {
      throw new UsageException(
          1, "xl migrate: no way to host " + host + ": a guest can be sent to localhost only");
    }
    DomainConfig config = configOf(xl, source);
    xl.err().println("migration target: Ready to receive domain.");
    xl.err()
        .println("Saving to migration stream new xl format (info " + SaveFile.info(config) + ")");
    announce(xl, "<incoming migration stream>", config);
    Domid target;
    try {
      DomainImage image = xl.toolstack().suspend(source);
      DomainConfig incoming = config.withName(config.name() + INCOMING);
      target = restore(xl, new XlHost.Saved(incoming, image, Optional.empty()));
    } catch (LibxlException e) {
      throw resumedAtSender(xl, source, "");
    } catch (UsageException e) {
      throw resumedAtSender(xl, source, e.text());
    }
    handOver(xl, config, source, target);
    if (!options.has('e')) {
      CreateCommand.monitor(xl, target, config);
    }
    return 0;
  }

  private static UsageException resumedAtSender(XlProcess xl, Domid source, String why) {
    if (!why.isEmpty()) {
      xl.err().println(why);
    }
    xl.err().println("Migration failed, resuming at sender.");
    resumeIfSuspended(xl, source);
    return new UsageException(1, "");
  }

  private static void handOver(XlProcess xl, DomainConfig config, Domid source, Domid target)
      throws LibxlException {
    Toolstack toolstack = xl.toolstack();
    xl.err()
        .println(
            """
            migration target: Transfer complete, requesting permission to start domain.
            migration sender: Target has acknowledged transfer.
            migration sender: Giving target permission to start.
            migration target: Got permission, starting domain.""");
    toolstack.rename(source, config.name() + AWAY);
    toolstack.rename(target, config.name());
    toolstack.renameConfiguration(target, config.name());
    toolstack.unpause(target);
    xl.err()
        .println(
            """
            migration target: Domain started successsfully.
            migration sender: Target reports successful startup.""");
    toolstack.destroy(source);
    xl.err().println("Migration successful.");
  }
}

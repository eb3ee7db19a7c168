package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.Task;
import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.LibxlException;
import dev.xenbus.xl.ShutdownAction;
import dev.xenbus.xl.Toolstack;
import dev.xenbus.xl.XlHost;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What `xl create` leaves behind: waits until the domain stops, and does what the configuration
/// says (`handle_domain_death`, `tools/xl/xl_vmcontrol.c`).
///
/// Differs: `coredump-…` dumps nothing; a soft reset is not offered, so that it destroys.
final class DomainMonitor {
  private static final long REBOOT_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private enum Next {
    EXIT,
    RESTART
  }

  private final Toolstack toolstack;
  private final XlHost host;
  private final TextOutput log;
  private DomainConfig config;
  private Domid domid;

  DomainMonitor(
      Toolstack toolstack, XlHost host, DomainConfig config, Domid domid, TextOutput log) {
    this.toolstack = toolstack;
    this.host = host;
    this.config = config;
    this.domid = domid;
    this.log = log;
  }

  /// Watches over the domain, and over those that take its place, until one is not to come back.
  void watch() throws LibxlException {
    while (true) {
      toolstack.awaitReleases(this::isOver);
      Optional<DomainInfo> info = current();
      if (info.isEmpty()) {
        log.println("Domain " + domid + " has been destroyed.");
        return;
      }
      Optional<ShutdownReason> reason = info.get().shutdown();
      if (reason.isEmpty() || handle(reason.get()) == Next.EXIT) {
        log.println("Done. Exiting now");
        return;
      }
      log.println("Done. Rebooting now");
      if (!Task.sleep(REBOOT_PAUSE_NANOS) || !restart()) {
        return;
      }
    }
  }

  // A zombie counts as destroyed; so does another domain with the same id.
  private Optional<DomainInfo> current() {
    return toolstack
        .info(domid)
        .filter(info -> !info.dying() && Optional.of(info.uuid()).equals(config.uuid()));
  }

  private boolean isOver() {
    Optional<DomainInfo> info = current();
    return info.isEmpty()
        || info.get().shutdown().filter(reason -> reason != ShutdownReason.SUSPEND).isPresent();
  }

  private Next handle(ShutdownReason reason) throws LibxlException {
    int code = reason.code();
    log.println(
        String.format(
            Locale.ROOT, "Domain %s has shut down, reason code %d 0x%x", domid, code, code));
    ShutdownAction action = config.actions().getOrDefault(code, ShutdownAction.DESTROY);
    log.println("Action for shutdown reason code " + code + " is " + action);
    return switch (action) {
      case PRESERVE -> Next.EXIT;
      case RENAME_RESTART -> {
        toolstack.rename(domid, config.name() + "-" + stamp());
        yield Next.RESTART;
      }
      case RESTART, COREDUMP_RESTART -> {
        destroy();
        yield Next.RESTART;
      }
      case DESTROY, COREDUMP_DESTROY, SOFT_RESET -> {
        destroy();
        yield Next.EXIT;
      }
    };
  }

  private String stamp() {
    return toolstack
        .wallTime()
        .toString()
        .replace("-", "")
        .replace(":", "")
        .replaceAll("\\..*", "Z");
  }

  private void destroy() throws LibxlException {
    log.println("Domain " + domid + " needs to be cleaned up: destroying the domain");
    toolstack.destroy(domid);
  }

  private boolean restart() throws LibxlException {
    Optional<Domid> created = CreateCommand.create(toolstack, log, config);
    if (created.isEmpty()) {
      return false;
    }
    domid = created.get();
    config = host.config(domid).orElse(config);
    toolstack.unpause(domid);
    log.println("Waiting for domain " + config.name() + " (domid " + domid + ") to die");
    return true;
  }
}

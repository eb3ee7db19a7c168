package dev.xenbus.xl.cli;

import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.machine.NoThread;
import dev.xenbus.xl.LibxlException;
import dev.xenbus.xl.Toolstack;
import java.io.IOException;
import java.nio.file.Path;

/// `xl devd`: the daemon of a driver domain, which runs the hotplug scripts of its backends
/// (`main_devd`, `tools/xl/xl_misc.c`). In the background it logs to `xldevd`.
///
/// Differs: writes no pid file; its log is in memory; a domain's files are the host's.
final class DevdCommand {
  /// The name of its log (`/var/log/xen/xldevd.log`).
  private static final String LOG = "xldevd";

  private DevdCommand() {}

  static int run(XlProcess xl, Options options) throws UsageException {
    if (options.has('F')) {
      return serve(xl, xl.err());
    }
    TextOutput log = new LineLog(line -> xl.services().host().log(LOG, line));
    try {
      xl.services().host().daemonize("xl", self -> serve(xl, log));
      return 0;
    } catch (NoThread _) {
      throw new UsageException(1, "fork: Resource temporarily unavailable");
    }
  }

  // With a connection of its own, and the root as its folder.
  private static int serve(XlProcess xl, TextOutput log) {
    try (Toolstack toolstack = Toolstack.open(xl.services(), log, Path.of("/")::resolve)) {
      toolstack.handleDeviceEvents();
      return 0;
    } catch (IOException e) {
      log.println("xenstore: " + e.getMessage());
      return 1;
    } catch (LibxlException _) {
      return 1; // the log has it
    }
  }
}

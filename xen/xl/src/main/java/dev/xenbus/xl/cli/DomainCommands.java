package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.xl.LibxlException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The commands that do one thing to a domain, or say one thing about it.
final class DomainCommands {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long SECONDS_PER_DAY = 86_400;

  private DomainCommands() {}

  static int destroy(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = xl.domain(options.first());
    if (domid.equals(Domid.DOM0) && !options.has('f')) {
      throw new UsageException(
          1,
          """
          Not destroying domain 0; use -f to force.
          This can only be done when using a disaggregated hardware domain and toolstack.
          """);
    }
    try {
      xl.toolstack().destroy(domid);
      return 0;
    } catch (LibxlException e) {
      throw new UsageException(1, "destroy failed (rc=" + e.rc().code() + ")");
    }
  }

  static int shutdown(XlProcess xl, Options options) throws LibxlException, UsageException {
    return control(xl, options, "shutdown", "poweroff", "Shutting down domain ");
  }

  static int reboot(XlProcess xl, Options options) throws LibxlException, UsageException {
    return control(xl, options, "reboot", "reboot", "Rebooting domain ");
  }

  private static int control(
      XlProcess xl, Options options, String command, String request, String announcement)
      throws LibxlException, UsageException {
    List<Domid> domids = new ArrayList<>();
    if (options.has('a')) {
      xl.toolstack().domains().stream()
          .map(DomainInfo::domid)
          .filter(domid -> !domid.equals(Domid.DOM0))
          .forEach(domids::add);
    } else if (options.arguments().isEmpty()) {
      throw new UsageException(1, "You must specify -a or a domain id.\n", true);
    } else {
      domids.add(xl.domain(options.first()));
    }
    for (Domid domid : domids) {
      xl.err().println(announcement + domid);
      try {
        xl.toolstack().control(domid, request);
      } catch (LibxlException e) {
        throw new UsageException(1, command + " failed (rc=" + e.rc().code() + ")");
      }
    }
    if (options.has('w')) {
      awaitStop(xl, domids);
    }
    return 0;
  }

  private static void awaitStop(XlProcess xl, List<Domid> domids) throws LibxlException {
    xl.err().println("Waiting for " + domids.size() + " domains");
    List<Domid> waiting = new ArrayList<>(domids);
    xl.toolstack()
        .awaitReleases(
            () -> {
              waiting.removeIf(domid -> reportIfStopped(xl, domid));
              return waiting.isEmpty();
            });
  }

  private static boolean reportIfStopped(XlProcess xl, Domid domid) {
    Optional<DomainInfo> info = xl.toolstack().info(domid);
    if (info.isEmpty() || info.get().dying()) {
      xl.err().println("Domain " + domid + " has been destroyed");
      return true;
    }
    info.get()
        .shutdown()
        .ifPresent(
            reason ->
                xl.err()
                    .println(
                        "Domain " + domid + " has been shut down, reason code " + reason.code()));
    return info.get().shutdown().isPresent();
  }

  static int sysrq(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = xl.domain(options.first());
    String key = options.rest().getFirst();
    if (key.length() != 1) {
      throw new UsageException(1, "Invalid sysrq.\n", true);
    }
    xl.toolstack().sendSysrq(domid, key.charAt(0));
    return 0;
  }

  static int pause(XlProcess xl, Options options) throws LibxlException, UsageException {
    xl.toolstack().pause(xl.domain(options.first()));
    return 0;
  }

  static int unpause(XlProcess xl, Options options) throws LibxlException, UsageException {
    xl.toolstack().unpause(xl.domain(options.first()));
    return 0;
  }

  static int domid(XlProcess xl, Options options) throws LibxlException, UsageException {
    String name = options.first();
    Domid domid =
        xl.toolstack()
            .byName(name)
            .orElseThrow(
                () ->
                    new UsageException(
                        1,
                        "Can't get domid of domain name '"
                            + name
                            + "', maybe this domain does not exist."));
    xl.out().println(domid.toString());
    return 0;
  }

  static int domname(XlProcess xl, Options options) throws LibxlException, UsageException {
    String id = options.first();
    if (!id.matches("\\d{1,5}") || Integer.parseInt(id) >= Domid.FIRST_RESERVED) {
      throw new UsageException(1, "Invalid domain id.\n", true);
    }
    String name =
        xl.toolstack()
            .nameOf(Domid.of(Integer.parseInt(id)))
            .orElseThrow(
                () ->
                    new UsageException(
                        1,
                        "Can't get domain name of domain id '"
                            + id
                            + "', maybe this domain does not exist."));
    xl.out().println(name);
    return 0;
  }

  static int rename(XlProcess xl, Options options) throws LibxlException, UsageException {
    Domid domid = xl.domain(options.first());
    String name = options.rest().getFirst();
    try {
      xl.toolstack().rename(domid, name);
      return 0;
    } catch (LibxlException _) {
      throw new UsageException(1, "Can't rename domain '" + options.first() + "'.");
    }
  }

  static int vcpuList(XlProcess xl, Options options) throws LibxlException, UsageException {
    List<DomainInfo> domains = selected(xl, options);
    xl.out()
        .printf(
            "%-32s %5s %5s %5s %5s %9s %s\n",
            "Name", "ID", "VCPU", "CPU", "State", "Time(s)", "Affinity (Hard / Soft)");
    for (DomainInfo info : domains) {
      String name = xl.toolstack().nameOf(info.domid()).orElse("(null)");
      for (int vcpu = 0; vcpu < info.vcpusOnline(); vcpu++) {
        xl.out()
            .printf(
                "%-32s %5d %5d %5d   %c%c-  %9.1f  %s\n",
                name,
                info.domid().value(),
                vcpu,
                0,
                info.running() && vcpu == 0 ? 'r' : '-',
                info.running() && vcpu == 0 ? '-' : 'b',
                vcpu == 0 ? info.cpuNanos() / NANOS_PER_SECOND : 0.0,
                "all / all");
      }
    }
    return 0;
  }

  private static List<DomainInfo> selected(XlProcess xl, Options options)
      throws LibxlException, UsageException {
    if (options.arguments().isEmpty()) {
      return xl.toolstack().domains();
    }
    List<DomainInfo> selected = new ArrayList<>();
    for (String argument : options.arguments()) {
      Domid domid = xl.domain(argument);
      selected.add(
          xl.toolstack()
              .info(domid)
              .orElseThrow(
                  () -> new UsageException(1, "Error: Domain '" + argument + "' does not exist.")));
    }
    return selected;
  }

  static int vmList(XlProcess xl, Options options) throws LibxlException {
    xl.out().print("UUID                                  ID    name\n");
    for (DomainInfo info : xl.toolstack().domains()) {
      xl.out()
          .printf(
              "%s  %d    %s\n",
              info.uuid(),
              info.domid().value(),
              xl.toolstack().nameOf(info.domid()).orElse("(null)"));
    }
    return 0;
  }

  static int uptime(XlProcess xl, Options options) throws LibxlException, UsageException {
    List<DomainInfo> domains = selected(xl, options);
    boolean brief = options.has('s');
    if (!brief) {
      xl.out().printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
    }
    for (DomainInfo info : domains) {
      String name = xl.toolstack().nameOf(info.domid()).orElse("(null)");
      long seconds = uptimeSeconds(xl, info.domid());
      if (brief) {
        xl.out()
            .printf(
                " %s up %s, %s (%d)\n",
                xl.toolstack().wallTime().toString().substring(11, 19),
                length(seconds, false),
                name,
                info.domid().value());
      } else {
        xl.out().printf("%-33s %4d %s\n", name, info.domid().value(), length(seconds, true));
      }
    }
    return 0;
  }

  private static long uptimeSeconds(XlProcess xl, Domid domid) throws LibxlException {
    if (domid.equals(Domid.DOM0)) {
      return xl.services().kernel().clock().nanos() / 1_000_000_000L;
    }
    Optional<String> vm = xl.toolstack().read("/local/domain/" + domid + "/vm");
    Optional<String> start =
        vm.isEmpty() ? Optional.empty() : xl.toolstack().read(vm.get() + "/start_time");
    long now = xl.toolstack().wallTime().getEpochSecond();
    return start
        .filter(text -> text.matches("\\d{1,15}(\\.\\d*)?"))
        .map(text -> now - Long.parseLong(text.replaceAll("\\..*", "")))
        .orElse(0L);
  }

  private static String length(long seconds, boolean withSeconds) {
    long days = seconds / SECONDS_PER_DAY;
    long rest = seconds % SECONDS_PER_DAY;
    String front = days == 0 ? "" : days == 1 ? "1 day, " : days + " days, ";
    String clock = String.format(Locale.ROOT, "%2d:%02d", rest / 3600, rest / 60 % 60);
    return withSeconds
        ? front + clock + String.format(Locale.ROOT, ":%02d", rest % 60)
        : front + clock;
  }
}

package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.LibxlException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `xl list`.
final class ListCommand {
  private static final long PAGES_PER_MIB = 256;
  private static final double NANOS_PER_SECOND = 1e9;

  private ListCommand() {}

  static int run(XlProcess xl, Options options) throws LibxlException, UsageException {
    List<DomainInfo> domains = domains(xl, options);
    if (options.has('l')) {
      details(xl, domains);
      return 0;
    }
    boolean verbose = options.has('v');
    TextOutput out = xl.out();
    out.print("Name                                        ID   Mem VCPUs\tState\tTime(s)");
    if (verbose) {
      out.print("   UUID                            Reason-Code\tSecurity Label");
    } else if (options.has('Z')) {
      out.print("   Security Label");
    }
    if (options.has('c')) {
      out.print("         Cpupool");
    }
    if (options.has('n')) {
      out.print(" NODE Affinity");
    }
    out.print("\n");
    for (DomainInfo info : domains) {
      row(xl, options, info);
    }
    return 0;
  }

  private static List<DomainInfo> domains(XlProcess xl, Options options)
      throws LibxlException, UsageException {
    if (options.arguments().isEmpty()) {
      return xl.toolstack().domains();
    }
    Domid domid = xl.domain(options.first());
    Optional<DomainInfo> info = xl.toolstack().info(domid);
    if (info.isEmpty()) {
      throw new UsageException(1, "Error: Domain '" + options.first() + "' does not exist.");
    }
    return List.of(info.get());
  }

  private static void row(XlProcess xl, Options options, DomainInfo info) throws LibxlException {
    TextOutput out = xl.out();
    out.printf(
        "%-40s %5d %5d %5d     %s  %8.1f",
        xl.toolstack().nameOf(info.domid()).orElse("(null)"),
        info.domid().value(),
        info.pages() / PAGES_PER_MIB,
        info.vcpusOnline(),
        state(info),
        info.cpuNanos() / NANOS_PER_SECOND);
    if (options.has('v')) {
      out.printf(" %s", info.uuid());
      out.print(
          info.shutdown()
              .map(reason -> " %8x".formatted(reason.code()))
              .orElse(" %8s".formatted("-")));
    }
    if (options.has('v') || options.has('Z')) {
      out.printf(" %16s", "-");
    }
    if (options.has('c')) {
      out.printf("%16s", "Pool-0");
    }
    if (options.has('n')) {
      out.print(" all");
    }
    out.print("\n");
  }

  /// Returns the six state characters.
  static String state(DomainInfo info) {
    return flag(info.running(), "r")
        + flag(info.blocked(), "b")
        + flag(info.paused(), "p")
        + flag(info.shutdown().isPresent(), "s")
        + info.shutdown().map(ShutdownReason::letter).orElse('-')
        + flag(info.dying(), "d");
  }

  private static String flag(boolean set, String letter) {
    return set ? letter : "-";
  }

  private static void details(XlProcess xl, List<DomainInfo> domains) throws LibxlException {
    List<String> elements = new ArrayList<>();
    for (DomainInfo info : domains) {
      Optional<DomainConfig> config = xl.services().host().config(info.domid());
      if (config.isPresent()) {
        String name = xl.toolstack().nameOf(info.domid()).orElse(config.get().name());
        elements.add(ConfigJson.element(info.domid(), name, config.get()));
      } else if (info.domid().equals(Domid.DOM0)) {
        elements.add(ConfigJson.dom0(info));
      } else {
        xl.toolstack().complainAboutConfiguration();
      }
    }
    xl.out()
        .print(elements.isEmpty() ? "[\n\n]\n" : "[\n" + String.join(",\n", elements) + "\n]\n");
  }
}

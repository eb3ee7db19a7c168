package dev.xenbus.xl.cli;

import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.xl.Toolstack;
import dev.xenbus.xl.XlRelease;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;

/// `xl info`: what this emulated host is. Lines about processors that we do not model are left out.
final class InfoCommand {
  private static final long PAGES_PER_MIB = 256;

  private InfoCommand() {}

  static int run(XlProcess xl, Options options) {
    lines(xl.toolstack(), xl.services().release())
        .forEach((name, value) -> xl.out().printf("%-23s: %s\n", name, value));
    return 0;
  }

  private static SequencedMap<String, Object> lines(Toolstack toolstack, XlRelease release) {
    long owned = toolstack.domains().stream().mapToLong(DomainInfo::pages).sum() / PAGES_PER_MIB;
    long free = toolstack.hypervisor().freeMib();
    int vcpus = toolstack.domains().stream().findFirst().map(DomainInfo::vcpusOnline).orElse(1);
    String label = release.label();
    int dot = label.indexOf('.');
    SequencedMap<String, Object> lines = new LinkedHashMap<>();
    lines.put("host", "xenemu");
    lines.put("machine", "x86_64");
    lines.put("nr_cpus", vcpus);
    lines.put("max_cpu_id", vcpus - 1);
    lines.put("nr_nodes", 1);
    lines.put("cores_per_socket", vcpus);
    lines.put("threads_per_core", 1);
    lines.put("total_memory", owned + free);
    lines.put("free_memory", free);
    lines.put("sharing_freed_memory", 0);
    lines.put("sharing_used_memory", 0);
    lines.put("outstanding_claims", 0);
    lines.put("free_cpus", 0);
    lines.put("xen_major", label.substring(0, dot));
    lines.put("xen_minor", label.substring(dot + 1));
    lines.put("xen_extra", ".0-emulated");
    lines.put("xen_version", label + ".0-emulated");
    lines.put("xen_caps", String.format(Locale.ROOT, "xen-%s.%s-x86_64 ", "3", "0"));
    lines.put("xen_scheduler", "credit");
    lines.put("xen_pagesize", 4096);
    lines.put("xend_config_format", 4);
    return lines;
  }
}

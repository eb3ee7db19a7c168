package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.abi.hypercall.DomainInfo;
import dev.xenbus.xl.DiskConfig;
import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.NicConfig;
import dev.xenbus.xl.ShutdownAction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/// Configurations as `xl list -l` and dry runs print them; what has its default is left out.
final class ConfigJson {
  private static final long KIB_PER_MIB = 1024;
  private static final long NO_DOMID = 0xFFFF_FFFFL;
  private static final Map<Integer, String> REASONS =
      Map.of(0, "on_poweroff", 1, "on_reboot", 3, "on_crash", 4, "on_watchdog");

  private ConfigJson() {}

  /// Returns one element of the list, indented.
  static String element(Domid domid, String name, DomainConfig config) {
    SequencedMap<String, Object> element = new LinkedHashMap<>();
    element.put("domid", domid.value());
    element.put("config", config(name, config));
    return "    " + Json.text(element, 1);
  }

  /// Returns the element of dom0, which was created by nobody.
  static String dom0(DomainInfo info) {
    SequencedMap<String, Object> create = new LinkedHashMap<>();
    create.put("type", "pv");
    create.put("name", "Domain-0");
    SequencedMap<String, Object> build = new LinkedHashMap<>();
    build.put("max_vcpus", info.vcpusOnline());
    SequencedMap<String, Object> config = new LinkedHashMap<>();
    config.put("c_info", create);
    config.put("b_info", build);
    SequencedMap<String, Object> element = new LinkedHashMap<>();
    element.put("domid", 0);
    element.put("config", config);
    return "    " + Json.text(element, 1);
  }

  /// Returns a configuration.
  static SequencedMap<String, Object> config(String name, DomainConfig config) {
    SequencedMap<String, Object> create = new LinkedHashMap<>();
    create.put("type", config.type());
    create.put("name", name);
    create.put("domid", NO_DOMID);
    config.uuid().ifPresent(uuid -> create.put("uuid", uuid));
    create.put("run_hotplug_scripts", "True");
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("c_info", create);
    json.put("b_info", build(config));
    if (!config.disks().isEmpty()) {
      json.put("disks", config.disks().stream().map(ConfigJson::disk).toList());
    }
    if (!config.nics().isEmpty()) {
      json.put(
          "nics",
          IntStream.range(0, config.nics().size())
              .mapToObj(i -> nic(config.nics().get(i), i))
              .toList());
    }
    for (int reason : List.of(0, 1, 4, 3)) {
      ShutdownAction action = config.actions().get(reason);
      if (action != null && action != ShutdownAction.DESTROY) {
        json.put(REASONS.getOrDefault(reason, ""), underscored(action));
      }
    }
    ShutdownAction reset = config.actions().get(5);
    if (reset != null) {
      json.put("on_soft_reset", underscored(reset));
    }
    return json;
  }

  private static String underscored(ShutdownAction action) {
    return action.toString().replace('-', '_');
  }

  private static SequencedMap<String, Object> build(DomainConfig config) {
    SequencedMap<String, Object> build = new LinkedHashMap<>();
    build.put("max_vcpus", config.vcpusMax());
    build.put("avail_vcpus", IntStream.range(0, config.vcpus()).boxed().toList());
    build.put("max_memkb", config.memoryMaxMib() * KIB_PER_MIB);
    build.put("target_memkb", config.memoryMib() * KIB_PER_MIB);
    build.put("video_memkb", 0);
    build.put("claim_mode", "True");
    build.put("kernel", config.boot().kernel());
    if (!config.boot().commandLine().isEmpty()) {
      build.put("cmdline", config.boot().commandLine());
    }
    if (!config.boot().ramdisk().isEmpty()) {
      build.put("ramdisk", config.boot().ramdisk());
    }
    build.put("type." + config.type(), Map.of());
    build.put("arch_arm", Map.of());
    return build;
  }

  private static SequencedMap<String, Object> disk(DiskConfig disk) {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("pdev_path", disk.target());
    json.put("vdev", disk.vdev());
    json.put("format", disk.format());
    if (disk.cdrom()) {
      json.put("removable", 1);
    }
    if (disk.writable()) {
      json.put("readwrite", 1);
    }
    return json;
  }

  private static SequencedMap<String, Object> nic(NicConfig nic, int position) {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("devid", nic.devid() < 0 ? position : nic.devid());
    if (!nic.mac().isEmpty()) {
      json.put("mac", nic.mac());
    }
    json.put("bridge", nic.bridge().isEmpty() ? "xenbr0" : nic.bridge());
    json.put("nictype", "vif");
    return json;
  }
}

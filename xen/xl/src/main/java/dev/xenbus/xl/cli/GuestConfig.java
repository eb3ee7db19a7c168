package dev.xenbus.xl.cli;

import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.xl.DiskConfig;
import dev.xenbus.xl.DomainConfig;
import dev.xenbus.xl.DomainType;
import dev.xenbus.xl.NicConfig;
import dev.xenbus.xl.ShutdownAction;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;

/// From a configuration file to a guest (`parse_config_data`, `tools/xl/xl_parse.c`). Unknown names
/// are ignored, as are those that have no effect on what we emulate.
final class GuestConfig {
  private static final int MEMORY_MIB_DEFAULT = 32;

  private final ConfigFile file;
  private final TextOutput err;

  private GuestConfig(ConfigFile file, TextOutput err) {
    this.file = file;
    this.err = err;
  }

  /// Parses.
  ///
  /// @param source name of the file, for messages
  /// @param err where warnings go
  /// @throws GuestConfigException with the lines for the user
  static DomainConfig parse(String source, String text, TextOutput err)
      throws GuestConfigException {
    try {
      return new GuestConfig(ConfigFile.parse(source, text, err), err).domain();
    } catch (ConfigSyntaxException e) {
      String python =
          e.looksLikePython()
              ? """

              warning: Config file looks like it contains Python code.
              warning:  Arbitrary Python is no longer supported.
              warning:  See https://wiki.xen.org/wiki/PythonInXlConfig"""
              : "";
      throw new GuestConfigException(
          e.getMessage() + python + "\nFailed to parse config: Invalid argument");
    }
  }

  private DomainConfig domain() throws GuestConfigException {
    DomainType type = type();
    String name =
        file.string("name")
            .orElseThrow(() -> new GuestConfigException("Domain name must be specified."));
    Optional<UUID> uuid = uuid();
    int memory = bounded("memory", MEMORY_MIB_DEFAULT, Integer.MAX_VALUE / 2);
    int memoryMax = Math.max(memory, bounded("maxmem", memory, Integer.MAX_VALUE / 2));
    int vcpus = Math.max(1, bounded("vcpus", 1, Short.MAX_VALUE));
    int vcpusMax = bounded("maxvcpus", vcpus, Short.MAX_VALUE);
    if (vcpusMax < vcpus) {
      throw new GuestConfigException("xl: maxvcpus < vcpus");
    }
    Map<Integer, ShutdownAction> actions = actions();
    DomainConfig.Limits limits =
        new DomainConfig.Limits(
            bounded(
                "max_grant_frames",
                DomainConfig.Limits.DEFAULT.grantFramesMax(),
                Integer.MAX_VALUE),
            bounded(
                "max_event_channels",
                DomainConfig.Limits.DEFAULT.eventChannelPortMax(),
                Integer.MAX_VALUE));
    return new DomainConfig(
        name,
        type,
        uuid,
        memory,
        memoryMax,
        vcpus,
        vcpusMax,
        boot(),
        limits,
        file.flag("driver_domain"),
        file.flag("xend_suspend_evtchn_compat"),
        disks(),
        nics(),
        actions);
  }

  // Any prefix of a name is taken.
  private DomainType type() throws GuestConfigException {
    Optional<DomainType> builder = Optional.empty();
    Optional<String> builderName = file.string("builder");
    if (builderName.isPresent()) {
      builder = Optional.of(builder(builderName.get()));
    }
    Optional<String> typeName = file.string("type");
    if (typeName.isEmpty()) {
      return builder.orElse(DomainType.PV);
    }
    String prefix = typeName.get().toLowerCase(Locale.ROOT);
    for (DomainType type : List.of(DomainType.HVM, DomainType.PV, DomainType.PVH)) {
      if (!prefix.isEmpty() && type.toString().startsWith(prefix)) {
        if (builder.isPresent() && builder.get() != type) {
          throw new GuestConfigException(
              "Contradicting \"builder\" and \"type\" options specified.");
        }
        return type;
      }
    }
    throw new GuestConfigException("Invalid domain type " + typeName.get() + ".");
  }

  private static DomainType builder(String name) throws GuestConfigException {
    String prefix = name.toLowerCase(Locale.ROOT);
    if (!prefix.isEmpty() && "hvm".startsWith(prefix)) {
      return DomainType.HVM;
    }
    if (!prefix.isEmpty() && "generic".startsWith(prefix)) {
      return DomainType.PV;
    }
    throw new GuestConfigException("Invalid domain type " + name + ".");
  }

  private Optional<UUID> uuid() throws GuestConfigException {
    Optional<String> text = file.string("uuid");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    String digits = text.get().replace("-", "");
    if (!digits.matches("[0-9a-fA-F]{32}")) {
      throw new GuestConfigException("Failed to parse UUID: " + text.get());
    }
    return Optional.of(
        new UUID(
            Long.parseUnsignedLong(digits, 0, 16, 16), Long.parseUnsignedLong(digits, 16, 32, 16)));
  }

  // Out of bounds ends it without a word, as in the real one.
  private int bounded(String name, int usual, int max) throws GuestConfigException {
    OptionalLong number = file.number(name);
    if (number.isEmpty()) {
      return usual;
    }
    if (number.getAsLong() < 0 || number.getAsLong() > max) {
      throw new GuestConfigException("");
    }
    return (int) number.getAsLong();
  }

  private Map<Integer, ShutdownAction> actions() throws GuestConfigException {
    Map<Integer, ShutdownAction> actions = new TreeMap<>();
    actions.put(0, action("on_poweroff", ShutdownAction.DESTROY));
    actions.put(1, action("on_reboot", ShutdownAction.RESTART));
    actions.put(4, action("on_watchdog", ShutdownAction.DESTROY));
    actions.put(3, action("on_crash", ShutdownAction.DESTROY));
    actions.put(5, action("on_soft_reset", ShutdownAction.SOFT_RESET));
    return actions;
  }

  private ShutdownAction action(String name, ShutdownAction usual) throws GuestConfigException {
    Optional<String> text = file.string(name);
    if (text.isEmpty()) {
      return usual;
    }
    return ShutdownAction.ofName(text.get())
        .orElseThrow(
            () ->
                new GuestConfigException(
                    "Unknown " + name + " action \"" + text.get() + "\" specified"));
  }

  // Differs: a bootloader is named like a kernel, and not run.
  private DomainConfig.Boot boot() throws GuestConfigException {
    Optional<String> kernel = file.string("kernel");
    if (kernel.isPresent() && file.string("firmware").isPresent()) {
      throw new GuestConfigException("ERROR: both kernel and firmware specified");
    }
    String image =
        kernel
            .or(() -> file.string("bootloader"))
            .orElseThrow(() -> new GuestConfigException("Neither kernel nor bootloader specified"));
    return new DomainConfig.Boot(image, file.string("ramdisk").orElse(""), commandLine());
  }

  private String commandLine() {
    Optional<String> root = file.string("root");
    Optional<String> extra = file.string("extra");
    Optional<String> whole = file.string("cmdline");
    if (whole.isPresent()) {
      if (root.isPresent() || extra.isPresent()) {
        err.println("Warning: ignoring root= and extra= in favour of cmdline=");
      }
      return whole.get();
    }
    if (root.isPresent() && extra.isPresent()) {
      return "root=" + root.get() + " " + extra.get();
    }
    return root.map(device -> "root=" + device).or(() -> extra).orElse("");
  }

  private List<DiskConfig> disks() throws GuestConfigException {
    List<DiskConfig> disks = new ArrayList<>();
    for (String spec : file.strings("disk")) {
      disks.add(DiskSpec.parse(file.source(), spec));
    }
    return disks;
  }

  private List<NicConfig> nics() throws GuestConfigException {
    List<NicConfig> nics = new ArrayList<>();
    for (String spec : file.strings("vif")) {
      nics.add(NicSpec.parse(file.source(), List.of(spec.split(",", -1)), err::println));
    }
    return nics;
  }
}

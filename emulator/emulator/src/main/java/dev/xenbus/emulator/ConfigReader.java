package dev.xenbus.emulator;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValue;
import dev.xenbus.linux.CommandLine;
import dev.xenbus.linux.ParameterException;
import dev.xenbus.linux.api.KernelParameter;
import dev.xenbus.linux.api.KnownBug;
import dev.xenbus.linux.api.Nearest;
import dev.xenbus.xl.XlRelease;
import dev.xenbus.xs.Mtwatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/// Puts a configuration together, lowest first: the declared defaults, a file, the environment, the
/// command line.
///
/// In a file (HOCON) a parameter of the kernel is `kernel.<name>`, one of a module is
/// `module.<module>.<name>`. In the environment they are `XENEMU_<NAME>` and
/// `XENEMU_<MODULE>__<NAME>`. On the command line they are words, as on a kernel's.
final class ConfigReader {
  private static final String ENVIRONMENT_PREFIX = "XENEMU_";
  private static final List<String> NOT_PARAMETERS =
      List.of("XENEMU_JAVA", "XENEMU_JVM_OPTIONS", "XENEMU_DEBUG");
  private static final String KERNEL = "kernel.";
  private static final String MODULE = "module.";

  private final Parameters parameters;

  ConfigReader(Parameters parameters) {
    this.parameters = parameters;
  }

  /// Reads all sources.
  ///
  /// @throws BadConfiguration at the first word that is unknown or malformed
  BootConfig read(Optional<Path> file, Map<String, String> environment, List<String> words)
      throws BadConfiguration {
    check(String.join(" ", words));
    Config config = ConfigFactory.parseMap(fromEnvironment(environment), "environment");
    if (file.isPresent()) {
      config = config.withFallback(parseFile(file.get()));
    }
    List<String> all = new ArrayList<>();
    for (Map.Entry<String, ConfigValue> entry : new TreeMap<>(byPath(config)).entrySet()) {
      all.add(wordOf(entry.getKey(), entry.getValue()));
    }
    all.addAll(words);
    return check(String.join(" ", all));
  }

  private static SequencedMap<String, ConfigValue> byPath(Config config) {
    SequencedMap<String, ConfigValue> values = new LinkedHashMap<>();
    config.entrySet().forEach(entry -> values.put(entry.getKey(), entry.getValue()));
    return values;
  }

  private static Config parseFile(Path file) throws BadConfiguration {
    if (!Files.isReadable(file)) {
      throw new BadConfiguration("--config " + file + ": no such file, or it cannot be read");
    }
    try {
      return ConfigFactory.parseFile(
          file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
    } catch (ConfigException e) {
      throw new BadConfiguration(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private Map<String, String> fromEnvironment(Map<String, String> environment)
      throws BadConfiguration {
    SequencedMap<String, String> keys = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : new TreeMap<>(environment).entrySet()) {
      String name = entry.getKey();
      if (name.startsWith(ENVIRONMENT_PREFIX) && !NOT_PARAMETERS.contains(name)) {
        String[] parts =
            name.substring(ENVIRONMENT_PREFIX.length()).toLowerCase(Locale.ROOT).split("__", 2);
        String key = parts.length == 1 ? KERNEL + parts[0] : MODULE + parts[0] + "." + parts[1];
        checkKnown(key, name);
        keys.put(key, entry.getValue());
      }
    }
    return keys;
  }

  /// Makes a word of a key and its value.
  private String wordOf(String key, ConfigValue value) throws BadConfiguration {
    String place = value.origin().description();
    checkKnown(key, place + ": " + key);
    String name = key.startsWith(KERNEL) ? key.substring(KERNEL.length()) : key.substring(7);
    String word = name + "=" + value.unwrapped();
    try {
      check(word);
    } catch (BadConfiguration e) {
      throw new BadConfiguration(place + ": " + e.getMessage());
    }
    return word;
  }

  private void checkKnown(String key, String place) throws BadConfiguration {
    List<String> known = new ArrayList<>();
    parameters.kernel().forEach(parameter -> known.add(KERNEL + parameter.name()));
    parameters
        .modules()
        .forEach((module, list) -> list.forEach(p -> known.add(MODULE + module + "." + p.name())));
    boolean loaded = !key.startsWith(MODULE) || parameters.modules().containsKey(moduleOf(key));
    if (loaded && !known.contains(key)) {
      String near = Nearest.of(key, known).map(n -> "; did you mean " + n + "?").orElse("");
      throw new BadConfiguration(place + ": unknown parameter" + near);
    }
  }

  private static String moduleOf(String key) {
    int dot = key.indexOf('.', MODULE.length());
    return key.substring(MODULE.length(), dot < 0 ? key.length() : dot);
  }

  private BootConfig check(String text) throws BadConfiguration {
    try {
      CommandLine line = CommandLine.parse(text, parameters.kernel());
      for (Map.Entry<String, List<KernelParameter>> module : parameters.modules().entrySet()) {
        line.module(module.getKey(), module.getValue());
      }
      BootConfig config = new BootConfig(line, parameters.modules(), mtwatch(line));
      checkRelease(config);
      checkBugs(config);
      return config;
    } catch (ParameterException e) {
      throw new BadConfiguration(String.valueOf(e.getMessage()));
    }
  }

  private static Mtwatch mtwatch(CommandLine line) throws BadConfiguration {
    String value = line.values().text(Mtwatch.PARAMETER.name());
    return Mtwatch.parse(value)
        .orElseThrow(
            () ->
                new BadConfiguration(
                    "xen_mtwatch=" + value + ": on, series, summit or off is wanted"));
  }

  private static void checkBugs(BootConfig config) throws BadConfiguration {
    String text = config.module(KnownBug.MODULE).text(KnownBug.PARAMETER.name());
    for (String label : KnownBug.split(text)) {
      if (KnownBug.ofLabel(label).isEmpty()) {
        throw new BadConfiguration(
            "kernel.bugs=" + text + ": no fault " + label + "; known are " + KnownBug.names());
      }
    }
  }

  private static void checkRelease(BootConfig config) throws BadConfiguration {
    String release = config.module(Parameters.XL).text("release");
    if (XlRelease.ofLabel(release).isEmpty()) {
      throw new BadConfiguration("xl.release=" + release + ": 4.10 or 4.17 is wanted");
    }
  }
}

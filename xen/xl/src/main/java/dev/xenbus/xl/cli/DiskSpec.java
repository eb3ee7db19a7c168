package dev.xenbus.xl.cli;

import dev.xenbus.xl.DiskConfig;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The text that describes one disk (`libxlu_disk_l.l`, `docs/man/xl-disk-configuration.5`):
/// `target, format, vdev, access` by position, `key=value` in any order, or both.
final class DiskSpec {
  private static final Pattern PREFIX = Pattern.compile("([a-z][a-z0-9]*):(.*)", Pattern.DOTALL);
  private static final Pattern KEY = Pattern.compile("([a-z][-a-z0-9]*)=(.*)", Pattern.DOTALL);

  private final String source;
  private final String spec;
  private boolean prefixed;
  private @Nullable String target;
  private DiskConfig.@Nullable Format format;
  private @Nullable String vdev;
  private @Nullable Boolean writable;
  private boolean cdrom;
  private @Nullable String script;
  private String backend = "";
  private DiskConfig.@Nullable BackendType backendType;
  private @Nullable Boolean discard;
  private boolean directIoSafe;
  private boolean trusted = true;
  private int position;

  private DiskSpec(String source, String spec) {
    this.source = source;
    this.spec = spec;
  }

  /// Parses.
  ///
  /// @param source file name, or `command line`, for messages
  /// @throws GuestConfigException with the line for the user
  static DiskConfig parse(String source, String spec) throws GuestConfigException {
    DiskSpec parsed = new DiskSpec(source, spec);
    parsed.parse();
    return parsed.disk();
  }

  private void parse() throws GuestConfigException {
    int at = 0;
    while (at < spec.length()) {
      while (at < spec.length() && Character.isWhitespace(spec.charAt(at))) {
        at++;
      }
      if (spec.startsWith("target=", at)) { // the rest of it, commas included
        setTarget(spec.substring(at + "target=".length()));
        return;
      }
      int comma = spec.indexOf(',', at);
      int end = comma < 0 ? spec.length() : comma;
      word(spec.substring(at, end).stripTrailing());
      at = end + 1;
    }
  }

  private void word(String word) throws GuestConfigException {
    Matcher key = KEY.matcher(word);
    if (key.matches()) {
      keyed(word, key.group(1), key.group(2));
    } else if (!flag(word)) {
      positional(word);
    }
  }

  private void keyed(String word, String key, String value) throws GuestConfigException {
    switch (key) {
      case "format" -> setFormat(value);
      case "vdev" -> setVdev(value);
      case "access" -> setAccess(value);
      case "devtype" -> setType(value);
      case "backend" -> backend = value;
      case "backendtype" -> setBackendType(value);
      case "script" -> setScript(value);
      case "specification" -> {
        if (!value.equals("xen")) {
          throw error("unknown value for specification", value);
        }
      }
      default -> throw error("unknown parameter", word);
    }
  }

  private boolean flag(String word) {
    switch (word) {
      case "cdrom" -> cdrom = true;
      case "discard" -> discard = true;
      case "no-discard" -> discard = false;
      case "direct-io-safe" -> directIoSafe = true;
      case "trusted" -> trusted = true;
      case "untrusted" -> trusted = false;
      default -> {
        return false;
      }
    }
    return true;
  }

  // An empty word leaves its position at the default.
  private void positional(String word) throws GuestConfigException {
    switch (position++) {
      case 0 -> {
        if (!word.isEmpty()) {
          setTarget(withoutPrefixes(word));
        }
        if (prefixed) {
          position++; // a prefix stands for the format
        }
      }
      case 1 -> {
        if (!word.isEmpty()) {
          setFormat(word);
        }
      }
      case 2 -> {
        if (!word.isEmpty()) {
          setVdev(word);
        }
      }
      case 3 -> {
        if (!word.isEmpty()) {
          setAccess(word);
        }
      }
      default -> throw error("too many positional parameters", word);
    }
  }

  private String withoutPrefixes(String word) throws GuestConfigException {
    String rest = word;
    Matcher matcher = PREFIX.matcher(rest);
    while (matcher.matches()) {
      prefixed = true;
      String prefix = matcher.group(1);
      switch (prefix) {
        case "phy", "file", "tap", "tap2", "aio" -> {}
        case "raw", "qcow", "qcow2", "vhd", "qed" -> setFormat(prefix);
        default -> {
          setScript("block-" + prefix);
          return matcher.group(2);
        }
      }
      rest = matcher.group(2);
      matcher = PREFIX.matcher(rest);
    }
    return rest;
  }

  private void setTarget(String value) throws GuestConfigException {
    if (target != null) {
      throw error("target respecified", value);
    }
    target = value;
  }

  private void setFormat(String value) throws GuestConfigException {
    for (DiskConfig.Format known : DiskConfig.Format.values()) {
      if (known.toString().equals(value)) {
        if (format != null && format != known) {
          throw error("format respecified", value);
        }
        format = known;
        return;
      }
    }
    throw error("unknown value for format", value);
  }

  private void setVdev(String value) throws GuestConfigException {
    if (vdev != null) {
      throw error("vdev respecified", value);
    }
    int colon = value.indexOf(':');
    if (colon >= 0) { // the old way to say it: hdc:cdrom
      setType(value.substring(colon + 1));
    }
    vdev = colon < 0 ? value : value.substring(0, colon);
  }

  private void setAccess(String value) throws GuestConfigException {
    writable =
        switch (value) {
          case "rw", "w" -> true;
          case "ro", "r" -> false;
          default -> throw error("unknown value for access", value);
        };
  }

  private void setType(String value) throws GuestConfigException {
    cdrom =
        switch (value) {
          case "cdrom" -> true;
          case "disk" -> false;
          default -> throw error("unknown value for type", value);
        };
  }

  private void setBackendType(String value) throws GuestConfigException {
    backendType =
        switch (value) {
          case "phy" -> DiskConfig.BackendType.PHY;
          case "qdisk", "tap" -> DiskConfig.BackendType.QDISK;
          case "standalone" -> DiskConfig.BackendType.STANDALONE;
          default -> throw error("unknown value for backendtype", value);
        };
  }

  private void setScript(String value) throws GuestConfigException {
    if (script != null) {
      throw error("script respecified", value);
    }
    script = value;
  }

  private DiskConfig disk() throws GuestConfigException {
    if (vdev == null) {
      throw whole("no vdev specified");
    }
    DiskConfig.Format settled = format == null ? DiskConfig.Format.RAW : format;
    boolean empty = target == null || target.isEmpty();
    if (empty && !cdrom) {
      throw whole("no target specified (and device not removable)");
    }
    return new DiskConfig(
        target == null ? "" : target,
        empty ? DiskConfig.Format.EMPTY : settled,
        vdev,
        writable == null ? !cdrom : writable,
        cdrom,
        cdrom,
        script == null ? "" : script,
        backend,
        Optional.ofNullable(backendType),
        Optional.ofNullable(discard),
        directIoSafe,
        trusted);
  }

  private GuestConfigException error(String message, String near) {
    return whole(message + ": near `" + near + "'");
  }

  private GuestConfigException whole(String message) {
    return new GuestConfigException(
        source + ": config parsing error in disk specification: " + message + " in `" + spec + "'");
  }
}

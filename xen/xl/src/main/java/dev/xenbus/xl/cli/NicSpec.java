package dev.xenbus.xl.cli;

import dev.xenbus.xl.NicConfig;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The text that describes one network interface (`parse_nic_config`, `tools/xl/xl_parse.c`,
/// `docs/man/xl-network-configuration.5`): `key=value`, with commas between.
final class NicSpec {
  private static final int MAC_BYTES = 6;
  private static final long INTERVAL_MICROS_DEFAULT = 50_000;
  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final Pattern RATE =
      Pattern.compile("(\\d{1,9})([GMK]?)([Bb])/s(?:@(\\d{1,9})(s|ms|us))?");
  private static final Pattern HEX_BYTE = Pattern.compile("[0-9a-fA-F]{1,2}");

  private final String source;
  private int devid = -1;
  private String mac = "";
  private String bridge = "";
  private String script = "";
  private String ip = "";
  private String vifname = "";
  private String backend = "";
  private String gatewayDevice = "";
  private Optional<NicConfig.Rate> rate = Optional.empty();
  private int mtu = NicConfig.MTU_DEFAULT;
  private boolean trusted = true;

  private NicSpec(String source) {
    this.source = source;
  }

  /// Parses; a bad element is reported and left out.
  ///
  /// @param source file name, or `command line`, for messages
  /// @param elements each `key=value` or a flag
  /// @param complain told the line about each bad element
  /// @throws GuestConfigException if the rate is bad
  static NicConfig parse(String source, List<String> elements, Consumer<String> complain)
      throws GuestConfigException {
    NicSpec spec = new NicSpec(source);
    for (String element : elements) {
      spec.element(element.strip()).ifPresent(complain);
    }
    return new NicConfig(
        spec.devid,
        spec.mac,
        spec.bridge,
        spec.script,
        spec.ip,
        spec.vifname,
        spec.backend,
        spec.gatewayDevice,
        spec.rate,
        spec.mtu,
        spec.trusted);
  }

  // Returns what is wrong with it, if anything is.
  private Optional<String> element(String element) throws GuestConfigException {
    int equals = element.indexOf('=');
    String key = equals < 0 ? element : element.substring(0, equals);
    String value = equals < 0 ? "" : element.substring(equals + 1);
    switch (equals < 0 ? "flag " + key : key) {
      case "flag " -> {}
      case "flag trusted" -> trusted = true;
      case "flag untrusted" -> trusted = false;
      case "bridge" -> bridge = value;
      case "script" -> script = value;
      case "ip" -> ip = value;
      case "vifname" -> vifname = value;
      case "backend" -> backend = value;
      case "gatewaydev" -> gatewayDevice = value;
      case "model", "forwarddev" -> {} // for emulated cards, which we do not have
      case "rate" -> rate = Optional.of(parseRate(value));
      case "mac" -> {
        return parseMac(value) ? Optional.empty() : invalid(key);
      }
      case "type" -> {
        return value.equals("vif") || value.equals("ioemu") ? Optional.empty() : invalid(key);
      }
      case "mtu", "devid" -> {
        return parseNumber(key, value) ? Optional.empty() : invalid(key);
      }
      case "netdev" -> {
        gatewayDevice = value;
        return Optional.of("the netdev parameter is deprecated, please use gatewaydev instead");
      }
      case "accel" -> {
        return Optional.of("the accel parameter for vifs is currently not supported");
      }
      default -> {
        return Optional.of("unrecognized argument `" + element + "'");
      }
    }
    return Optional.empty();
  }

  private static Optional<String> invalid(String key) {
    return Optional.of("Invalid parameter `" + key + "'.");
  }

  // The first byte must be one; from the first later one that is none, all are 0.
  private boolean parseMac(String text) {
    int[] bytes = new int[MAC_BYTES];
    String[] parts = text.split(":", -1);
    for (int i = 0; i < Math.min(parts.length, MAC_BYTES); i++) {
      if (!HEX_BYTE.matcher(parts[i]).matches()) {
        if (i == 0) {
          return false;
        }
        break;
      }
      bytes[i] = Integer.parseInt(parts[i], 16);
    }
    mac =
        String.format(
            Locale.ROOT,
            "%02x:%02x:%02x:%02x:%02x:%02x",
            bytes[0],
            bytes[1],
            bytes[2],
            bytes[3],
            bytes[4],
            bytes[5]);
    return true;
  }

  private boolean parseNumber(String key, String text) {
    int number;
    try {
      number = Integer.parseUnsignedInt(text);
    } catch (NumberFormatException _) {
      return false;
    }
    if (number < 0) {
      return false;
    }
    if (key.equals("mtu")) {
      mtu = number;
    } else {
      devid = number;
    }
    return true;
  }

  // 10Mb/s is 62500 bytes in each 50000 microseconds.
  private NicConfig.Rate parseRate(String text) throws GuestConfigException {
    Matcher matcher = RATE.matcher(text);
    if (!matcher.matches()) {
      throw new GuestConfigException(
          source + ": config parsing error in vif: invalid rate in `" + text + "'");
    }
    long bytes = Long.parseLong(matcher.group(1)) * scale(matcher.group(2));
    if (matcher.group(3).equals("b")) {
      bytes /= 8;
    }
    long interval = INTERVAL_MICROS_DEFAULT;
    if (matcher.group(4) != null) {
      interval = Long.parseLong(matcher.group(4)) * micros(matcher.group(5));
    }
    return new NicConfig.Rate(
        Math.multiplyHigh(bytes, interval) == 0
            ? bytes * interval / MICROS_PER_SECOND
            : bytes / MICROS_PER_SECOND * interval,
        interval);
  }

  private static long scale(String unit) {
    return switch (unit) {
      case "G" -> 1_000_000_000;
      case "M" -> 1_000_000;
      case "K" -> 1_000;
      default -> 1;
    };
  }

  private static long micros(String unit) {
    return switch (unit) {
      case "s" -> MICROS_PER_SECOND;
      case "ms" -> 1_000;
      default -> 1;
    };
  }
}

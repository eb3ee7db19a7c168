package dev.xenbus.guest.command;

import java.util.List;

/// The options of `ping`.
///
/// @param host who is asked, as it was typed
/// @param count requests to send; 0 for no end
/// @param intervalNanos time between two requests
/// @param lingerNanos how long the last reply is waited for
/// @param deadlineNanos after how long to stop; 0 for never
/// @param payloadBytes bytes of payload
/// @param isQuiet whether only the summary is printed
record PingOptions(
    String host,
    long count,
    long intervalNanos,
    long lingerNanos,
    long deadlineNanos,
    int payloadBytes,
    boolean isQuiet) {
  private static final double NANOS = 1e9;
  private static final int PAYLOAD_BYTES_MAX = 65_507;
  private static final double SECONDS_MAX = 1e6;
  private static final double INTERVAL_MIN = 0.001;

  static PingOptions parse(List<String> arguments) throws UsageException {
    String host = "";
    long count = 0;
    double interval = 1;
    double linger = 10;
    double deadline = 0;
    int bytes = 56;
    boolean isQuiet = false;
    int at = 0;
    while (at < arguments.size()) {
      String word = arguments.get(at++);
      if (!word.startsWith("-") || word.length() < 2) {
        if (!host.isEmpty()) {
          throw new UsageException("more than one address: " + word);
        }
        host = word;
        continue;
      }
      String value = word.substring(2);
      boolean wantsValue = "ciWws".indexOf(word.charAt(1)) >= 0;
      if (wantsValue && value.isEmpty()) {
        if (at == arguments.size()) {
          throw new UsageException("option requires an argument -- '" + word.charAt(1) + "'");
        }
        value = arguments.get(at++);
      }
      switch (word.charAt(1)) {
        case 'c' -> count = (long) number(value, 1, Long.MAX_VALUE);
        case 'i' -> interval = number(value, INTERVAL_MIN, SECONDS_MAX);
        case 'W' -> linger = number(value, 0, SECONDS_MAX);
        case 'w' -> deadline = number(value, 0, SECONDS_MAX);
        case 's' -> bytes = (int) number(value, 0, PAYLOAD_BYTES_MAX);
        case 'q' -> isQuiet = true;
        case 'n' -> {}
        default -> throw new UsageException("invalid option -- '" + word.charAt(1) + "'");
      }
    }
    if (host.isEmpty()) {
      throw new UsageException("usage error: Destination address required");
    }
    return new PingOptions(
        host,
        count,
        (long) (interval * NANOS),
        (long) (linger * NANOS),
        (long) (deadline * NANOS),
        bytes,
        isQuiet);
  }

  private static double number(String text, double min, double max) throws UsageException {
    boolean isNumber = text.matches("\\d{1,18}(\\.\\d{1,9})?|\\.\\d{1,9}");
    double value = isNumber ? Double.parseDouble(text) : -1;
    if (value < min || value > max) {
      throw new UsageException("invalid argument: '" + text + "'");
    }
    return value;
  }
}

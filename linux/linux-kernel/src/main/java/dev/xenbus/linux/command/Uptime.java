package dev.xenbus.linux.command;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/// `uptime`: how long the machine has been up.
public final class Uptime extends KernelCommand {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);
  private static final long NANOS_PER_MINUTE = 60_000_000_000L;

  /// For the service loader.
  public Uptime() {
    super("uptime", "says how long the machine has been up", "uptime", 1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    if (!arguments.isEmpty()) {
      throw new UsageException("extra operand '" + arguments.getFirst() + "'");
    }
    long minutes = context.kernel().clock().nanos() / NANOS_PER_MINUTE;
    String time = TIME.format(context.kernel().clock().wallTime().atOffset(ZoneOffset.UTC));
    String up =
        minutes < 60
            ? minutes + " min"
            : String.format(Locale.ROOT, "%2d:%02d", minutes / 60 % 24, minutes % 60);
    long days = minutes / (24 * 60);
    String since = days == 0 ? "" : days + (days == 1 ? " day, " : " days, ");
    context.out().println(" " + time + " up " + since + up + ",  0 users");
    return 0;
  }
}

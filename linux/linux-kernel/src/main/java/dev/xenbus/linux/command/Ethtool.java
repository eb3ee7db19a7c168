package dev.xenbus.linux.command;

import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.NetDevice;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// `ethtool`: the driver's own counters of a network device, and whether it has link.
public final class Ethtool extends KernelCommand {
  private static final int FAILED = 94;

  /// For the service loader.
  public Ethtool() {
    super(
        "ethtool",
        "prints a network device's counters (-S) or its link",
        """
        ethtool [-S] DEVICE
          -S  the counters of its driver
        """,
        1);
  }

  @Override
  int execute(Context context, List<String> arguments) throws UsageException {
    boolean wantsCounters =
        !arguments.isEmpty()
            && (arguments.getFirst().equals("-S") || arguments.getFirst().equals("--statistics"));
    List<String> names = wantsCounters ? arguments.subList(1, arguments.size()) : arguments;
    if (names.size() != 1 || names.getFirst().startsWith("-")) {
      throw new UsageException("bad command line argument(s)");
    }
    return wantsCounters
        ? counters(context, names.getFirst())
        : settings(context, names.getFirst());
  }

  private static int counters(Context context, String device) {
    SequencedMap<String, Long> counters;
    try {
      counters = context.kernel().net().ethtoolStatistics(device);
    } catch (KernelException e) {
      context.err().println("Cannot get stats strings information: " + e.errno().text());
      return FAILED;
    }
    if (counters.isEmpty()) {
      context.err().println("no stats available");
      return FAILED;
    }
    context.out().println("NIC statistics:");
    counters.forEach((name, count) -> context.out().println("     " + name + ": " + count));
    return 0;
  }

  private static int settings(Context context, String name) {
    Optional<NetDevice> device = context.kernel().net().device(name);
    if (device.isEmpty()) {
      context.err().println("Cannot get device settings: No such device");
      return FAILED;
    }
    context.out().println("Settings for " + name + ":");
    context.out().println("\tLink detected: " + (device.get().carrier() ? "yes" : "no"));
    return 0;
  }
}

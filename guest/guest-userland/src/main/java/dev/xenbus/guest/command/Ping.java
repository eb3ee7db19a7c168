package dev.xenbus.guest.command;

import dev.xenbus.linux.api.IcmpSocket;
import dev.xenbus.linux.api.Ipv4Address;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// `ping`: asks a host for echoes, with the output of iputils.
public final class Ping implements UserCommand {
  /// Exit code if nothing came back.
  static final int NO_REPLY = 1;

  /// Exit code of wrong usage and of other failures.
  static final int FAILED = 2;

  /// For the service loader.
  public Ping() {}

  @Override
  public String name() {
    return "ping";
  }

  @Override
  public String summary() {
    return "asks a host for ICMP echoes";
  }

  @Override
  public String usage() {
    return """
    usage: ping [-c COUNT] [-i SECONDS] [-W SECONDS] [-w SECONDS] [-s BYTES] [-n] [-q] ADDRESS
      -c  stop after so many requests; without it, at control-C
      -i  time between two requests, 1 by default
      -W  how long the last reply is waited for, 10 by default
      -w  stop after this time, whatever came back
      -s  bytes of payload, 56 by default
      -q  print the summary alone
      -n  accepted: addresses are always numbers
    """;
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0, Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    PingOptions options;
    try {
      options = PingOptions.parse(arguments);
    } catch (UsageException e) {
      context.err().println("ping: " + e.getMessage());
      context.err().print(usage());
      return FAILED;
    }
    Optional<Ipv4Address> to = Ipv4Address.parse(options.host());
    if (to.isEmpty()) {
      context.err().println("ping: " + options.host() + ": Name or service not known");
      return FAILED;
    }
    Kernel kernel = context.kernel();
    try (IcmpSocket socket = kernel.net().openIcmp()) {
      return new PingRun(context, options, to.get(), socket).run();
    } catch (KernelException e) {
      context.err().println("ping: socket: " + e.errno().text());
      return FAILED;
    }
  }
}

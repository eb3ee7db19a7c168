package dev.xenbus.guest.command;

import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// `reboot`: starts the guest again.
public final class Reboot implements UserCommand {
  /// For the service loader.
  public Reboot() {}

  @Override
  public String name() {
    return "reboot";
  }

  @Override
  public String summary() {
    return "starts the guest again";
  }

  @Override
  public String usage() {
    return "usage: reboot\n";
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    context.kernel().power(ShutdownReason.REBOOT);
    return 0;
  }
}

package dev.xenbus.guest.command;

import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// `poweroff`: switches the guest off.
public final class Poweroff implements UserCommand {
  /// For the service loader.
  public Poweroff() {}

  @Override
  public String name() {
    return "poweroff";
  }

  @Override
  public String summary() {
    return "switches the guest off";
  }

  @Override
  public String usage() {
    return "usage: poweroff\n";
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    context.kernel().power(ShutdownReason.POWEROFF);
    return 0;
  }
}

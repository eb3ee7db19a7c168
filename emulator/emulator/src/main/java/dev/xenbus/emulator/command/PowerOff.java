package dev.xenbus.emulator.command;

import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// `poweroff` of dom0: guests first, then drivers, then the store; the emulator ends.
public final class PowerOff implements UserCommand {
  /// For the service loader.
  public PowerOff() {}

  @Override
  public String name() {
    return "poweroff";
  }

  @Override
  public String summary() {
    return "power dom0 off: guests, drivers, the store; the emulator ends";
  }

  @Override
  public String usage() {
    return "usage: poweroff\n";
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    context.kernel().power(ShutdownReason.POWEROFF);
    return 0;
  }
}

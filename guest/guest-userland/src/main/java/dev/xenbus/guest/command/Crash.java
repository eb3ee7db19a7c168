package dev.xenbus.guest.command;

import dev.xenbus.abi.hypercall.ShutdownReason;
import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// `crash`: crashes the guest's kernel.
public final class Crash implements UserCommand {
  /// For the service loader.
  public Crash() {}

  @Override
  public String name() {
    return "crash";
  }

  @Override
  public String summary() {
    return "crashes the guest's kernel";
  }

  @Override
  public String usage() {
    return "usage: crash\n";
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    context.kernel().power(ShutdownReason.CRASH);
    return 0;
  }
}

package dev.xenbus.guest.command;

import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// `echo`: prints its arguments.
public final class Echo implements UserCommand {
  /// For the service loader.
  public Echo() {}

  @Override
  public String name() {
    return "echo";
  }

  @Override
  public String summary() {
    return "prints its arguments; with > FILE, writes them to a file of /proc or /sys";
  }

  @Override
  public String usage() {
    return "usage: echo [-n] [WORD]...\n";
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    boolean isBare = !arguments.isEmpty() && arguments.getFirst().equals("-n");
    List<String> words = isBare ? arguments.subList(1, arguments.size()) : arguments;
    context.out().print(String.join(" ", words) + (isBare ? "" : "\n"));
    return 0;
  }
}

package dev.xenbus.guest.command;

import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.UserCommand;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// `dd`: copies blocks between disks and the devices that make and swallow bytes, with the output
/// of the GNU core utilities. `depth` is ours.
public final class Dd implements UserCommand {
  private static final double NANOS = 1e9;

  /// For the service loader.
  public Dd() {}

  @Override
  public String name() {
    return "dd";
  }

  @Override
  public String summary() {
    return "copies blocks between disks";
  }

  @Override
  public String usage() {
    return """
    usage: dd if=FILE [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [depth=N]
              [iflag=direct] [oflag=direct] [conv=fsync] [status=none]
      FILE is a disk (/dev/xvda), /dev/zero, /dev/urandom or /dev/null
      N may end in k, M, G (1024) or kB, MB, GB (1000)
      depth=N keeps N blocks under way at once, 1 by default (not in GNU dd)
      transfers are always direct: there is no page cache
    """;
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0, Place.GUEST);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    DdOptions options;
    try {
      options = DdOptions.parse(arguments);
    } catch (UsageException e) {
      context.err().println("dd: " + e.getMessage());
      context.err().println("Try 'dd --help' for more information.");
      return 1;
    }
    Kernel kernel = context.kernel();
    String opening = options.input();
    try (DdEnd input = DdEnd.input(kernel, options.input())) {
      opening = options.output();
      try (DdEnd output = DdEnd.output(kernel, options.output(), context.out())) {
        return copy(context, options, input, output);
      }
    } catch (KernelException e) {
      context.err().println("dd: failed to open '" + opening + "': " + e.errno().text());
      return 1;
    }
  }

  private static int copy(Context context, DdOptions options, DdEnd input, DdEnd output) {
    Kernel kernel = context.kernel();
    DdRun run = new DdRun(kernel, options, input, output);
    long start = kernel.clock().nanos();
    Optional<String> failure;
    try {
      failure = run.copy();
    } catch (KernelException noMemory) {
      context.err().println("dd: memory exhausted");
      return 1;
    }
    failure.ifPresent(message -> context.err().println("dd: " + message));
    if (!options.isSilent()) {
      context.err().print(run.summary((kernel.clock().nanos() - start) / NANOS));
    }
    return failure.isPresent() ? 1 : 0;
  }
}

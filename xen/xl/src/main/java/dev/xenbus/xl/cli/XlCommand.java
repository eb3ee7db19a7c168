package dev.xenbus.xl.cli;

import dev.xenbus.abi.Domid;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.xl.Interrupted;
import dev.xenbus.xl.LibxlException;
import dev.xenbus.xl.Toolstack;
import dev.xenbus.xl.XlServices;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The `xl` command (`tools/xl/xl.c`). Its services come as an [XlServices].
public final class XlCommand implements UserCommand {
  private static final int BAD_USAGE = 2;
  private static final int INTERRUPTED = 130;

  /// Makes the command.
  public XlCommand() {}

  @Override
  public String name() {
    return "xl";
  }

  @Override
  public String summary() {
    return "Creates, lists and destroys domains and their devices.";
  }

  @Override
  public String usage() {
    return "usage: xl [-v] SUBCOMMAND [ARGUMENTS]\n" + Subcommands.overview();
  }

  @Override
  public Set<Place> places() {
    return EnumSet.of(Place.DOM0, Place.DRIVER_DOMAIN);
  }

  @Override
  public int run(Context context, List<String> arguments) {
    List<String> words = arguments;
    while (!words.isEmpty() && words.getFirst().matches("-[vftTN]+")) {
      words = words.subList(1, words.size());
    }
    if (words.isEmpty()) {
      context.out().print(usage());
      return 1;
    }
    String name = words.getFirst();
    List<String> rest = words.subList(1, words.size());
    if (name.equals("help")) {
      return help(context, rest);
    }
    Optional<Subcommand> command = Subcommands.named(name);
    if (command.isEmpty()) {
      context.err().println("command not implemented");
      return 1;
    }
    if (!context.kernel().domid().equals(Domid.DOM0) && !command.get().name().equals("devd")) {
      context
          .err()
          .println(
              "xl "
                  + command.get().name()
                  + ": this domain is not privileged, use dom0's xl; a"
                  + " driver domain's does devd alone");
      return 1;
    }
    return run(context, command.get(), rest);
  }

  private int help(Context context, List<String> words) {
    Optional<Subcommand> command = words.stream().findFirst().flatMap(Subcommands::named);
    context.out().print(command.map(Subcommand::help).orElseGet(this::usage));
    return 0;
  }

  private static int run(Context context, Subcommand command, List<String> words) {
    try {
      Options options = Options.parse(command.options() + "h", LONG_OPTIONS, words);
      if (options.has('h')) {
        context.out().print(command.help());
        return 0;
      }
      if (options.arguments().size() < command.argumentsMin()) {
        int needed = command.argumentsMin();
        throw new UsageException(
            BAD_USAGE,
            "'xl "
                + command.name()
                + "' requires at least "
                + needed
                + (needed == 1 ? " argument." : " arguments.")
                + "\n",
            true);
      }
      return run(context, command, options);
    } catch (UsageException e) {
      if (!e.text().isEmpty()) {
        context.err().println(e.text());
      }
      if (e.wantsHelp()) {
        context.out().print(command.help());
      }
      return e.exitCode();
    }
  }

  private static final Map<String, Character> LONG_OPTIONS =
      Map.of(
          "help", 'h', "quiet", 'q', "dryrun", 'n', "defconfig", 'f', "verbose", 'v', "long", 'l');

  private static int run(Context context, Subcommand command, Options options)
      throws UsageException {
    XlServices services =
        context
            .service(XlServices.class)
            .orElseThrow(() -> new UsageException(1, "cannot init xl context"));
    try (Toolstack toolstack = Toolstack.open(services, context.err(), context::file)) {
      return command.action().run(new XlProcess(context, services, toolstack), options);
    } catch (LibxlException e) {
      return 1; // the log has said why
    } catch (Interrupted _) {
      return INTERRUPTED;
    } catch (IOException e) {
      throw new UsageException(
          1,
          "libxl: error: cannot connect to xenstore: "
              + e.getMessage()
              + "\ncannot init xl context");
    }
  }
}

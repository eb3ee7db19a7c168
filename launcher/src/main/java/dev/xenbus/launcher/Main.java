package dev.xenbus.launcher;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The `xenemu` command.
@Command(
    name = "xenemu",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "A Xen dom0's control plane inside one Java process.",
    footer = {
      "",
      "For developers: xenemu build, test [--install], fmt, mvn ..., jmh ...",
      "",
      "Exit codes: 0 done; 1 what was asked failed; 2 wrong usage or configuration; 130 interrupted.",
      "xl and xenstore-* keep their own."
    })
public final class Main implements Runnable {
  /// What was asked failed.
  static final int FAILED = 1;

  /// Wrong usage or configuration.
  static final int USAGE = 2;

  private static final int USAGE_COLUMNS = 100;

  /// Ctrl-C.
  static final int INTERRUPTED = 130;

  /// The commands by name. Only the one that is asked for is made: to make them all would take as
  /// long as the store alone needs to start.
  private static final Map<String, Supplier<Object>> COMMANDS = commands();

  @Spec private CommandSpec spec;

  /// Made by picocli.
  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  Main() {}

  /// Starts.
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  private static Map<String, Supplier<Object>> commands() {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("boot", BootCommand::new);
    commands.put("sh", ShCommand::new);
    commands.put("xl", XlCommand::new);
    commands.put("xenstored", XenstoredCommand::new);
    commands.put("demo", DemoCommand::new);
    commands.put("explore", ExploreCommand::new);
    commands.put("bench", BenchCommand::new);
    commands.put("conformance", ConformanceCommand::new);
    return commands;
  }

  private static void addCommands(CommandLine commandLine, String... arguments) {
    Supplier<Object> wanted = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
    if (wanted != null) {
      commandLine.addSubcommand(arguments[0], wanted.get());
    } else {
      COMMANDS.forEach((name, command) -> commandLine.addSubcommand(name, command.get()));
      commandLine.addSubcommand(new CommandLine.HelpCommand());
    }
  }

  /// Runs one command of `xenemu`.
  ///
  /// @return the exit code
  static int run(String... arguments) {
    return run(new PrintWriter(System.err, true, System.err.charset()), arguments);
  }

  /// Runs one command of `xenemu`, and tells of mistakes in it there.
  static int run(PrintWriter err, String... arguments) {
    CommandLine commandLine = new CommandLine(new Main());
    addCommands(commandLine, arguments);
    commandLine.setErr(err);
    commandLine.setUsageHelpWidth(USAGE_COLUMNS);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> fail(command.getErr(), exception));
    commandLine.setParameterExceptionHandler(Main::usage);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    List<String> normalized = Stream.of(arguments).map(Main::normalize).toList();
    return commandLine.execute(normalized.toArray(String[]::new));
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /// An option with an optional value would swallow the word behind it; the seed wants its `=`.
  private static String normalize(String argument) {
    return argument.equals("--simulate") ? "--simulate=" : argument;
  }

  private static int fail(PrintWriter err, Throwable exception) {
    String message = exception.getMessage();
    err.println("xenemu: " + (message == null ? exception.toString() : message));
    if (System.getenv("XENEMU_DEBUG") != null) {
      exception.printStackTrace(err);
    }
    return exception instanceof UsageException ? USAGE : FAILED;
  }

  private static int usage(ParameterException exception, String[] arguments) {
    CommandLine command = exception.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("xenemu: " + exception.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(exception, err);
    err.println("See " + command.getCommandSpec().qualifiedName(" ") + " --help");
    return USAGE;
  }

  /// What `--version` prints.
  static final class Version implements IVersionProvider {
    /// Made by picocli.
    Version() {}

    @Override
    public String[] getVersion() {
      return new String[] {"xenemu 0.1.0", "Java " + Runtime.version()};
    }
  }
}

package dev.xenbus.linux.shell;

import dev.xenbus.abi.Errno;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.Nearest;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.linux.shell.ShellSyntax.Command;
import dev.xenbus.linux.shell.ShellSyntax.SyntaxException;
import dev.xenbus.linux.shell.ShellSyntax.When;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The shell of a console: runs one line at a time, each command in a process of its own, but for
/// what the shell does itself and its redirections, which run in its own process as in any shell. A
/// job in the background is a process with a shell of its own, so that nothing in it holds up the
/// console, a redirection neither.
///
/// Threads: [#execute] is called by one task; [#interrupt] by anyone.
public final class Shell {
  /// Exit code of a command that was not found.
  private static final int NOT_FOUND = 127;

  /// Exit code of a line that means nothing, or of a command that was used wrongly.
  private static final int USAGE = 2;

  /// Exit code of a line that was interrupted before its first command: 128 + `SIGINT`.
  public static final int INTERRUPTED = 130;

  /// Most characters that `>` and `|` take; more are lost.
  public static final int OUTPUT_CHARS_MAX = 4 << 20;

  /// Most background jobs; one that has ended counts until somebody has asked for it, or room is
  /// needed.
  public static final int JOBS_MAX = 64;

  private static final int CANNOT_RUN = 126;

  /// Exit code of a command that ran into a fault of ours (`EX_SOFTWARE`).
  private static final int FAULT = 70;

  private static final String NULL_DEVICE = "/dev/null";

  /// What its processes are called that run no command.
  private static final String NAME = "sh";

  private final Options options;

  /// Whether it runs one command and no other, in the process that it has.
  private final boolean isCommand;

  private final SequencedMap<String, String> variables = new LinkedHashMap<>();
  private final Jobs jobs = new Jobs();
  private boolean exitAsked;
  private volatile @Nullable Task foreground;
  private volatile boolean interrupted;

  /// What a shell works with.
  ///
  /// @param kernel the kernel that it runs on
  /// @param commands what it can run, by name
  /// @param services what commands may use
  /// @param folder what names of files outside of the kernel are relative to; empty if its commands
  ///     see none
  /// @param out standard output
  /// @param err standard error
  /// @param background where commands in the background write, output and errors alike
  public record Options(
      Kernel kernel,
      SequencedMap<String, UserCommand> commands,
      UserCommand.Services services,
      Optional<Path> folder,
      TextOutput out,
      TextOutput err,
      TextOutput background) {}

  /// Makes a shell.
  public Shell(Options options) {
    this.options = options;
    this.isCommand = false;
    variables.put("?", "0");
  }

  /// Makes the shell of a job: it has the variables, and no jobs.
  private Shell(Shell parent, boolean isCommand) {
    Options of = parent.options;
    TextOutput out = of.background();
    this.options =
        new Options(of.kernel(), of.commands(), of.services(), of.folder(), out, out, out);
    this.isCommand = isCommand;
    variables.putAll(parent.variables);
  }

  /// Where Ctrl-C comes from while a line runs.
  @FunctionalInterface
  public interface Interrupts {
    /// Has the handler called at each Ctrl-C from now on, and at once for one that came before;
    /// null for no longer.
    void onInterrupt(@Nullable Runnable handler);
  }

  /// Runs a line and waits for what it starts in the foreground.
  ///
  /// @return the exit code of its last command; 0 of an empty line; [#INTERRUPTED] if Ctrl-C came
  ///     before there was one
  public int execute(String line) {
    return execute(line, handler -> {});
  }

  /// Runs a line, which Ctrl-C ends: the command in the foreground gets the signal, and what would
  /// follow does not run.
  ///
  /// @param interrupts where it comes from, beside [#interrupt]
  public int execute(String line, Interrupts interrupts) {
    interrupted = false;
    interrupts.onInterrupt(this::interrupt);
    try {
      return run(line);
    } finally {
      interrupts.onInterrupt(null);
    }
  }

  private int run(String line) {
    List<Command> commands;
    try {
      commands = ShellSyntax.parse(line);
    } catch (SyntaxException e) {
      options.err().println("sh: " + e.getMessage());
      return finish(USAGE);
    }
    int exit = interrupted ? INTERRUPTED : 0;
    for (List<Command> list : lists(commands)) {
      if (hasEnded()) {
        return exit;
      }
      exit = list.getLast().background() ? finish(startJob(list)) : runList(list);
    }
    return exit;
  }

  /// Returns whether no more commands of the line are to run.
  private boolean hasEnded() {
    return exitAsked || interrupted;
  }

  /// Returns the commands by what `&&` and `||` join.
  private static List<List<Command>> lists(List<Command> commands) {
    List<List<Command>> lists = new ArrayList<>();
    for (Command command : commands) {
      if (command.when() == When.ALWAYS) {
        lists.add(new ArrayList<>());
      }
      lists.getLast().add(command);
    }
    return lists;
  }

  /// Runs commands that are joined by `&&` and `||`, and waits for each.
  private int runList(List<Command> list) {
    int exit = 0;
    for (Command command : list) {
      boolean runs =
          switch (command.when()) {
            case When.ALWAYS -> true;
            case When.IF_DONE -> exit == 0;
            case When.IF_FAILED -> exit != 0;
          };
      if (hasEnded()) {
        return exit;
      }
      if (runs) {
        exit = finish(runCommand(command));
      }
    }
    return exit;
  }

  /// Starts a process with a shell of its own; one that runs a single command becomes that command.
  private int startJob(List<Command> list) {
    Command first = list.getFirst();
    Shell shell = new Shell(this, list.size() == 1);
    List<String> words = expand(first.words());
    UserCommand command = options.commands().get(words.getFirst());
    boolean isCommand = list.size() == 1 && command != null;
    if (!jobs.hasRoom()) {
      options.err().println("sh: " + words.getFirst() + ": " + Errno.EAGAIN.text());
      return CANNOT_RUN;
    }
    Task task;
    try {
      task =
          options
              .kernel()
              .cpu()
              .process(isCommand ? words.getFirst() : NAME, self -> shell.runList(list));
    } catch (NoThread e) {
      options.err().println("sh: " + words.getFirst() + ": " + e.getMessage());
      return CANNOT_RUN;
    }
    Jobs.Job job = jobs.add(task, text(list));
    variables.put("!", Integer.toString(task.pid()));
    options.err().println("[" + job.number() + "] " + task.pid());
    task.wake();
    return 0;
  }

  /// Returns whether `exit` was typed.
  public boolean exitAsked() {
    return exitAsked;
  }

  /// Returns what it can run: name and one line of help, sorted by name.
  public SequencedMap<String, String> help() {
    SequencedMap<String, String> help = new LinkedHashMap<>(Builtins.HELP);
    options.commands().forEach((name, command) -> help.put(name, command.summary()));
    return Builtins.sorted(help);
  }

  /// Ends the line that runs as Ctrl-C does; nothing if none does.
  public void interrupt() {
    interrupted = true;
    Task task = foreground;
    if (task != null) {
      task.signal();
    }
  }

  private int finish(int exit) {
    variables.put("?", Integer.toString(exit));
    return exit;
  }

  private int runCommand(Command command) {
    List<String> words = expand(command.words());
    if (command.redirect().isEmpty() && command.filters().isEmpty()) {
      return runWords(words, options.out());
    }
    List<String> file = expand(command.redirect().stream().toList());
    if (file.size() > 1) {
      options.err().println("sh: " + command.redirect().get() + ": ambiguous redirect");
      return 1;
    }
    StringBuilder collected = new StringBuilder();
    int exit =
        runWords(
            words,
            text -> {
              int room = OUTPUT_CHARS_MAX - collected.length();
              collected.append(text, 0, Math.min(text.length(), room));
            });
    String output = collected.toString();
    for (List<ShellWord> filter : command.filters()) {
      try {
        output = Filters.apply(expand(filter), output);
        exit = output.isEmpty() ? 1 : 0;
      } catch (SyntaxException e) {
        options.err().println("sh: " + e.getMessage());
        return USAGE;
      }
    }
    if (file.isEmpty()) {
      options.out().print(output);
      return exit;
    }
    // As in any shell: without output nothing is written, and a file that refuses it counts.
    int written = output.isEmpty() ? 0 : writeTo(file.getFirst(), output);
    return written == 0 ? exit : written;
  }

  private List<String> expand(List<ShellWord> words) {
    return ShellWord.expandAll(
        words, name -> variables.getOrDefault(name, ""), options.kernel().files());
  }

  private int writeTo(String path, String output) {
    if (path.equals(NULL_DEVICE)) {
      return 0;
    }
    try {
      options.kernel().files().write(path, output);
      return 0;
    } catch (KernelException e) {
      options.err().println("sh: " + path + ": " + e.errno().text());
      return 1;
    }
  }

  private int runWords(List<String> words, TextOutput out) {
    String name = words.getFirst();
    List<String> arguments = words.subList(1, words.size());
    int assigned = name.indexOf('=');
    if (assigned > 0 && words.size() == 1 && isName(name.substring(0, assigned))) {
      variables.put(name.substring(0, assigned), name.substring(assigned + 1));
      return 0;
    }
    switch (name) {
      case "echo":
        echo(arguments, out);
        return 0;
      case "exit":
        exitAsked = true;
        return exitCode(arguments);
      case "help":
        help().forEach((key, text) -> out.println("%-18s %s".formatted(key, text)));
        return 0;
      case "jobs":
        out.print(jobs.list());
        return 0;
      case "wait":
        return waitForJobs(arguments);
      default:
        return runProcess(name, arguments, out);
    }
  }

  private static void echo(List<String> arguments, TextOutput out) {
    boolean isBare = !arguments.isEmpty() && arguments.getFirst().equals("-n");
    List<String> words = isBare ? arguments.subList(1, arguments.size()) : arguments;
    out.print(String.join(" ", words) + (isBare ? "" : "\n"));
  }

  private int exitCode(List<String> arguments) {
    if (arguments.isEmpty()) {
      return Integer.parseInt(variables.getOrDefault("?", "0"));
    }
    try {
      return Integer.parseInt(arguments.getFirst()) & 0xFF;
    } catch (NumberFormatException _) {
      options.err().println("sh: exit: " + arguments.getFirst() + ": a number is wanted");
      return USAGE;
    }
  }

  private static String text(List<Command> list) {
    StringBuilder text = new StringBuilder();
    for (Command command : list) {
      text.append(
          switch (command.when()) {
            case When.ALWAYS -> "";
            case When.IF_DONE -> " && ";
            case When.IF_FAILED -> " || ";
          });
      text.append(command.text());
    }
    return text.toString();
  }

  private int runProcess(String name, List<String> arguments, TextOutput out) {
    UserCommand command = options.commands().get(name);
    if (command == null) {
      String near =
          Nearest.of(name, help().keySet()).map(n -> "; did you mean " + n + "?").orElse("");
      options.err().println("sh: " + name + ": command not found" + near);
      return NOT_FOUND;
    }
    Context context = new Context(options, out, options.err());
    if (isCommand) {
      return runGuarded(command, context, arguments);
    }
    Task task;
    try {
      task = options.kernel().cpu().process(name, self -> runGuarded(command, context, arguments));
    } catch (NoThread e) {
      options.err().println("sh: " + name + ": " + e.getMessage());
      return CANNOT_RUN;
    }
    foreground = task;
    task.wake();
    return await(task);
  }

  /// A command that fails in a way that it did not foresee costs its own process alone.
  private int runGuarded(UserCommand command, Context context, List<String> arguments) {
    try {
      if (arguments.equals(List.of("--help"))) {
        context.out().print(command.usage().stripTrailing() + "\n");
        return 0;
      }
      return command.run(context, arguments);
    } catch (RuntimeException e) {
      context.err().println(command.name() + ": internal error: " + e);
      for (StackTraceElement frame : e.getStackTrace()) {
        context.err().println("    at " + frame);
      }
      return FAULT;
    }
  }

  private int waitForJobs(List<String> names) {
    int exit = 0;
    if (names.isEmpty()) {
      for (Jobs.Job job : jobs.all()) {
        exit = reap(job);
      }
    }
    for (String name : names) {
      Optional<Jobs.Job> job = jobs.find(name);
      if (job.isEmpty()) {
        options.err().println("sh: wait: " + name + ": no such job");
        return NOT_FOUND;
      }
      exit = reap(job.get());
    }
    return exit;
  }

  private int reap(Jobs.Job job) {
    int exit = await(job.task());
    jobs.remove(job);
    options.err().println("[" + job.number() + "] exit " + exit + ": " + job.text());
    return exit;
  }

  /// Waits for a process that Ctrl-C is for meanwhile.
  private int await(Task task) {
    foreground = task;
    if (interrupted) {
      task.signal(); // it came before there was anybody to signal
    }
    int exit = task.waitFor();
    foreground = null;
    return exit;
  }

  private static boolean isName(String text) {
    return text.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '_')
        && !Character.isDigit(text.charAt(0));
  }

  private record Context(Options options, TextOutput out, TextOutput err)
      implements UserCommand.Context {
    @Override
    public Kernel kernel() {
      return options.kernel();
    }

    @Override
    public <T> Optional<T> service(Class<T> type) {
      return options.services().find(type);
    }

    @Override
    public Path file(String name) {
      return options
          .folder()
          .orElseThrow(() -> new UnsupportedOperationException("no files outside of the kernel"))
          .resolve(name);
    }
  }
}

package dev.xenbus.emulator.shell;

import dev.xenbus.emulator.shell.ShellSyntax.Command;
import dev.xenbus.emulator.shell.ShellSyntax.SyntaxException;
import dev.xenbus.emulator.shell.ShellSyntax.When;
import dev.xenbus.linux.Nearest;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.ShellWord;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
  public static final int NOT_FOUND = 127;

  /// Exit code of a line that means nothing, or of a command that was used wrongly.
  public static final int USAGE = 2;

  private static final int CANNOT_RUN = 126;

  /// What its processes are called that run no command.
  private static final String NAME = "sh";

  private final Options options;

  /// Whether it runs one command and no other, in the process that it has.
  private final boolean isCommand;

  private final SequencedMap<String, String> variables = new LinkedHashMap<>();
  private final List<Job> jobs = new ArrayList<>();
  private int nextJob = 1;
  private boolean exitAsked;
  private volatile @Nullable Task foreground;

  /// What a shell works with.
  ///
  /// @param kernel the kernel that it runs on
  /// @param commands what it can run, by name
  /// @param services what commands may use
  /// @param folder what file names are relative to
  /// @param out standard output
  /// @param err standard error
  /// @param background where commands in the background write, output and errors alike
  public record Options(
      Kernel kernel,
      SequencedMap<String, UserCommand> commands,
      UserCommand.Services services,
      Path folder,
      TextOutput out,
      TextOutput err,
      TextOutput background) {}

  private record Job(int number, Task task, String text) {}

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

  /// Runs a line and waits for what it starts in the foreground.
  ///
  /// @return the exit code of its last command; 0 of an empty line
  public int execute(String line) {
    List<Command> commands;
    try {
      commands = ShellSyntax.parse(line);
    } catch (SyntaxException e) {
      options.err().println("sh: " + e.getMessage());
      return finish(USAGE);
    }
    int exit = 0;
    for (List<Command> list : lists(commands)) {
      exit = list.getLast().background() ? finish(startJob(list)) : runList(list);
      if (exitAsked) {
        return exit;
      }
    }
    return exit;
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
      if (runs) {
        exit = finish(runCommand(command));
      }
      if (exitAsked) {
        return exit;
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
    int number = nextJob++;
    String text = text(list);
    jobs.add(new Job(number, task, text));
    variables.put("!", Integer.toString(task.pid()));
    options.err().println("[" + number + "] " + task.pid());
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

  /// Sends the command in the foreground the signal of Ctrl-C.
  public void interrupt() {
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
    int exit = runWords(words, collected::append);
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
    return exit == 0 ? writeTo(file.getFirst(), output) : exit;
  }

  private List<String> expand(List<ShellWord> words) {
    return ShellWord.expandAll(
        words, name -> variables.getOrDefault(name, ""), options.kernel().files());
  }

  private int writeTo(String path, String output) {
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
        out.println(String.join(" ", arguments));
        return 0;
      case "exit":
        exitAsked = true;
        return exitCode(arguments);
      case "help":
        help().forEach((key, text) -> out.println("%-18s %s".formatted(key, text)));
        return 0;
      case "jobs":
        List.copyOf(jobs).forEach(job -> out.print(line(job)));
        return 0;
      case "wait":
        return waitForJobs(arguments);
      default:
        return runProcess(name, arguments, out);
    }
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

  /// A job as `bash` lists it: `+` is the last one, `-` the one before it; one that has ended is
  /// listed for the last time.
  private String line(Job job) {
    int behind = jobs.size() - 1 - jobs.indexOf(job);
    String mark = behind == 0 ? "+" : behind == 1 ? "-" : " ";
    String state = "Running";
    if (job.task().state() == Task.State.Z) {
      int exit = job.task().waitFor();
      state = exit == 0 ? "Done" : "Exit " + exit;
      jobs.remove(job);
    }
    String rest = state.equals("Running") ? " &" : "";
    return String.format(
        Locale.ROOT, "[%d]%s  %-24s%s%s\n", job.number(), mark, state, job.text(), rest);
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
    int exit = task.waitFor();
    foreground = null;
    return exit;
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
      return 70;
    }
  }

  private int waitForJobs(List<String> arguments) {
    if (arguments.isEmpty()) {
      int exit = 0;
      for (Job job : List.copyOf(jobs)) {
        exit = reap(job);
      }
      return jobs.isEmpty() ? exit : 1;
    }
    int exit = 0;
    for (String argument : arguments) {
      Optional<Job> job =
          jobs.stream()
              .filter(
                  j ->
                      argument.equals("%" + j.number())
                          || argument.equals(Integer.toString(j.task().pid())))
              .findFirst();
      if (job.isEmpty()) {
        options.err().println("sh: wait: " + argument + ": no such job");
        return NOT_FOUND;
      }
      exit = reap(job.get());
    }
    return exit;
  }

  private int reap(Job job) {
    foreground = job.task();
    int exit = job.task().waitFor();
    foreground = null;
    jobs.remove(job);
    options.err().println("[" + job.number() + "] exit " + exit + ": " + job.text());
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
      return options.folder().resolve(name);
    }
  }
}

package dev.xenbus.emulator.shell;

import dev.xenbus.emulator.shell.ShellSyntax.Command;
import dev.xenbus.emulator.shell.ShellSyntax.SyntaxException;
import dev.xenbus.emulator.shell.ShellSyntax.When;
import dev.xenbus.emulator.shell.ShellSyntax.Word;
import dev.xenbus.linux.Nearest;
import dev.xenbus.linux.api.Kernel;
import dev.xenbus.linux.api.KernelException;
import dev.xenbus.linux.api.TextOutput;
import dev.xenbus.linux.api.UserCommand;
import dev.xenbus.machine.NoThread;
import dev.xenbus.machine.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The shell of a console: runs one line at a time, each command in a process of its own.
///
/// Threads: [#execute] is called by one task; [#interrupt] by anyone.
public final class Shell {
  /// Exit code of a command that was not found.
  public static final int NOT_FOUND = 127;

  /// Exit code of a line that means nothing, or of a command that was used wrongly.
  public static final int USAGE = 2;

  private final Options options;
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
    variables.put("?", "0");
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
    for (Command command : commands) {
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
      return runWords(words, command, options.out());
    }
    StringBuilder collected = new StringBuilder();
    int exit = runWords(words, command, collected::append);
    String output = collected.toString();
    for (List<Word> filter : command.filters()) {
      try {
        output = Filters.apply(expand(filter), output);
        exit = output.isEmpty() ? 1 : 0;
      } catch (SyntaxException e) {
        options.err().println("sh: " + e.getMessage());
        return USAGE;
      }
    }
    if (command.redirect().isEmpty()) {
      options.out().print(output);
      return exit;
    }
    return exit == 0 ? writeTo(command.redirect().get().expand(variables), output) : exit;
  }

  private List<String> expand(List<Word> words) {
    return words.stream().map(word -> word.expand(variables)).toList();
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

  private int runWords(List<String> words, Command command, TextOutput out) {
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
      case "wait":
        return waitForJobs(arguments);
      default:
        return runProcess(name, arguments, command, out);
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

  private int runProcess(String name, List<String> arguments, Command typed, TextOutput out) {
    UserCommand command = options.commands().get(name);
    if (command == null) {
      String near =
          Nearest.of(name, help().keySet()).map(n -> "; did you mean " + n + "?").orElse("");
      options.err().println("sh: " + name + ": command not found" + near);
      return NOT_FOUND;
    }
    Context context =
        typed.background()
            ? new Context(options, options.background(), options.background())
            : new Context(options, out, options.err());
    Task task;
    try {
      task = options.kernel().cpu().process(name, self -> runGuarded(command, context, arguments));
    } catch (NoThread e) {
      options.err().println("sh: " + name + ": " + e.getMessage());
      return 126;
    }
    if (typed.background()) {
      int number = nextJob++;
      jobs.add(new Job(number, task, typed.text()));
      options.err().println("[" + number + "] " + task.pid());
      task.wake();
      return 0;
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
